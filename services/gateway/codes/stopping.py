"""Stopping the codes of a pool, and letting them count again: over HTTP, and by buttons of the console."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ConfigDict, Field

from libs.codes import postgres as codes
from services.gateway.codes import store
from services.gateway.codes.routes import PoolName
from services.gateway.codes.texts import CODES
from services.gateway.codes.views import PoolView
from services.gateway.door.access import Parts, RulesPublisher, parts_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.rules.bodies import Body, body_of, read_body
from services.gateway.running import named
from services.gateway.site.asked_again import Serious, ask_again, is_sure
from services.gateway.site.console_door import let_in
from services.gateway.site.forms import fields_of
from services.gateway.tenant_store import tenant_transaction

router = APIRouter()
PLACE, SCOPE = "/codes", "rules:publish"
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_MOST_BYTES = 500


class PoolState(Body):
    """Whether the codes of a pool are stopped."""

    model_config = ConfigDict(json_schema_extra={"example": {"paused": True}})

    paused: bool = Field(strict=True, description="True stops them at once: none counts, and none is handed out.")


class PoolSwitch(NamedTuple):
    """Where pools are stopped and started."""

    pool: asyncpg.Pool

    async def turn(self, scope: tuple[int, int], name: str, now: datetime, *, paused: bool) -> codes.Pool | None:
        """Stop a pool or start it, and return it as it is then; None when there is none of the name."""
        async with tenant_transaction(self.pool, scope[0]) as connection:
            if not await codes.stop_pool(connection, scope, name, now, paused=paused):
                return None
            return (await codes.load_pools(connection, *scope, name))[0]


@router.post(
    "/v1/code-pools/{pool}/state",
    operation_id="turnCodePool",
    summary="Stop the codes of a pool, or let them count again",
    tags=["codes"],
    response_model=PoolView,
    responses=refusals("pool-unknown", "programme-needed", *_BODY),
    openapi_extra=body_of(PoolState),
)
async def turn_pool(
    request: Request, caller: RulesPublisher, pool: PoolName, programme: ProgrammeSlug = None
) -> PoolView:
    """Stop all codes of a pool from the next request on, or let them count again; what was redeemed stays so."""
    body = await read_body(request, PoolState)
    found = await _turned(request, caller.parts, caller.tenant_id, pool, programme, paused=body.paused)
    if len(found) != 1:
        raise ProblemError("programme-needed" if found else "pool-unknown")
    return found[0]


@router.post(PLACE + "/{programme}/{pool}/state", include_in_schema=False)
async def turn_by_button(request: Request, language: Language, programme: str, pool: PoolName) -> Response:
    """Stop a pool once somebody is sure, or start it, as the button says, and lead back to the page of codes."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST_BYTES)
    paused = fields.get("paused") == "true"
    if paused and not is_sure(fields):
        page = HTMLResponse(_sure(programme, pool, language), headers=NO_STORE)
        return remember(request, page, visitor.session)
    await _turned(request, parts_of(request), visitor.key.tenant_id, pool, programme, paused=paused)
    to = RedirectResponse(f"{PLACE}?lang={language}", status_code=303, headers=NO_STORE)
    return remember(request, to, visitor.session)


def turning(programme: str, pool: str, language: str) -> str:
    """Where the button of a pool is sent."""
    return f"{PLACE}/{quote(programme, safe='')}/{quote(pool, safe='')}/state?lang={language}"


def _sure(programme: str, pool: str, language: str) -> str:
    """The page that asks whether a pool is to be stopped."""
    serious = Serious(
        CODES.say(language, "title"),
        CODES.say(language, "sure", pool=pool),
        CODES.say(language, "stops"),
        CODES.say(language, "stop"),
        f"{PLACE}?lang={language}",
    )
    return ask_again(PLACE, serious, turning(programme, pool, language), {"paused": "true"}, language)


async def _turned(
    request: Request, parts: Parts, tenant_id: int, pool: str, programme: str | None, *, paused: bool
) -> list[PoolView]:
    """The pool that was turned; where several programmes have one of the name, those, and none is turned."""
    switch: PoolSwitch = request.app.state.pool_switch
    having = []
    for running in named(await parts.programmes.of(tenant_id), programme):
        async with parts.store.reading(tenant_id) as reading:
            pools = await codes.load_pools(reading.connection, *running.key, pool)
        having += [(running, each) for each in pools]
    if len(having) == 1:
        running = having[0][0]
        turned = await switch.turn(running.key, pool, parts.clock.now(), paused=paused)
        having = [] if turned is None else [(running, turned)]
    return [store.pool_view(each, running.programme) for running, each in having]
