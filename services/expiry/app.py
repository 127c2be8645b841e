"""The composition root of expiry: settings in, a Faust app out that hosts lanes of work and an overseer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from functools import partial

import asyncpg
import faust
from prometheus_client import CollectorRegistry

from libs.contracts.headers import headers_of
from libs.runtime import kafka, postgres
from libs.runtime.clock import Clock, SystemClock, happens_within
from libs.runtime.faust_host import Hosted, listen_only, make_app, serve_health
from libs.runtime.leases import LazyRelay
from libs.runtime.metrics import StreamMetrics
from libs.runtime.outbox import ReadRows, Relay
from services.expiry.announcements import WRITER
from services.expiry.crowd import Crowd
from services.expiry.forecaster import Forecaster, ForecastPace
from services.expiry.lane import Lane, Means
from services.expiry.metrics import ExpiryMetrics
from services.expiry.overseer import Overseer, Rules
from services.expiry.reinstater import Reinstater
from services.expiry.reminder_lane import ReminderLane
from services.expiry.settings import ExpirySettings
from services.expiry.store import VersionReader
from services.expiry.sweeper import Sweeper
from services.expiry.zone_watch import ZoneWatch

SERVICE = "expiry"
_MOMENT = 0.1


def build(settings: ExpirySettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    clock, wall = clock or settings.make_clock(), SystemClock()
    registry = CollectorRegistry()
    app = make_app(SERVICE, settings)
    metrics = ExpiryMetrics(registry)
    stream_metrics = StreamMetrics(registry, SERVICE)
    pool = postgres.pool(settings.postgres, SERVICE, most=2 * settings.sweep.lanes + 5)
    holder = f"{settings.kafka.instance}-{os.getpid()}"
    wanted = settings.sweep

    def make_relay(read_rows: ReadRows) -> Relay:
        producer = partial(kafka.idempotent_producer, settings.kafka, f"{SERVICE}-{holder}")
        return Relay(producer, headers_of, read_rows, stream_metrics, topic_prefix=settings.kafka.topic_prefix)

    relay = LazyRelay(pool, WRITER, holder, make_relay, wall)
    crowd, bound = Crowd(), wanted.lock.total_seconds()
    means = Means(pool, clock, wall, metrics, holder, wanted.lease, bound, relay.committed, crowd)
    lanes: list[Lane] = [Sweeper(means, extra=number > 0) for number in range(wanted.lanes)]
    lanes += [ReminderLane(means, extra=number > 0) for number in range(wanted.lanes)]
    rules = Rules(wanted.ahead, wanted.settle, wanted.automatic, wanted.chunk, wanted.progress_every)
    versions = VersionReader()
    overseer = Overseer(pool, clock, wall, rules, metrics, crowd, versions)
    pace = ForecastPace(settings.forecast.every, settings.forecast.follow)
    forecaster = Forecaster(pool, clock, pace, settings.look_every, metrics, versions)
    reinstater = Reinstater(pool, clock, metrics, relay.committed)
    zones = ZoneWatch(pool, clock, metrics, versions)
    trouble = listen_only(app, settings, clock, metrics.announcements.inc)
    _host(app, settings, pool, lanes, (overseer, reinstater, zones), forecaster, relay)
    watched = (overseer, reinstater, zones, relay, *lanes)
    serve_health(app, registry, [trouble, *(partial(getattr, each, "trouble") for each in watched)])
    return app


def _host(
    app: faust.App,
    settings: ExpirySettings,
    pool: asyncpg.Pool,
    lanes: list[Lane],
    lookers: Sequence[Overseer | Reinstater | ZoneWatch],
    forecaster: Forecaster,
    relay: LazyRelay,
) -> None:
    """Put the relay, the lanes, the forecaster and the timer of those who look around into the app.

    Nothing is written before the outbox is there.
    """
    stopping = asyncio.Event()

    async def sweep() -> None:
        async with postgres.opened(pool), asyncio.TaskGroup() as tasks:
            tasks.create_task(relay.run())
            while not relay.prepared:
                if await happens_within(stopping, _MOMENT):
                    return
            tasks.create_task(forecaster.run())
            for each in lanes:
                tasks.create_task(each.run())

    def stop() -> None:
        stopping.set()
        relay.stop()
        forecaster.stop()
        for each in lanes:
            each.stop()

    app.service(Hosted(sweep, stop))  # type: ignore[arg-type]  # faust takes an instance too, its types do not

    @app.timer(interval=settings.look_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_around() -> None:
        if relay.prepared:
            for each in lookers:
                await each.look()
