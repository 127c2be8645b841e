"""The way to a campaign for people who write no documents: choose, fill in, check, try, simulate, save or start.

It is what the API does, with a form in front: each change is drafted, planned and published by the desk of the rules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.ledger.zones import load_zone
from libs.promotions.programme import Programme
from libs.promotions.rates import digits
from services.gateway.door.access import Caller, parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.planning.fields import fields_of
from services.gateway.planning.forms import posted
from services.gateway.planning.library import examples
from services.gateway.planning.reading import Filled, Place
from services.gateway.planning.wizard_pages import Form, Known, Shown, campaigns_page, form_page, moment_words
from services.gateway.planning.wizard_words import WIZARD
from services.gateway.planning.wizard_work import Job, Work, filled_form
from services.gateway.rules.changing import SOON, written
from services.gateway.rules.desk import desk_of
from services.gateway.running import named
from services.gateway.site.console_door import let_in
from services.gateway.site.sessions import Session

router = APIRouter(include_in_schema=False)
READ, PUBLISH = "rules:read", "rules:publish"
Slug = Annotated[str, Query(max_length=64)]
Name = Annotated[str, Path(max_length=140)]


@dataclass(frozen=True, slots=True)
class _Door:
    """Who is at a page, and the programme that it is about as it is now."""

    caller: Caller
    session: Session
    known: Known
    programme: Programme


@router.get("/campaigns")
async def campaigns(request: Request, language: Language, programme: Slug = "") -> Response:
    """Show the campaigns that there are, and the library."""
    door = await _door(request, language, programme, READ)
    if isinstance(door, Response):
        return door
    ready = await asyncio.to_thread(examples)
    known = sorted(written(door.programme)["campaigns"], key=lambda each: str(each["name"]))
    body = campaigns_page(door.known.programme, known, ready.values(), language)
    return remember(request, HTMLResponse(body, headers=NO_STORE), door.session)


@router.get("/campaigns/new/{example}")
async def begin(request: Request, language: Language, example: Name, programme: Slug = "") -> Response:
    """Show the form of a ready incentive."""
    door = await _door(request, language, programme, READ)
    if isinstance(door, Response):
        return door
    return _shown(request, door, language, _new_form(door, language, example, await _ready(example)), Shown())


@router.get("/campaigns/{campaign}")
async def look(
    request: Request, language: Language, campaign: Name, programme: Slug = "", saved: Slug = ""
) -> Response:
    """Show the form of a campaign that there is; `saved` is the version by which it was just saved."""
    door = await _door(request, language, programme, READ)
    if isinstance(door, Response):
        return door
    found = _campaign(door, campaign)
    form = _form_of(door, language, found)
    versions = [version for version in await _versions(request, door) if str(version.number) == saved]
    said = [_said_published(version.number, version.active_from, door, language) for version in versions]
    return _shown(request, door, language, form, Shown(said=said))


@router.post("/campaigns/new/{example}")
async def make(request: Request, language: Language, example: Name) -> Response:
    """Do with a new campaign what the form's button says."""
    return await _posted(request, language, example, None)


@router.post("/campaigns/{campaign}")
async def change(request: Request, language: Language, campaign: Name) -> Response:
    """Do with a campaign that there is what the form's button says."""
    return await _posted(request, language, None, campaign)


async def _posted(request: Request, language: str, example: str | None, campaign: str | None) -> Response:
    given = await posted(request)
    door = await _door(request, language, (given.get("programme") or [""])[-1], PUBLISH)
    if isinstance(door, Response):
        return door
    if campaign is None:
        form = _new_form(door, language, str(example), await _ready(str(example)))
    else:
        form = _form_of(door, language, _campaign(door, campaign))
    form = replace(filled_form(form, given, door.known), posted=given)
    do = (given.get("do") or ["check"])[-1]
    work = Work(request, door.caller, door.known, door.programme, language)
    job = Job(form, campaign, do, (given.get("seen") or [""])[-1])
    came, published = await work.done(job)
    if isinstance(published, str):
        return remember(request, RedirectResponse(published, status_code=303, headers=NO_STORE), door.session)
    faulty = bool(form.filled.faults) or bool(came.troubles)
    return _shown(request, door, language, form, came, status=422 if faulty else 200)


def _shown(request: Request, door: _Door, language: str, form: Form, came: Shown, *, status: int = 200) -> Response:
    body = form_page(door.known, form, came, language)
    return remember(request, HTMLResponse(body, status, NO_STORE), door.session)


async def _door(request: Request, language: str, slug: str, scope: str) -> _Door | Response:
    """Let somebody in who is signed in and may, with the programme that is meant, or the first."""
    visitor = await let_in(request, "/campaigns", language, scope)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    parts, desk = parts_of(request), desk_of(request)
    slugs = [each.programme for each in named(await parts.programmes.of(key.tenant_id), None)]
    chosen = slug if slug in slugs else (slugs[0] if slugs else None)
    now = desk.clock.now()
    async with desk.store.opened(key.tenant_id, chosen) as opened:
        versions = await opened.versions(now)
        programme = versions.programme(versions.in_force(now + SOON))
        slug, where = opened.slug, opened.where
    if programme is None or versions.head is None:
        raise ProblemError("version-unknown")
    place = Place(digits(where.currency), load_zone(where.zone))
    wallets = [wallet.name for wallet in programme.wallets]
    return _Door(
        Caller(key, parts), session, Known(slug, place, where.currency, wallets, versions.head.etag), programme
    )


async def _versions(request: Request, door: _Door) -> Any:
    desk = desk_of(request)
    async with desk.store.opened(door.caller.tenant_id, door.known.programme) as opened:
        return (await opened.versions(desk.clock.now())).all


async def _ready(example: str) -> dict[str, Any]:
    found = (await asyncio.to_thread(examples)).get(example)
    if found is None:
        raise ProblemError("not-found")
    return dict(found.campaign)


def _campaign(door: _Door, campaign: str) -> dict[str, Any]:
    for each in written(door.programme)["campaigns"]:
        if each["id"] == campaign:
            return dict(each)
    raise ProblemError("campaign-unknown")


def _new_form(door: _Door, language: str, example: str, campaign: Mapping[str, Any]) -> Form:
    """The form of an example, with an id that nobody has, and wallets that the programme has."""
    taken = {each.id for each in door.programme.campaigns}
    name, number = str(campaign["id"]), 2
    while name in taken:
        name, number = f"{campaign['id']}-{number}", number + 1
    own = {**campaign, "id": name} | {
        kind: _at_home(campaign[kind], door.known) for kind in ("effect", "effects") if kind in campaign
    }
    title = WIZARD.say(language, "new.title")
    return Form(f"/campaigns/new/{example}", title, Filled(own, fields_of(own)), None, {}, is_new=True)


def _at_home(effect: Any, known: Known) -> Any:
    if isinstance(effect, list):
        return [_at_home(each, known) for each in effect]
    return {name: value for name, value in effect.items() if name != "wallet" or value in known.wallets}


def _form_of(door: _Door, language: str, campaign: dict[str, Any]) -> Form:
    title = WIZARD.say(language, "edit.title", name=campaign["name"])
    return Form(f"/campaigns/{campaign['id']}", title, Filled(campaign, fields_of(campaign)), None, {}, is_new=False)


def _said_published(number: int, active_from: Any, door: _Door, language: str) -> str:
    moment = moment_words(active_from, door.known.place, language)
    return WIZARD.say(language, "published", version=number, moment=moment)
