"""The composition root of the gateway."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.datastructures import State
from starlette.types import ASGIApp

from libs.codes.keeping import CodeKeeper
from libs.codes.proof import CartProofs
from libs.contacts.links import Links
from libs.contacts.vault import Vault
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.redemption import door_token
from libs.runtime import postgres
from libs.runtime.clock import Clock, SystemClock, monotonic
from libs.runtime.kafka import idempotent_producer
from services.gateway.backtests.desk import BacktestDesk
from services.gateway.backtests.runner import Runner
from services.gateway.backtests.store import BacktestStore
from services.gateway.blocking.store import Blocks
from services.gateway.callbacks.desk import SmsCallbacks
from services.gateway.chat.desk import ChatDesk
from services.gateway.chat.notices import ChatNotices
from services.gateway.codes import stopping as ways_to_stop_codes
from services.gateway.confirming.desk import ConfirmDesk
from services.gateway.contacts.desk import ContactDesk
from services.gateway.designs.desk import DesignDesk
from services.gateway.designs.looks import BrandLooks
from services.gateway.designs.store import DesignStore
from services.gateway.door import error_answers
from services.gateway.door.access import Parts
from services.gateway.door.api_keys import KeyRing
from services.gateway.door.cursors import Cursors
from services.gateway.door.middleware import Door
from services.gateway.door.quotas import Quotas
from services.gateway.expiry.sweep_store import SweepStore
from services.gateway.files.desk import FileDesk
from services.gateway.files.feeder import Feeder
from services.gateway.files.purge import FilePurge
from services.gateway.files.shelf import Shelf
from services.gateway.files.store import FileStore
from services.gateway.inbox.store import InboxStore
from services.gateway.intake.desk import Desk
from services.gateway.intake.publisher import Publisher
from services.gateway.intake.recent import Recent
from services.gateway.intake.store import IntakeStore
from services.gateway.invitations.desk import InvitationDesk
from services.gateway.landing.joining import Joining
from services.gateway.landing.routes import LandingDesk
from services.gateway.live.board import Boards
from services.gateway.live.lag import EndOffsets, onlooker
from services.gateway.live.routes import Live
from services.gateway.mass.desk import MassDesk
from services.gateway.messages.desk import MessageDesk
from services.gateway.metrics import GatewayMetrics
from services.gateway.mine.links import PageLinks
from services.gateway.mine.opening import Openings
from services.gateway.own_letters.desk import OwnDesk
from services.gateway.own_letters.results_desk import ResultsDesk
from services.gateway.posts.desk import PostDesk
from services.gateway.quotes.store import QuoteStore
from services.gateway.receipts.programmes import CompiledVersions
from services.gateway.redemptions.client import RedemptionClient
from services.gateway.referrals import api as referral_api
from services.gateway.referrals.store import Codes
from services.gateway.rules.desk import RulesDesk
from services.gateway.rules.store import RulesStore
from services.gateway.running import TenantProgrammes
from services.gateway.settings import GatewaySettings
from services.gateway.sharing import routes as ways_to_share
from services.gateway.site.ended import EndedSessions
from services.gateway.site.sessions import Sessions
from services.gateway.store import Store
from services.gateway.templates.desk import TemplateDesk
from services.gateway.templates.store import TemplateStore
from services.gateway.ways import WAYS
from services.gateway.webhooks.desk import WebhookDesk

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Gateway:
    """The running door: `asgi` is what a server serves, `app` the application behind it."""

    app: FastAPI
    asgi: ASGIApp


def compose(
    settings: GatewaySettings, *, clock: Clock | None = None, random: Callable[[int], bytes] = os.urandom
) -> Gateway:
    """Put the gateway together; it reaches for PostgreSQL with its first request."""
    now = clock or settings.make_clock()
    key = base64.b64decode(settings.seal_key.get_secret_value())
    vault = Vault.from_seal_key(key)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            postgres.pool(settings.postgres, "gateway", most=settings.connections) as pool,
            _quotes(settings) as quotes,
        ):
            store = Store(pool)
            parts = app.state.parts = _parts(settings, key, store, quotes, now)
            app.state.codes = Codes(pool, random)
            app.state.blocks, app.state.pool_switch = Blocks(pool), ways_to_stop_codes.PoolSwitch(pool)
            app.state.looks = Quotas(referral_api.LOOKS, referral_api.LOOKS_WINDOW)
            app.state.sweeps = SweepStore(pool)
            app.state.contacts = ContactDesk(pool, vault, Links.from_seal_key(key), now)
            app.state.rules = RulesDesk(RulesStore(pool), now)
            app.state.desk = _desk(settings, IntakeStore(pool), parts, metrics)
            app.state.files = _files(settings, FileStore(pool), app.state.desk, metrics, random)
            app.state.redemptions = RedemptionClient(settings.redemption, door_token(key))
            app.state.seal = vault.seal
            app.state.page_links, app.state.openings = PageLinks.from_seal_key(key), Openings(pool)
            app.state.sharing = ways_to_share.made_desk(pool, key, settings.public.shares_live)
            app.state.proofs = CartProofs.from_seal_key(key)
            app.state.keeper = CodeKeeper.from_base64(settings.seal_key.get_secret_value())
            app.state.webhooks = WebhookDesk(pool, vault.seal, SystemClock(), random, settings.webhooks.loopback)
            app.state.inbox = InboxStore(pool, vault.seal)
            app.state.sms_callbacks = SmsCallbacks(pool, vault.seal, vault, now)
            notices = ChatNotices(pool, parts.programmes, app.state.desk, now)
            app.state.chats = ChatDesk.of(pool, vault, settings.chat, notices)
            app.state.messages = MessageDesk(pool, vault, now)
            app.state.mass = MassDesk(pool, random)
            app.state.posts = PostDesk(pool, vault.seal, random)
            app.state.results = ResultsDesk(pool, vault.seal)
            _put_up_letters(app.state, pool, key, now, random)
            app.state.own_letters = OwnDesk(pool, app.state.templates, vault.seal, random)
            app.state.backtests = _backtests(settings, pool, now, metrics, random)
            async with (
                _live(settings, key, pool, store, now, random) as app.state.live,
                app.state.desk.running(),
                app.state.files.running(),
                app.state.backtests.running(),
                app.state.redemptions.running(),
                app.state.chats.running(),
            ):
                yield
            await parts.programmes.close()

    app = routes(lifespan)
    metrics = app.state.metrics = GatewayMetrics(CollectorRegistry())
    return Gateway(app, Door(app, metrics, random))


def _put_up_letters(state: State, pool: asyncpg.Pool, key: bytes, now: Clock, random: Callable[[int], bytes]) -> None:
    """Put up what writes with templates and designs of its own."""
    state.templates = TemplateDesk(TemplateStore(pool), now)
    state.designs = DesignDesk(DesignStore(pool), now)
    state.landing = LandingDesk(state.designs.store, Joining.from_seal_key(key), random)
    state.brand_looks = BrandLooks(state.designs.store)
    state.invitations = InvitationDesk.of(key, pool, state.templates, state.codes)
    state.confirming = ConfirmDesk.from_seal_key(key, pool, state.templates)


def routes(lifespan: Lifespan | None = None) -> FastAPI:
    """Return the application without what it is served with; enough to describe it."""
    app = FastAPI(
        title="Pointstream", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan, redirect_slashes=False
    )
    # As they are: to include the routers would build every route anew, half a second's work.
    served = [route for part in WAYS for route in part.router.routes]
    app.router.routes += served
    error_answers.register(app, served)
    return app


def _quotes(settings: GatewaySettings) -> asyncpg.Pool:
    return postgres.pool(settings.postgres, "gateway-quotes", most=settings.quote_connections)


def _parts(settings: GatewaySettings, seal_key: bytes, store: Store, quotes: asyncpg.Pool, clock: Clock) -> Parts:
    return Parts(
        clock=clock,
        store=store,
        keys=KeyRing(store.api_key, store.touch_api_key, monotonic, settings.key_cache),
        quotas=Quotas(settings.quota.requests, settings.quota.window.total_seconds()),
        cursors=Cursors.from_seal_key(seal_key),
        names=IdentifierNames.from_seal_key(seal_key),
        versions=CompiledVersions(),
        programmes=TenantProgrammes(store, monotonic),
        quotes=QuoteStore(quotes),
        visitors=Quotas(settings.public.requests, 60.0),
        shown=settings.public.shown,
        site=settings.site,
    )


def _desk(settings: GatewaySettings, store: IntakeStore, parts: Parts, metrics: GatewayMetrics) -> Desk:
    client = f"gateway-{settings.kafka.instance}"
    publisher = Publisher(
        lambda: idempotent_producer(settings.kafka, client),
        settings.publish,
        metrics.publish,
        topic_prefix=settings.kafka.topic_prefix,
    )
    return Desk(parts.clock, parts.names, store, publisher, Recent(), metrics)


def _files(
    settings: GatewaySettings, store: FileStore, desk: Desk, metrics: GatewayMetrics, random: Callable[[int], bytes]
) -> FileDesk:
    wanted, clock = settings.files, SystemClock()  # leases, paces and retention are the machine's business
    if wanted.directory is None:
        return FileDesk(store, None, None, None, wanted, clock, metrics.files, random)
    shelf = Shelf(wanted.directory)
    feeder = Feeder(store, shelf, desk.publisher, desk.names, wanted, clock, metrics.files, asyncio.Event())
    purge = FilePurge(store, shelf, wanted.retention, clock)
    return FileDesk(store, shelf, feeder, purge, wanted, clock, metrics.files, random)


def _backtests(
    settings: GatewaySettings,
    pool: asyncpg.Pool,
    clock: Clock,
    metrics: GatewayMetrics,
    random: Callable[[int], bytes],
) -> BacktestDesk:
    wanted, store, counted = settings.backtests, BacktestStore(pool), metrics.backtests
    runner = None
    if wanted.directory is not None:
        dsn = settings.postgres.dsn.get_secret_value()
        runner = Runner(store, wanted.directory, dsn, wanted, SystemClock(), counted, asyncio.Event())
    return BacktestDesk(store, RulesStore(pool), runner, wanted, clock, counted, random)


@asynccontextmanager
async def _live(
    settings: GatewaySettings,
    seal_key: bytes,
    pool: asyncpg.Pool,
    store: Store,
    clock: Clock,
    random: Callable[[int], bytes],
) -> AsyncIterator[Live]:
    sessions = Sessions.from_seal_key(seal_key)
    ends = EndOffsets(lambda: onlooker(settings.kafka), monotonic)
    try:
        boards = Boards(store, clock, ends, monotonic, settings.kafka.topic_prefix)
        yield Live(sessions, EndedSessions(pool), random, boards)
    finally:
        await ends.close()
