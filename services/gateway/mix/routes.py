"""The operation on the mix of rewards, and its page for who is signed in."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from services.gateway.catalogue.pages import PLACE
from services.gateway.door.access import RewardsReader, parts_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.mix.pages import HERE, form, mix_body
from services.gateway.mix.store import load_mix
from services.gateway.mix.texts import MIX
from services.gateway.mix.views import MixView, mix_view
from services.gateway.quotes.api import one_programme
from services.gateway.running import in_force
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page

router = APIRouter()
READ = "rewards:read"
Days = Annotated[int, Query(ge=1, le=730, description="Over so many days up to now.")]


@router.get(
    "/v1/catalogue/mix",
    operation_id="getRewardMix",
    summary="The mix of rewards, with proposals",
    tags=["rewards"],
    responses=refusals("programme-unknown", "programme-needed", "request-invalid"),
)
async def get_reward_mix(
    caller: RewardsReader, language: Language, days: Days = 90, programme: ProgrammeSlug = None
) -> MixView:
    """Tell what is asked for, by whom, at which cost and within whose reach, and what would make the mix better."""
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    now = caller.parts.clock.now()
    version = running.at(now)
    if version is None:
        raise ProblemError("programme-unknown")
    since = now - timedelta(days=days)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        mix = await load_mix(reading, running.programme_id, version, since, now, language)
    return mix_view(mix, running.programme, since, language)


@router.get(HERE, include_in_schema=False)
async def mix_page(request: Request, language: Language, days: Days = 90) -> Response:
    """Show the mix of every programme of the company."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    parts, tenant = parts_of(request), visitor.key.tenant_id
    now, sections = parts.clock.now(), []
    since = now - timedelta(days=days)
    for running, version in in_force(await parts.programmes.of(tenant), now):
        async with parts.store.reading(tenant) as reading:
            mix = await load_mix(reading, running.programme_id, version, since, now, language)
        told = mix_view(mix, running.programme, since, language)
        sections.append(mix_body(told, running.name or running.programme, version.compiled.source.currency, language))
    body = form(days, language) + "".join(sections)
    page = HTMLResponse(console_page(PLACE, MIX.say(language, "title"), body, language), headers=NO_STORE)
    return remember(request, page, visitor.session)
