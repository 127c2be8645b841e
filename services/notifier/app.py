"""The composition root of notifier: settings in, a Faust app out that hears events and hosts lanes of sending."""

from __future__ import annotations

import asyncio
import base64
import os
import random
from collections.abc import Iterable
from functools import partial
from typing import cast

import asyncpg
import faust
from aiokafka import ConsumerRecord
from prometheus_client import CollectorRegistry

from libs.contacts.links import Links
from libs.contracts.headers import headers_of
from libs.runtime import kafka, logs, postgres
from libs.runtime.clock import Clock, SystemClock, happens_within
from libs.runtime.faust_host import Hosted, listen_only, make_app, serve_health
from libs.runtime.leases import LeasedRelay
from libs.runtime.metrics import StreamMetrics
from libs.runtime.outbox import ReadRows, Relay
from libs.runtime.seal import Seal
from libs.templates.shelf import Shelf
from services.notifier.acting.doer import Doer
from services.notifier.announcements import WRITER
from services.notifier.carriers import ways_of
from services.notifier.desk import Desk
from services.notifier.intake import TOPICS, Intake
from services.notifier.keeper import Keeper
from services.notifier.lane import Carrier, Lane
from services.notifier.mailbox import Mailbox
from services.notifier.mass.promotions import TOPIC as CAMPAIGNS
from services.notifier.mass.promotions import Promotions
from services.notifier.mass.work import MassWork
from services.notifier.metrics import NotifierMetrics
from services.notifier.own.letters import OwnLetters
from services.notifier.own.results import ResultMails
from services.notifier.posts.work import PostWork
from services.notifier.programmes import Programmes
from services.notifier.settings import NotifierSettings
from services.notifier.trying.work import Trials
from services.notifier.webhooks.work import WebhookWork
from services.notifier.words import Words

log = logs.get(__name__)
SERVICE = "notifier"
_TAKEN, _WITHIN = 1_000, 0.1
_LOOK = 1.0
_MOMENT = 0.1
_UPKEEP = 15.0


def build(settings: NotifierSettings, clock: Clock | None = None) -> faust.App:
    """Wire everything; nothing connects before the app starts.

    Raises:
        ValueError: a driven clock was asked for outside the embedded platform.
    """
    clock, wall = clock or settings.make_clock(), SystemClock()
    registry = CollectorRegistry()
    app = make_app(SERVICE, settings)
    app.conf.consumer_auto_offset_reset = "earliest"  # what was told before the first start is told to members too
    metrics = NotifierMetrics(registry)
    stream_metrics = StreamMetrics(registry, SERVICE)
    pool = postgres.pool(settings.postgres, SERVICE, most=settings.connections)
    programmes, shelf = Programmes(pool, clock), Shelf(settings.gateway.rstrip("/"))
    holder = f"{settings.kafka.instance}-{os.getpid()}"
    secret = settings.seal_key.get_secret_value()
    seal = Seal.from_base64(secret)

    def make_relay(read_rows: ReadRows) -> Relay:
        producer = partial(kafka.idempotent_producer, settings.kafka, f"{SERVICE}-{holder}")
        return Relay(producer, headers_of, read_rows, stream_metrics, topic_prefix=settings.kafka.topic_prefix)

    relay = LeasedRelay(pool, WRITER, holder, make_relay, wall)
    carriers, pages = ways_of(settings, pool, seal, clock.now, metrics)

    def wake(channels: Iterable[str]) -> None:
        for channel in channels:
            carriers[channel].woken.set()

    chance = random.random
    links = Links.from_seal_key(base64.b64decode(secret))
    desk = Desk(pool, programmes, Words(shelf.library), seal, links, settings.gateway, clock, chance)
    intake = Intake(pool, programmes, clock, seal, metrics, relay.committed, wake)
    doer = Doer(pool, programmes, clock, metrics, relay.committed)
    said = settings.sending
    keeper = Keeper(pool, programmes, list(carriers), clock, wall, metrics, relay.committed, wake, said.captured)
    lanes = [
        Lane(
            pool, desk, programmes, carrier, clock, wall, metrics, holder, relay.committed, wake,
            chance, batch=said.batch, bundle=said.bundle, lease=said.lease,
        )
        for carrier in carriers.values()
        for _ in range(said.lanes)
    ]  # fmt: skip
    ready = _host(app, settings, pool, programmes, shelf, relay, lanes, list(carriers.values()), keeper, doer)
    _listen(app, settings, intake, Promotions(pool, programmes, clock), ready)
    mass = MassWork(pool, desk, programmes, clock, metrics, relay.committed, wake)
    own = OwnLetters(pool, carriers, seal, clock, wall)
    trials = Trials(pool, programmes, clock, wall.now)
    posts = PostWork(pool, pages, clock, wall, settings.gateway, chance, metrics, relay.committed)
    results = ResultMails(pool, programmes, shelf.library, seal, clock)
    _look_into(app, settings, Mailbox(settings.mailbox, pool, clock.now, metrics), ready)
    _host_mass(app, mass, own, results, trials, ready)
    _host_posts(app, posts, ready)
    _host_webhooks(app, WebhookWork(settings, metrics.webhooks, chance))
    up = listen_only(app, settings, clock, metrics.announcements.inc)
    hosted = (programmes, relay, keeper, doer, mass, own, posts, results, trials, *lanes)
    troubles = [partial(getattr, each, "trouble") for each in hosted]
    serve_health(app, registry, [up, *troubles])
    return app


