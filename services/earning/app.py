"""The composition root of earning: settings in, a Faust app that hosts two batch loops out."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import asyncpg
import faust
from prometheus_client import CollectorRegistry

from libs.codes.proof import CartProofs
from libs.contacts.vault import Vault
from libs.contracts.headers import headers_of
from libs.contracts.identifiers import IdentifierNames
from libs.runtime import kafka, postgres
from libs.runtime.batch import Handler
from libs.runtime.clock import Clock, SystemClock, monotonic
from libs.runtime.consume import BatchLoop, LoopSettings
from libs.runtime.faust_host import Hosted, make_app, serve_health
from libs.runtime.lane import Wiring
from libs.runtime.limits import Limits
from libs.runtime.metrics import StreamMetrics
from libs.runtime.seal import Seal
from services.earning import events, profiles
from services.earning.bookkeeping import Bookkeeping
from services.earning.charge import Charge
from services.earning.due import DueMembers
from services.earning.exemptions import ExemptionKeeper
from services.earning.feed import GROUP, BalanceFeed
from services.earning.herald import Herald
from services.earning.metrics import EarningMetrics
from services.earning.occasion_clock import OccasionClock
from services.earning.quarantine import Quarantine
from services.earning.referral_looks import WaitingLooks
from services.earning.retries import Retries
from services.earning.segment_hints import MOST, TOPICS, WINDOW, SegmentHints, kind_of
from services.earning.segments import SegmentKeeper
from services.earning.sender import Sender
from services.earning.settings import EarningSettings
from services.earning.watch import ProgrammeWatch

SERVICE = "earning"
_LISTEN = 0.5
_PARTITIONS_TAKE = 30.0
"""Seconds after which a worker that still has none of the partitions takes it that the others listen."""
_MANY_WAIT = 5_000
_WAIT_MS, _LONG_WAIT_MS = 50, 250
_PATIENCE = 2.0
"""Seconds that the feed of balances has to end; there is nothing in it that a cut would harm."""


def build(settings: EarningSettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts."""
    clock = clock or settings.make_clock()
    registry = CollectorRegistry()
    metrics = EarningMetrics(registry)
    stream_metrics = StreamMetrics(registry, SERVICE)
    pool = postgres.pool(settings.postgres, f"{SERVICE}-side")
    watch = ProgrammeWatch(pool, metrics, settings.kafka.instance, SystemClock().now)
    key = settings.seal_key.get_secret_value()
    names = IdentifierNames.from_seal_key(base64.b64decode(key))
    proofs = CartProofs.from_seal_key(base64.b64decode(key))
    vault = Vault.from_seal_key(base64.b64decode(key))
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
            LoopSettings(f"{SERVICE}-{settings.kafka.instance}", lanes, settings.loop.batch, pace=settings.loop.pace),
            wiring,
            partial(kafka.batch_consumer, settings.kafka, consumer, _WAIT_MS if lanes > 1 else _LONG_WAIT_MS),
            partial(kafka.idempotent_producer, settings.kafka, consumer),
            headers_of,
            pool,
        )

    handlers = [
        events.EventHandler(topic, lambda: watch.current, names, clock, metrics, proofs)
        for topic in (events.PURCHASES, events.ACTIVITIES)
    ]
    quarantine = Quarantine(pool, [each.exhausted for each in handlers], clock, metrics)
    loops = [
        loop(events.CONSUMERS[handler.topics[0]], handler, lanes)
        for handler, lanes in zip(handlers, (settings.loop.lanes, 1), strict=True)
    ]
    loops += [
        loop(profiles.CONSUMER, profiles.ProfileHandler(lambda: watch.current, names, clock, metrics, vault), 1),
    ]
    app = make_app(SERVICE, settings)
    _host(app, settings, pool, watch, loops, quarantine)
    _host_charge(
        app, settings, pool, watch, clock, metrics, lambda: loops[0].holds(0), lambda: loops[0].behind > _MANY_WAIT
    )
    listening = _listen(app, settings, SegmentHints(pool, lambda: watch.current, clock, metrics))
    _host_segments(app, settings, pool, watch, clock, metrics, lambda: loops[0].holds(0), listening)
    serve_health(
        app, registry, [watch.trouble, *(each.trouble for each in loops)], lambda: any(each.stalled() for each in loops)
    )
    return app


