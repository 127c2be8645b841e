"""The composition root of earning: settings in, a Faust app that hosts two batch loops out."""

from __future__ import annotations

import asyncio
import base64
from functools import partial
from typing import Any

import asyncpg
import faust
from prometheus_client import CollectorRegistry

from libs.contracts.headers import headers_of
from libs.contracts.identifiers import IdentifierNames
from libs.runtime import kafka, memory, postgres
from libs.runtime.batch import Handler
from libs.runtime.clock import Clock
from libs.runtime.consume import BatchLoop, LoopSettings
from libs.runtime.faust_host import Hosted, make_app, serve_health
from libs.runtime.lane import Wiring
from libs.runtime.limits import Limits
from libs.runtime.metrics import StreamMetrics
from libs.runtime.seal import Seal
from services.earning import events, profiles
from services.earning.bookkeeping import Bookkeeping
from services.earning.metrics import EarningMetrics
from services.earning.settings import EarningSettings
from services.earning.watch import ProgrammeWatch

SERVICE = "earning"
_COLLECT = 60.0


def build(settings: EarningSettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts."""
    clock = clock or settings.make_clock()
    registry = CollectorRegistry()
    metrics = EarningMetrics(registry)
    stream_metrics = StreamMetrics(registry, SERVICE)
    pool = postgres.pool(settings.postgres, f"{SERVICE}-side")
    watch = ProgrammeWatch(pool, metrics)
    key = settings.seal_key.get_secret_value()
    names = IdentifierNames.from_seal_key(base64.b64decode(key))
    limits = Limits(settings.loop.max_consecutive_bad, settings.loop.max_bad_percent)

    def loop(consumer: str, handler: Handler[Any], lanes: int) -> BatchLoop[Any]:
        wiring = Wiring(
            consumer,
            handler,
            clock,
            Seal.from_base64(key),
            limits,
            stream_metrics,
            partial(postgres.connect, settings.postgres, consumer),
            settings.kafka.topic_prefix,
        )
        return BatchLoop(
            LoopSettings(f"{SERVICE}-{settings.kafka.instance}", lanes, settings.loop.batch),
            wiring,
            partial(kafka.batch_consumer, settings.kafka, consumer),
            partial(kafka.idempotent_producer, settings.kafka, consumer),
            headers_of,
            pool,
        )

    loops = [
        loop(events.CONSUMERS[topic], events.EventHandler(topic, lambda: watch.current, names, clock, metrics), lanes)
        for topic, lanes in ((events.PURCHASES, settings.loop.lanes), (events.ACTIVITIES, 1))
    ]
    loops += [
        loop(profiles.CONSUMER, profiles.ProfileHandler(lambda: watch.current, names, clock, metrics), 1),
    ]
    app = make_app(SERVICE, settings)
    books = Bookkeeping(pool, clock, metrics, lambda: loops[0].holds(0))
    _host(app, settings, pool, watch, books, loops)
    serve_health(
        app, registry, [watch.trouble, *(each.trouble for each in loops)], lambda: any(each.stalled() for each in loops)
    )
    return app


def _host(
    app: faust.App,
    settings: EarningSettings,
    pool: asyncpg.Pool,
    watch: ProgrammeWatch,
    books: Bookkeeping,
    loops: list[BatchLoop[Any]],
) -> None:
    """Put the loops, the watch over programmes and its side stream into the app."""

    async def consume() -> None:
        async with postgres.opened(pool), asyncio.TaskGroup() as tasks:
            await watch.start()
            for each in loops:
                tasks.create_task(each.run())

    def stop() -> None:
        for each in loops:
            each.stop()

    app.service(Hosted(consume, stop))  # type: ignore[arg-type]  # faust takes an instance too, its types do not

    @app.timer(interval=settings.programme_refresh.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_for_programmes() -> None:
        await watch.refresh()

    @app.timer(interval=settings.conservation_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_at_the_books() -> None:
        await books.measure()

    @app.timer(interval=_COLLECT)  # type: ignore[untyped-decorator]  # faust
    async def look_for_cycles() -> None:
        memory.collect()

    announced = app.topic(f"{settings.kafka.topic_prefix}loyalty.programmes", value_type=bytes, internal=False)

    @app.agent(announced, concurrency=1)
    async def programme_announced(stream: faust.StreamT[bytes]) -> None:
        async for _ in stream:
            await watch.refresh()