def _host(
    app: faust.App,
    settings: NotifierSettings,
    pool: asyncpg.Pool,
    programmes: Programmes,
    shelf: Shelf,
    relay: LeasedRelay,
    lanes: list[Lane],
    carriers: list[Carrier],
    keeper: Keeper,
    doer: Doer,
) -> asyncio.Event:
    """Put the relay, the lanes and who looks around into the app. Returns what happens once it can store things."""
    ready, stopping = asyncio.Event(), asyncio.Event()

    async def send() -> None:
        async with postgres.opened(pool), asyncio.TaskGroup() as tasks:
            await programmes.refresh()
            tasks.create_task(relay.run())
            while not (relay.prepared and programmes.trouble is None):
                if await happens_within(stopping, _MOMENT):
                    return
            ready.set()
            for lane in lanes:
                tasks.create_task(lane.run())

    async def run() -> None:
        try:
            await send()
        finally:
            for carrier in carriers:
                await carrier.channel.close()

    def stop() -> None:
        stopping.set()
        for lane in lanes:
            lane.stop()
        relay.stop()

    app.service(Hosted(run, stop))  # type: ignore[arg-type]  # faust takes an instance too, its types do not

    @app.timer(interval=settings.programme_refresh.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_for_programmes() -> None:
        if relay.prepared:
            await programmes.refresh()
            await look_for_templates(shelf, pool)

    @app.timer(interval=_LOOK)  # type: ignore[untyped-decorator]  # faust
    async def look_around() -> None:
        if ready.is_set():
            await keeper.look()

    @app.timer(interval=_LOOK)  # type: ignore[untyped-decorator]  # faust
    async def take_steps() -> None:
        if ready.is_set():
            await doer.look()

    return ready


def _host_mass(
    app: faust.App, work: MassWork, own: OwnLetters, results: ResultMails, trials: Trials, ready: asyncio.Event
) -> None:
    """Let the app look after messages to many members, letters to people of the company, and scenarios on trial."""

    @app.timer(interval=_LOOK)  # type: ignore[untyped-decorator]  # faust
    async def look_after_mass_messages() -> None:
        if ready.is_set():
            await work.look()

    @app.timer(interval=_LOOK)  # type: ignore[untyped-decorator]  # faust
    async def look_after_own_letters() -> None:
        if ready.is_set():
            await results.look()
            await own.look()

    @app.timer(interval=_LOOK)  # type: ignore[untyped-decorator]  # faust
    async def try_scenarios() -> None:
        if ready.is_set():
            await trials.look()


def _host_posts(app: faust.App, posts: PostWork, ready: asyncio.Event) -> None:
    """Let the app publish on the company's own pages; a network that is slow holds up nothing else."""

    @app.timer(interval=_LOOK)  # type: ignore[untyped-decorator]  # faust
    async def look_after_posts() -> None:
        if ready.is_set():
            await posts.look()


async def look_for_templates(shelf: Shelf, pool: asyncpg.Pool) -> None:
    """Look for templates that were published; what is known stays while the database is away."""
    try:
        await shelf.refresh(pool)
    except postgres.DATABASE_ERRORS as error:
        log.warning("templates.not_read", error=type(error).__name__)


def _listen(
    app: faust.App, settings: NotifierSettings, intake: Intake, promotions: Promotions, ready: asyncio.Event
) -> None:
    """Hear what members may be told of: an agent a topic, so that one in trouble does not hold up the others."""

    def listen_to(topic: str) -> None:
        told = app.topic(f"{settings.kafka.topic_prefix}{topic}", key_type=bytes, value_type=bytes, internal=False)

        async def hear(stream: faust.StreamT[bytes]) -> None:
            async for events in cast("faust.Stream[bytes]", stream).take_events(_TAKEN, _WITHIN):
                await ready.wait()
                await intake.take(topic, [_record(event) for event in events])

        app.agent(told, name=f"{topic}.told", concurrency=1)(hear)

    for topic in TOPICS:
        listen_to(topic)

    begins = app.topic(f"{settings.kafka.topic_prefix}{CAMPAIGNS}", key_type=bytes, value_type=bytes, internal=False)

    @app.agent(begins, name=f"{CAMPAIGNS}.told", concurrency=1)
    async def hear_of_campaigns(stream: faust.StreamT[bytes]) -> None:
        async for events in cast("faust.Stream[bytes]", stream).take_events(_TAKEN, _WITHIN):
            await ready.wait()
            await promotions.take([_record(event) for event in events])


def _look_into(app: faust.App, settings: NotifierSettings, mailbox: Mailbox, ready: asyncio.Event) -> None:
    """Read the mailbox now and then, again at once while there is more."""

    @app.timer(interval=settings.mailbox.every.total_seconds())  # type: ignore[untyped-decorator]  # faust
    async def look_into_the_mailbox() -> None:
        if ready.is_set():
            while await mailbox.look():
                pass


def _host_webhooks(app: faust.App, work: WebhookWork) -> None:
    """Let the app run what hears of events for webhooks and sends them."""
    app.service(Hosted(work.run, work.stop))  # type: ignore[arg-type]  # faust takes an instance too, its types do not

    @app.timer(interval=_UPKEEP)  # type: ignore[untyped-decorator]  # faust
    async def look_after_webhooks() -> None:
        await work.look()


def _record(event: faust.EventT[bytes]) -> ConsumerRecord:
    """The record as the broker gave it; Faust keeps its time in seconds, and headers as pairs or by name."""
    message = event.message
    headers = tuple(message.headers.items() if isinstance(message.headers, dict) else message.headers or ())
    return ConsumerRecord(
        message.topic, message.partition, message.offset, int(message.timestamp * 1000), message.timestamp_type,
        message.key, message.value, None, 0, 0, headers,
    )  # fmt: skip
