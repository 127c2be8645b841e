"""The composition root of redemption: settings in, a Faust app out with a batch loop and a page for the gateway."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from functools import partial

import faust
from prometheus_client import CollectorRegistry

from libs.contracts import carts as wire_carts
from libs.contracts import codes as wire_codes
from libs.contracts import games as wire_games
from libs.contracts import gift_cards as wire_cards
from libs.contracts import households as wire_households
from libs.contracts.headers import headers_of
from libs.contracts.redemption import door_token
from libs.runtime import kafka, postgres
from libs.runtime.clock import Clock, SystemClock, happens_within
from libs.runtime.consume import BatchLoop, LoopSettings
from libs.runtime.faust_host import Hosted, listen_only, make_app, serve_health
from libs.runtime.lane import Wiring
from libs.runtime.leases import LeasedRelay
from libs.runtime.limits import Limits
from libs.runtime.metrics import StreamMetrics
from libs.runtime.outbox import ReadRows, Relay
from libs.runtime.seal import Seal
from services.redemption import clock as by_the_clock
from services.redemption import gifts, grants, pages, standing, value_pages, wishes
from services.redemption.carts import following
from services.redemption.carts.desk import CartDesk
from services.redemption.commands import Command
from services.redemption.games import granted
from services.redemption.games.desk import GameDesk
from services.redemption.gathering import Gathering
from services.redemption.handlers import WRITER, Desk
from services.redemption.households.desk import HouseholdDesk
from services.redemption.listening import GROUP, PIECE, WAIT_MS, Listening
from services.redemption.metrics import RedemptionMetrics
from services.redemption.programmes import Programmes
from services.redemption.reward_desk import RewardDesk
from services.redemption.settings import RedemptionSettings
from services.redemption.stream import CONSUMER, RedemptionHandler
from services.redemption.telling import REWARDS

SERVICE = "redemption"
_FORGET_EVERY = 60.0
_WAIT_MS = 250
_RETRY = 0.5


def build(settings: RedemptionSettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    clock = clock or settings.make_clock()
    registry = CollectorRegistry()
    app = make_app(SERVICE, settings)
    metrics = RedemptionMetrics(registry)
    stream_metrics = StreamMetrics(registry, SERVICE)
    pool = postgres.pool(settings.postgres, SERVICE, most=settings.connections)
    programmes = Programmes(pool)
    owner = f"{SERVICE}-{settings.kafka.instance}"

    def make_relay(read_rows: ReadRows) -> Relay:
        producer = partial(kafka.idempotent_producer, settings.kafka, owner)
        return Relay(producer, headers_of, read_rows, stream_metrics, topic_prefix=settings.kafka.topic_prefix)

    relay = LeasedRelay(pool, WRITER, owner, make_relay, SystemClock())
    desk = Desk(pool, programmes, clock, settings, RewardDesk.of(settings), relay.committed)
    loop = _loop(settings, desk, metrics, stream_metrics, owner)
    carts = CartDesk.over(desk, metrics.missed, metrics.short.inc, secrets.token_bytes)
    games = GameDesk(carts.tools, Seal.from_base64(settings.seal_key.get_secret_value()))
    _host(app, settings, desk, carts, games, relay, loop, metrics)
    token = door_token(base64.b64decode(settings.seal_key.get_secret_value()))
    pages.serve(app, Gathering(desk, relay.told), token, metrics, lambda: programmes.known and relay.prepared)
    _serve_values(app, desk, carts, games, token, metrics, lambda: programmes.known and relay.prepared)
    up = listen_only(app, settings, clock, metrics.announcements.inc)
    serve_health(app, registry, [up, lambda: programmes.trouble, lambda: relay.trouble, loop.trouble], loop.stalled)
    return app


def _loop(
    settings: RedemptionSettings, desk: Desk, metrics: RedemptionMetrics, stream_metrics: StreamMetrics, owner: str
) -> BatchLoop[Command]:
    """The batch loop over requests from the topic, with a connection of its own."""
    limits = Limits(settings.loop.max_consecutive_bad, settings.loop.max_bad_percent)
    wiring = Wiring(
        CONSUMER,
        RedemptionHandler(desk.programmes, desk.patience, metrics),
        desk.clock,
        Seal.from_base64(settings.seal_key.get_secret_value()),
        limits,
        stream_metrics,
        partial(postgres.connect, settings.postgres, CONSUMER),
        settings.kafka.topic_prefix,
    )
    return BatchLoop(
        LoopSettings(owner, settings.loop.lanes, settings.loop.batch, pace=settings.loop.pace),
        wiring,
        partial(kafka.batch_consumer, settings.kafka, CONSUMER, _WAIT_MS),
        partial(kafka.idempotent_producer, settings.kafka, CONSUMER),
        headers_of,
        desk.pool,
    )


def _serve_values(
    app: faust.App,
    desk: Desk,
    carts: CartDesk,
    games: GameDesk,
    token: str,
    metrics: RedemptionMetrics,
    ready: Callable[[], bool],
) -> None:
    """Answer about codes, gift cards, carts, households and games; let cards and carts lapse, and end games."""
    codes, cards = carts.parts.codes, carts.parts.cards
    value_pages.serve(app, wire_codes.PATH, wire_codes.read_code_ask, codes.serve, token, metrics, ready)
    value_pages.serve(app, wire_cards.PATH, wire_cards.read_card_ask, cards.serve, token, metrics, ready)
    value_pages.serve(app, wire_carts.PATH, wire_carts.read_cart_ask, carts.serve, token, metrics, ready)
    households = HouseholdDesk(desk)
    value_pages.serve(
        app, wire_households.PATH, wire_households.read_household_ask, households.serve, token, metrics, ready
    )
    value_pages.serve(app, wire_games.PATH, wire_games.read_game_ask, games.serve, token, metrics, ready)

    @app.timer(interval=desk.settings.release_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def end_games() -> None:
        if ready():
            await by_the_clock.end_games(games, metrics)

    @app.timer(interval=desk.settings.value_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_after_values() -> None:
        if ready():
            await by_the_clock.look_after_values(cards, carts, desk, metrics)


def _host(
    app: faust.App,
    settings: RedemptionSettings,
    desk: Desk,
    carts: CartDesk,
    games: GameDesk,
    relay: LeasedRelay,
    loop: BatchLoop[Command],
    metrics: RedemptionMetrics,
) -> None:
    """Put the pool, the relay, the batch loop and what happens by the clock into the app."""
    opened, stopping = asyncio.Event(), asyncio.Event()
    listening = _listening(settings, desk, carts, games, stopping)

    async def once(ready: Callable[[], bool], begin: Callable[[], Awaitable[None]]) -> None:
        while not ready():
            if await happens_within(stopping, _RETRY):
                return
        await begin()

    async def run() -> None:
        async with postgres.opened(desk.pool), asyncio.TaskGroup() as tasks:
            await desk.programmes.refresh()
            opened.set()
            tasks.create_task(relay.run())
            tasks.create_task(once(lambda: desk.programmes.known, loop.run))
            tasks.create_task(once(lambda: desk.programmes.known and relay.prepared, listening.run))

    def stop() -> None:
        stopping.set()
        loop.stop()
        relay.stop()

    app.service(Hosted(run, stop))  # type: ignore[arg-type]  # faust takes an instance too, its types do not

    @app.timer(interval=settings.programme_refresh.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_for_programmes() -> None:
        if opened.is_set():
            await desk.programmes.refresh()

    @app.timer(interval=settings.release_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def release_holds() -> None:
        if opened.is_set():
            await by_the_clock.release(desk, metrics)

    @app.timer(interval=settings.wishes_every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_at_wishes() -> None:
        if opened.is_set():
            metrics.wishes.inc(await wishes.look(desk))
            metrics.standing_orders.inc(await standing.look(desk))

    @app.timer(interval=_FORGET_EVERY)  # type: ignore[untyped-decorator]  # faust
    async def forget_requests() -> None:
        if opened.is_set():
            await by_the_clock.forget(desk)


def _listening(
    settings: RedemptionSettings, desk: Desk, carts: CartDesk, games: GameDesk, stopping: asyncio.Event
) -> Listening:
    """Acts on what campaigns and games give, and on receipts of carts."""

    async def act(kind: str, value: bytes) -> None:
        if kind == following.SETTLED:
            await following.take(carts, value, stopping)
        elif (gift := gifts.gift_of(kind, value)) is not None:
            await grants.take(desk, gift, stopping)
            await granted.take(games, gift, stopping)

    make_consumer = partial(kafka.group_consumer, settings.kafka, GROUP, wait_ms=WAIT_MS, piece=PIECE)
    kinds = (*gifts.KINDS, following.SETTLED)
    return Listening(make_consumer, f"{settings.kafka.topic_prefix}{REWARDS}", kinds, act, stopping)
