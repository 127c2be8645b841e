"""The composition root of the gateway."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from libs.contracts.identifiers import IdentifierNames
from libs.runtime import postgres
from libs.runtime.clock import Clock, SystemClock, monotonic
from libs.runtime.kafka import idempotent_producer
from services.gateway import api, live, parked_api, receipt_api, shopping_api, site
from services.gateway.access import Parts
from services.gateway.api_keys import KeyRing
from services.gateway.cursors import Cursors
from services.gateway.door import Door, as_problem, problem_response
from services.gateway.files import routes as ways_in_for_files
from services.gateway.files.desk import FileDesk
from services.gateway.files.feeder import Feeder
from services.gateway.files.purge import FilePurge
from services.gateway.files.shelf import Shelf
from services.gateway.files.store import FileStore
from services.gateway.intake import console
from services.gateway.intake import routes as ways_in
from services.gateway.intake.desk import Desk
from services.gateway.intake.publisher import Publisher
from services.gateway.intake.recent import Recent
from services.gateway.intake.store import IntakeStore
from services.gateway.lag import EndOffsets, onlooker
from services.gateway.live import Live
from services.gateway.live_board import Boards
from services.gateway.metrics import GatewayMetrics
from services.gateway.problems import FieldError, ProblemError, pointer
from services.gateway.programmes import CompiledVersions
from services.gateway.quotas import Quotas
from services.gateway.sessions import Sessions
from services.gateway.settings import GatewaySettings
from services.gateway.store import Store

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

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with postgres.pool(settings.postgres, "gateway", most=settings.connections) as pool:
            store = Store(pool)
            app.state.parts = _parts(settings, store, now)
            app.state.desk = _desk(settings, IntakeStore(pool), app.state.parts, metrics)
            app.state.files = _files(settings, FileStore(pool), app.state.desk, metrics, random)
            async with (
                _live(settings, store, now) as app.state.live,
                app.state.desk.running(),
                app.state.files.running(),
            ):
                yield

    app = routes(lifespan)
    metrics = app.state.metrics = GatewayMetrics(CollectorRegistry())
    return Gateway(app, Door(app, metrics, random))


def routes(lifespan: Lifespan | None = None) -> FastAPI:
    """Return the application without what it is served with; enough to describe it."""
    app = FastAPI(
        title="Pointstream", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan, redirect_slashes=False
    )
    app.include_router(ways_in.router)
    app.include_router(console.router)
    app.include_router(ways_in_for_files.router)
    app.include_router(api.router)
    app.include_router(shopping_api.router)
    app.include_router(parked_api.router)
    app.include_router(receipt_api.router)
    app.include_router(live.router)
    app.include_router(site.router)
    app.add_exception_handler(ProblemError, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_routing)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_any)
    return app


def _parts(settings: GatewaySettings, store: Store, clock: Clock) -> Parts:
    seal_key = base64.b64decode(settings.seal_key.get_secret_value())
    return Parts(
        clock=clock,
        store=store,
        keys=KeyRing(store.api_key, store.touch_api_key, monotonic, settings.key_cache),
        quotas=Quotas(settings.quota.requests, settings.quota.window.total_seconds()),
        cursors=Cursors.from_seal_key(seal_key),
        names=IdentifierNames.from_seal_key(seal_key),
        versions=CompiledVersions(),
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


@asynccontextmanager
async def _live(settings: GatewaySettings, store: Store, clock: Clock) -> AsyncIterator[Live]:
    sessions = Sessions.from_seal_key(base64.b64decode(settings.seal_key.get_secret_value()))
    ends = EndOffsets(lambda: onlooker(settings.kafka), monotonic)
    try:
        yield Live(sessions, Boards(store, clock, ends, monotonic, settings.kafka.topic_prefix))
    finally:
        await ends.close()


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    status, headers, body = problem_response(request.scope, error)
    return Response(body, status_code=status, headers=headers)


async def _answer_any(request: Request, error: Exception) -> Response:
    return await _answer_problem(request, as_problem(error))


async def _answer_routing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not-found", 405: "method-not-allowed"}
    problem = ProblemError(codes.get(error.status_code, "internal-error"), headers=dict(error.headers or {}))
    return await _answer_problem(request, problem)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Neither the value nor the context of an error is told: they may hold what nobody should read in a log.
    faults = [FieldError(pointer=pointer(fault["loc"]), detail=fault["msg"]) for fault in error.errors()]
    return await _answer_problem(request, ProblemError("request-invalid", errors=faults))