def _host(
    app: faust.App,
    settings: EarningSettings,
    pool: asyncpg.Pool,
    watch: ProgrammeWatch,
    loops: list[BatchLoop[Any]],
    quarantine: Quarantine,
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
        await quarantine.run()

    announced = app.topic(f"{settings.kafka.topic_prefix}loyalty.programmes", value_type=bytes, internal=False)

    @app.agent(announced, concurrency=1)
    async def programme_announced(stream: faust.StreamT[bytes]) -> None:
        async for _ in stream:
            await watch.refresh()


def _host_charge(
    app: faust.App,
    settings: EarningSettings,
    pool: asyncpg.Pool,
    watch: ProgrammeWatch,
    clock: Clock,
    metrics: EarningMetrics,
    in_charge: Callable[[], bool],
    busy: Callable[[], bool],
) -> None:
    """Put in what only one worker of all does: the one that is in charge. `busy` says that many receipts wait."""

    def sender(client: str) -> Sender:
        return Sender(partial(kafka.idempotent_producer, settings.kafka, client), settings.kafka.topic_prefix)

    asking = sender(f"{SERVICE}-clock")
    books = Bookkeeping(pool, clock, metrics, in_charge)
    charge = Charge(pool, lambda: watch.current, asking, clock, metrics, in_charge)
    due, occasions = DueMembers(charge, settings.due_most), OccasionClock(charge, settings.due_most)
    by_calendar = (due, occasions, WaitingLooks(charge, settings.due_most), ExemptionKeeper(charge))
    retries = Retries(charge, settings.retry_every)
    herald = Herald(charge)
    feed = BalanceFeed(
        partial(kafka.group_consumer, settings.kafka, GROUP),
        sender(GROUP),
        pool,
        clock,
        metrics,
        settings.balances,
        in_charge,
        busy,
        settings.kafka.topic_prefix,
    )

    async def tell_balances() -> None:
        try:
            await feed.run()
        finally:
            await asking.close()

    app.service(Hosted(tell_balances, feed.stop, _PATIENCE))  # type: ignore[arg-type]  # faust takes an instance too

    @app.timer(interval=settings.conservation_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_at_the_books() -> None:
        await books.measure()

    @app.timer(interval=settings.due_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_at_the_calendar() -> None:
        for each in by_calendar:
            await each.run()

    @app.timer(interval=settings.programme_refresh.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_for_rates() -> None:
        await retries.look()

    @app.timer(interval=settings.programme_refresh.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_for_news() -> None:
        await herald.look()


def _listen(app: faust.App, settings: EarningSettings, hints: SegmentHints) -> Callable[[], bool]:
    """Hear who does something, in every worker, from when a programme has segments: it costs nothing without any.

    Returns what tells whether it listens by now.
    """
    topics = [f"{settings.kafka.topic_prefix}{name}" for name in TOPICS]
    agents: list[faust.agents.AgentT[Any]] = []
    began_at: list[float] = []

    async def member_heard_of(stream: faust.StreamT[bytes]) -> None:
        async for heard in cast("faust.Stream[bytes]", stream).take_events(MOST, WINDOW):
            await hints.hear([(event.key, kind_of(event.headers)) for event in heard])

    @app.timer(interval=_LISTEN)  # type: ignore[untyped-decorator]  # faust
    async def look_whether_to_listen() -> None:
        if hints.wanted and not agents:
            told = app.topic(*topics, key_type=bytes, value_type=bytes, internal=False)
            agents.append(app.agent(told, concurrency=1)(member_heard_of))
            await agents[0].maybe_start()
            began_at.append(monotonic())

    def listening() -> bool:
        began = began_at[0] if began_at else None
        heard = any(partition.topic in topics for partition in app.consumer.assignment())
        return began is not None and (heard or monotonic() - began > _PARTITIONS_TAKE)

    return listening


def _host_segments(
    app: faust.App,
    settings: EarningSettings,
    pool: asyncpg.Pool,
    watch: ProgrammeWatch,
    clock: Clock,
    metrics: EarningMetrics,
    in_charge: Callable[[], bool],
    listening: Callable[[], bool],
) -> None:
    """Put in what keeps the members of segments; whatever everybody is marked for, they are once somebody listens."""
    sender = Sender(
        partial(kafka.idempotent_producer, settings.kafka, f"{SERVICE}-segments"), settings.kafka.topic_prefix
    )
    keeper = SegmentKeeper(Charge(pool, lambda: watch.current, sender, clock, metrics, in_charge), listening)
    stopping = asyncio.Event()

    async def let_go() -> None:
        try:
            await stopping.wait()
        finally:
            await sender.close()

    app.service(Hosted(let_go, stopping.set, _PATIENCE))  # type: ignore[arg-type]  # faust takes an instance too

    @app.timer(interval=settings.segments_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def keep_segments() -> None:
        await keeper.run()
