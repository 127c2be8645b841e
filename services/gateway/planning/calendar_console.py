"""The console's calendar of campaigns, for who is signed in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from html import escape
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.judging.versions import RunningProgramme
from libs.programmes.calendar import Wanted, kinds
from libs.promotions.campaigns import Campaign
from libs.runtime.api_keys import ApiKey
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember, signed_in
from services.gateway.planning.calendar_api import icalendar, month_after, planned
from services.gateway.planning.calendar_pages import VIEWS, Choices, Look, calendar_page
from services.gateway.planning.words import PAGES
from services.gateway.rules.desk import desk_of
from services.gateway.running import named
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page

router = APIRouter(include_in_schema=False)
SCOPE = "rules:read"
_MONTH = re.compile(r"(19[7-9]\d|[2-8]\d{3})-(0[1-9]|1[0-2])")
_MOST_CHOICES = 500
Name = Annotated[str, Query(max_length=64)]


# A coroutine, so that FastAPI does not take it to a thread.
async def _given(
    programme: Name = "",
    month: Name = "",
    view: Name = "quarter",
    partner: Name = "",
    store: Name = "",
    segment: Name = "",
    status: Name = "",
    kind: Name = "",
    lang: Name = "",
) -> Look:
    return Look(programme, month, _view(view), partner, store, segment, status, kind, lang)


Given = Annotated[Look, Depends(_given)]


@router.get("/calendar")
async def calendar(request: Request, language: Language, given: Given) -> Response:
    """Show when campaigns pay, and which boundaries lie among them."""
    visitor = await let_in(request, "/calendar", language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    found = named(await parts_of(request).programmes.of(key.tenant_id), None)
    look, first, last = _look(given, found, _today(request, found))
    if not look.programme:
        return remember(request, HTMLResponse(_empty(language), headers=NO_STORE), session)
    told = None
    try:
        _, told = await _planned(request, key, look, (first, last), language)
    except ProblemError as problem:
        if problem.code != "version-unknown":
            raise
    step = VIEWS[look.view]
    around = (f"{month_after(first, -step):%Y-%m}", f"{month_after(first, step):%Y-%m}")
    body = calendar_page(look, _choices(found, look.programme), told, around, language)
    return remember(request, HTMLResponse(body, headers=NO_STORE), session)


@router.get("/calendar.ics")
async def download(request: Request, language: Language, given: Given) -> Response:
    """Download what the page shows as iCalendar."""
    who = await signed_in(request)
    if who is None or not who[0].allows(SCOPE):
        return RedirectResponse("/calendar", status_code=303, headers=NO_STORE)
    key, session = who
    found = named(await parts_of(request).programmes.of(key.tenant_id), None)
    look, first, last = _look(given, found, _today(request, found))
    slug, told = await _planned(request, key, look, (first, last), language)
    return remember(request, icalendar(told, slug, parts_of(request).clock.now(), language), session)


async def _planned(
    request: Request, key: ApiKey, look: Look, days: tuple[date, date], language: str
) -> tuple[str, dict[str, object]]:
    wanted = Wanted(
        look.partner or None, look.store or None, look.segment or None, look.status or None, look.kind or None
    )
    return await planned(desk_of(request), key.tenant_id, look.programme, days, language, wanted)


def _view(text: str) -> Literal["month", "quarter"]:
    return cast("Literal['month', 'quarter']", text) if text in VIEWS else "quarter"


def _look(given: Look, found: Iterable[RunningProgramme], today: date) -> tuple[Look, date, date]:
    """What is looked at, with what was left out or makes no sense in its usual place; and the days."""
    slugs = [each.programme for each in found]
    programme = given.programme if given.programme in slugs else (slugs[0] if slugs else "")
    month = given.month if _MONTH.fullmatch(given.month) else f"{today:%Y-%m}"
    first = date.fromisoformat(f"{month}-01")
    last = month_after(first, VIEWS[given.view]) - timedelta(1)
    rest = (given.partner, given.store, given.segment, given.status, given.kind, given.lang)
    return Look(programme, month, given.view, *rest), first, last


def _today(request: Request, found: Iterable[RunningProgramme]) -> date:
    now = parts_of(request).clock.now()
    zones = [version.zone for each in found if (version := each.at(now)) is not None]
    return now.astimezone(zones[0]).date() if zones else now.date()


def _choices(found: Iterable[RunningProgramme], slug: str) -> Choices:
    """What the campaigns of all versions name; and which programmes there are."""
    known = {each.programme: each for each in found}
    campaigns = [one for version in known[slug].versions for one in version.compiled.source.campaigns]
    return Choices(
        list(known),
        _named(campaigns, "partners"),
        _named(campaigns, "stores"),
        _named(campaigns, "segments"),
        sorted({kind for one in campaigns for kind in kinds(one)}),
    )


def _named(campaigns: Iterable[Campaign], what: str) -> list[str]:
    return sorted({name for one in campaigns for name in getattr(one.when, what)})[:_MOST_CHOICES]


def _empty(language: str) -> str:
    told = f"<p>{escape(PAGES.say(language, 'no-version'))}</p>"
    return console_page("/calendar", PAGES.say(language, "calendar"), told, language)
