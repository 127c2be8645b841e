"""Landing pages as anybody sees them, and joining by them. A page that is not open looks like one that there is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.catalogue.facts import Asking
from libs.contracts.rejection import Rejection
from libs.design import landing
from libs.design.faults import DesignInvalid
from libs.design.landing import Page
from libs.design.style import text_in
from libs.judging.versions import RunningProgramme
from libs.language.choice import choose
from services.gateway.catalogue.looking import anybody, for_anybody, seen_by
from services.gateway.confirming.routes import desk_of as desk_of_consents
from services.gateway.designs.looks import brand_of, look_of
from services.gateway.designs.store import DesignStore
from services.gateway.door.access import parts_of, site_of
from services.gateway.door.problems import ProblemError
from services.gateway.door.visitors import count_visit
from services.gateway.intake.desk import desk_of
from services.gateway.intake.offers import OWN_SOURCES, Kinds, offer
from services.gateway.intake.publisher import CannotPublish
from services.gateway.landing.joining import Joining, address_of, agrees, enrolment, names_of, wish
from services.gateway.landing.pages import TRAP, Reward, Shown, asks_for_rewards, landing_page
from services.gateway.landing.words import LANDING
from services.gateway.running import named
from services.gateway.site.forms import fields_of
from services.gateway.store import ProgrammeFacts

router = APIRouter(include_in_schema=False)
_ENROLLED, _UPDATED = Kinds.of("member.enrolled.v1"), Kinds.of("member.updated.v1")
_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept-Language"}
_MOST, _FIELDS, _MOST_REWARDS = 8_192, 12, 12
Slug = Annotated[str, Path(max_length=63)]
Name = Annotated[str, Path(max_length=63)]
Wanted = Annotated[str | None, Query(alias="lang", max_length=35)]


@dataclass(frozen=True, slots=True)
class LandingDesk:
    """What landing pages are served with; `random` gives so many unpredictable bytes."""

    store: DesignStore
    joining: Joining
    random: Callable[[int], bytes]


@router.get("/p/{name}")
async def front(request: Request, name: Name) -> Response:
    """Lead to a page of the programme that this installation shows."""
    shown = parts_of(request).shown
    if shown is None or not landing.NAME.fullmatch(name):
        raise ProblemError("not-found")
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/p/{shown}/{name}{query}", status_code=307)


@router.get("/p/{company}/{programme}/{name}")
async def show_page(request: Request, company: Slug, programme: Slug, name: Name, lang: Wanted = None) -> HTMLResponse:
    """Show a page, and count the look."""
    shown, running = await _found(request, company, programme, name, lang)
    await _desk(request).store.count(running.key, name, _now(request).date(), visits=1)
    return _answer(request, shown)


@router.post("/p/{company}/{programme}/{name}")
async def join(request: Request, company: Slug, programme: Slug, name: Name, lang: Wanted = None) -> HTMLResponse:
    """Take in who joins, and ask by mail whether a consent was theirs.

    Whether somebody is a member already is not told: the answer is the same, and takes as long.
    """
    shown, running = await _found(request, company, programme, name, lang)
    fields = await fields_of(request, _MOST, _FIELDS)
    form = shown.page.form
    if form is None:
        raise ProblemError("not-found")
    member = _desk(request).joining.member(fields.get("key", ""), _now(request))
    address, named = address_of(fields), names_of(form, fields)
    if member is None or address is None or named is None:
        fault = "fault.email" if address is None else "fault.name" if named is None else "fault.old"
        return _answer(request, shown._replace(fault=fault, typed=fields), 422)
    thanks = text_in(form.thanks, shown.language) or LANDING.say(shown.spoken, "thanks")
    more = f" {LANDING.say(shown.spoken, 'confirm')}" if agrees(form, fields, shown.language) else ""
    done = shown._replace(said=thanks + more)
    if fields.get(TRAP, "").strip():
        return _answer(request, done)
    async with parts_of(request).store.reading(running.tenant_id) as reading:
        known = await reading.by_identifier(desk_of(request).names.of("email", address.identity), running.programme)
    owner = known[0][1] if known else member
    kinds, told, data = _ENROLLED, f"page-{member}", enrolment(member, address, named, shown.language)
    if known:  # what is told changes nothing; it takes as long as telling of somebody new
        kinds, told, data = _UPDATED, f"page-{member}-again", {"member_id": str(owner)}
    source = f"{OWN_SOURCES}/{running.tenant}/{running.programme}/pages/{name}"
    await _publish(request, kinds, {"id": told, "source": source, "data": data})
    if agrees(form, fields, shown.language):
        asked = wish(member, owner, form, shown.language, f"page {name}")
        confirming = desk_of_consents(request)
        await confirming.ask(running, asked, address, shown.language, site_of(request), _now(request))
    await _desk(request).store.count(running.key, name, _now(request).date(), signups=0 if known else 1)
    return _answer(request, done)


async def load_rewards(request: Request, running: RunningProgramme, language: str) -> list[Reward]:
    """Return the rewards that anybody sees now, the best first."""
    now = _now(request)
    version = running.at(now)
    if version is None:
        return []
    facts = ProgrammeFacts(running.programme_id, running.programme, version.zone.key)
    async with parts_of(request).store.reading(running.tenant_id) as reading:
        seen = await seen_by(reading, anybody(facts, running.tenant_id), Asking(channel="app"), now)
    seen = [each for each in seen if for_anybody(each.kept.reward)]
    seen.sort(key=lambda each: (-each.proposal.score, each.kept.reward.reference))
    found = []
    for each in seen[:_MOST_REWARDS]:
        words, price = each.kept.reward.words(language), each.offer.price
        found.append(Reward(words.title, words.summary, 0 if price is None else price.points))
    return found


async def shown_page(
    request: Request, running: RunningProgramme, page: Page, path: str, wanted: str | None, accepted: str | None
) -> Shown:
    """Put together what is shown of a page in the language that fits its reader."""
    language = page.language(wanted or choose(None, accepted))
    spoken = choose(language, None)
    brand = page.brand or brand_of(request, running)
    look = await look_of(request, running, page.promotion, page.brand)
    rewards = await load_rewards(request, running, language) if asks_for_rewards(page.texts[language]) else []
    desk = _desk(request)
    key = desk.joining.key(_now(request), desk.random(16))
    programme = running.name or running.programme
    return Shown(page, look, brand, programme, site_of(request), path, language, spoken, key, rewards)


async def _found(
    request: Request, company: str, programme: str, name: str, wanted: str | None
) -> tuple[Shown, RunningProgramme]:
    """Find a page that anybody may see.

    Raises:
        ProblemError: there is none of this name, or it is not open; or the visitor asks too often.
    """
    parts = parts_of(request)
    count_visit(request)
    tenant_id = await parts.store.company(company)
    found = [] if tenant_id is None else named(await parts.programmes.of(tenant_id), programme)
    version = await _desk(request).store.page(found[0].key, name) if found else None
    page = None if version is None else _read(version.source)
    if page is None or not page.open_at(_now(request)):
        raise ProblemError("not-found")
    path = f"/p/{found[0].tenant}/{found[0].programme}/{name}"
    accepted = request.headers.get("accept-language")
    return await shown_page(request, found[0], page, path, wanted, accepted), found[0]


def _read(source: object) -> Page | None:
    """Read a page; one that was published before the platform became stricter is not shown."""
    try:
        return landing.read(source)
    except DesignInvalid:
        return None


async def _publish(request: Request, kinds: Kinds, document: dict[str, object]) -> None:
    """Publish who joined, and wait until the broker has it.

    Raises:
        ProblemError: the broker is away.
    """
    desk = desk_of(request)
    offered = offer({**document, "time": _now(request).isoformat()}, kinds, desk.names, own=True)
    if isinstance(offered, Rejection):
        raise ProblemError("request-invalid", f"expected {offered.detail}")
    try:
        await desk.publisher.publish([offered.record])
    except CannotPublish:
        raise ProblemError("publishing-away") from None


def _answer(request: Request, shown: Shown, status: int = 200) -> HTMLResponse:
    request.state.headers["Content-Language"] = shown.language
    return HTMLResponse(landing_page(shown), status_code=status, headers=_HEADERS)


def _now(request: Request) -> datetime:
    return parts_of(request).clock.now()


def _desk(request: Request) -> LandingDesk:
    desk: LandingDesk = request.app.state.landing
    return desk
