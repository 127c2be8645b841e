"""The ways to the catalogue for anybody, of programmes that say they are public.

What is meant for some people alone, by a segment or a list, is not there: neither for staff, nor for somebody chosen.
"""

from __future__ import annotations

from importlib import resources
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.catalogue.facts import Asking
from libs.games.ranking import Question
from services.gateway.catalogue.looking import Onlooker, Seen, anybody, categories_of, for_anybody, offer_view, seen_by
from services.gateway.catalogue.pages import PICTURES
from services.gateway.door.access import parts_of, site_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.feedback.store import load_figures
from services.gateway.games.rankings import first_places, stretch
from services.gateway.public.pages import Shown
from services.gateway.public.routes import shown_programme
from services.gateway.shelf.pages import FRESH, PLACE, Shelf, Standing, reward_page, shelf_page
from services.gateway.store import ProgrammeFacts

router = APIRouter(include_in_schema=False)
_KEPT = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language"}
_FRESH = (resources.files("services.gateway") / "static" / "fresh.js").read_text(encoding="utf-8")
_WANTED = 3
"""So many of the most wanted rewards are named so."""
Slug = Annotated[str, Path(max_length=63)]


@router.get(f"/{PLACE}")
async def rewards_front(request: Request) -> Response:
    """Lead to the programme that this installation shows."""
    shown = parts_of(request).shown
    if shown is None:
        raise ProblemError("not-found")
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{PLACE}/{shown}{query}", status_code=307)


@router.get(FRESH)
async def fresh_script() -> Response:
    """Serve the script that keeps a screen in a shop fresh."""
    return Response(_FRESH, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@router.get(f"/{PLACE}/{{company}}/{{programme}}")
async def rewards_shelf(
    request: Request,
    company: Slug,
    programme: Slug,
    language: Language,
    category: Annotated[str, Query(max_length=64)] = "",
    store: Annotated[str, Query(max_length=64)] = "",
    kiosk: bool = False,
) -> HTMLResponse:
    """Show the rewards that anybody can have; with `kiosk` for a screen in a shop, with `store` what it has."""
    shown = await shown_programme(request, company, programme, language)
    found = await _found(request, shown, store)
    offers = [
        offer_view(each, found.who, language)
        for each in found.seen
        if category in ("", each.kept.reward.category)
    ]  # fmt: skip
    shelf = Shelf(shown, site_of(request), category, store, kiosk)
    return _page(request, shelf_page(shelf, offers, categories_of(found.seen), found.standing))


@router.get(f"/{PLACE}/{{company}}/{{programme}}/{{reference}}")
async def rewardfor_anybody(
    request: Request,
    company: Slug,
    programme: Slug,
    reference: Annotated[str, Path(max_length=64)],
    language: Language,
) -> HTMLResponse:
    """Show one reward, with what it costs whom, and how to get it."""
    shown = await shown_programme(request, company, programme, language)
    found = await _found(request, shown, "")
    one = next((each for each in found.seen if each.kept.reward.reference == reference), None)
    if one is None:
        raise ProblemError("not-found")
    offer = offer_view(one, found.who, language)
    return _page(request, reward_page(Shelf(shown, site_of(request)), offer, one.kept.reward, found.standing))


class _Found(NamedTuple):
    who: Onlooker
    seen: list[Seen]
    standing: Standing


async def _found(request: Request, shown: Shown, store: str) -> _Found:
    """Load what is shown to anybody, what is recommended first."""
    parts, zone = parts_of(request), shown.version.zone
    tenant_id, programme_id = shown.programme.key
    who = anybody(ProgrammeFacts(programme_id, shown.programme.programme, zone.key), tenant_id)
    wanted = Question(of="rewards", period="month")
    async with parts.store.reading(tenant_id) as reading:
        seen = await seen_by(reading, who, Asking(store=store or None), shown.at)
        days = stretch(wanted, shown.at.astimezone(zone).date())
        places, _ = await first_places(reading, programme_id, wanted, days, zone, _WANTED)
        liked = await load_figures(reading.connection, shown.programme.key)
    seen = [each for each in seen if for_anybody(each.kept.reward, store)]
    seen.sort(key=lambda each: (-each.proposal.score, each.kept.reward.reference))
    return _Found(who, seen, Standing({each.key: each.rank for each in places}, liked))


def _page(request: Request, body: str) -> HTMLResponse:
    request.state.headers["Content-Security-Policy"] = PICTURES
    return HTMLResponse(body, headers=_KEPT)
