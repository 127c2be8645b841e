"""The composition root of expiry: settings in, a Faust app out that hosts the lanes of sweeps and their overseer."""

from __future__ import annotations

import asyncio
import os
from functools import partial

import asyncpg
import faust
from prometheus_client import CollectorRegistry

from libs.runtime import kafka, postgres
from libs.runtime.clock import Clock, SystemClock
from libs.runtime.faust_host import Hosted, listen_only, make_app, serve_health
from libs.runtime.metrics import StreamMetrics
from services.expiry import store
from services.expiry.announcements import SHARDS
from services.expiry.metrics import ExpiryMetrics
from services.expiry.overseer import Overseer, Rules
from services.expiry.publishing import Publishing
from services.expiry.settings import ExpirySettings
from services.expiry.sweeper import Means, Sweeper

SERVICE = "expiry"


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
    pool = postgres.pool(settings.postgres, SERVICE, most=settings.sweep.lanes + 4)
    holder = f"{settings.kafka.instance}-{os.getpid()}"
    wanted = settings.sweep
    means = Means(pool, clock, wall, metrics, holder, wanted.lease, wanted.lock.total_seconds())
    sweepers = [Sweeper(means) for _ in range(wanted.lanes)]
    rules = Rules(wanted.ahead, wanted.settle, wanted.automatic, wanted.chunk, wanted.progress_every)
    overseer = Overseer(pool, clock, wall, rules, metrics)
    producer = partial(kafka.idempotent_producer, settings.kafka, f"{SERVICE}-{holder}")
    publishing = Publishing(pool, producer, stream_metrics, holder, wall, wanted.lease, settings.kafka.topic_prefix)
    trouble = listen_only(app, settings, clock, metrics.announcements.inc)
    _host(app, settings, pool, sweepers, overseer, publishing)
    troubles = [trouble, lambda: overseer.trouble, lambda: publishing.trouble]
    serve_health(app, registry, [*troubles, *(partial(getattr, each, "trouble") for each in sweepers)])
    return app


def _host(
    app: faust.App,
    settings: ExpirySettings,
    pool: asyncpg.Pool,
    sweepers: list[Sweeper],
    overseer: Overseer,
    publishing: Publishing,
) -> None:
    """Put the lanes, the publishing and the overseer's timer into the app."""
    opened = asyncio.Event()

    async def sweep() -> None:
        async with postgres.opened(pool), asyncio.TaskGroup() as tasks:
            async with pool.acquire() as connection:
                await store.make_shards(connection, SHARDS)
            opened.set()
            tasks.create_task(publishing.run())
            for each in sweepers:
                tasks.create_task(each.run())

    def stop() -> None:
        publishing.stop()
        for each in sweepers:
            each.stop()

    app.service(Hosted(sweep, stop))  # type: ignore[arg-type]  # faust takes an instance too, its types do not

    @app.timer(interval=settings.look_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_around() -> None:
        if opened.is_set():
            await overseer.look()
