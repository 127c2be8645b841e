"""The pages of messages to many, for who is signed in: write one, see what it comes to, send it, watch it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, cast, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.deliveries.periods import EVERY
from libs.deliveries.result_mails import Wish
from libs.judging.versions import RunningProgramme
from libs.language.catalogue import LANGUAGES
from libs.mass import postgres as masses
from libs.mass.postgres import Seen
from libs.mass.states import Action
from libs.mass.wanted import Wanted, WantedInvalid, wanted_of
from libs.messages.content import ChannelName
from libs.runtime.keys import event_id
from libs.segments import reading as segments
from services.gateway.door.access import Caller, parts_of, site_of
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.intake.idempotency import digest
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.mass import one_page, pages, results_part
from services.gateway.mass.desk import Whole, desk_of_mass, in_force, problem
from services.gateway.mass.faulty import Spoken, at_fields
from services.gateway.mass.form import Fields, Unreadable, first, members_in, told_by, wanted_in, words_in
from services.gateway.mass.pages import HERE, Form, Segments
from services.gateway.mass.words import PAGES
from services.gateway.own_letters.results_desk import desk_of_results
from services.gateway.planning.forms import posted
from services.gateway.quotes.api import first_programme
from services.gateway.rules.desk import who
from services.gateway.running import named
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.templates import pages as pages_of_templates
from services.gateway.templates.console import FRAMED, FRAMING, faults_of, member_named
from services.gateway.templates.desk import Asked, desk_of_templates
from services.gateway.templates.views import preview_view

router = APIRouter(include_in_schema=False)
SCOPE, WRITE = "rules:read", "rules:publish"
_MOST = 50
_LAST_HOUR = 23


@router.get(HERE)
async def mass_page(request: Request, language: Language) -> Response:
    """List messages to many of every programme of the company."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    return await _overview(request, visitor, await _newest(request, visitor), language)


@router.post(results_part.RESULTS)
async def change_results(request: Request, language: Language) -> Response:
    """Have figures sent to somebody, or to somebody no more."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    fields, desk = await posted(request), desk_of_results(request)
    caller = Caller(visitor.key, parts_of(request))
    try:
        if gone := first(fields, "remove"):
            await desk.remove(visitor.key.tenant_id, UUID(gone))
        else:
            known = await parts_of(request).programmes.of(visitor.key.tenant_id)
            running = first_programme(known, first(fields, "programme"))
            name = UUID(bytes=desk_of_mass(request).random(16), version=4)
            await desk.add(caller, running, (name, name.bytes), _wish(fields))
    except (ProblemError, ValueError) as refused:
        said = refused.errors[0].detail if isinstance(refused, ProblemError) and refused.errors else str(refused)
        return await _overview(request, visitor, await _newest(request, visitor), language, said=said)
    where = f"{HERE}?lang={language}#results"
    return remember(request, RedirectResponse(where, status_code=303, headers=NO_STORE), visitor.session)


@router.get(HERE + "/new")
async def new_mass_page(request: Request, language: Language, programme: ProgrammeSlug = None) -> Response:
    """Show the form of a new message."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    key = desk_of_mass(request).random(16).hex()
    return await _form(request, visitor, programme, language, key, {}, {})


@router.post(HERE + "/new")
async def make_mass(request: Request, language: Language, programme: ProgrammeSlug = None) -> Response:
    """Have the message in the form counted, and lead to its page; or say what is wrong."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    fields = await posted(request)
    key = first(fields, "key")[:64]
    running = first_programme(await parts_of(request).programmes.of(visitor.key.tenant_id), programme)
    caller = Caller(visitor.key, parts_of(request))
    name = UUID(event_id(str(visitor.key.tenant_id), f"{visitor.key.key_id}\x1fconsole", "mass", key, 0))
    try:
        wanted = _wanted(fields, caller, running)
        members = members_in(fields)
        spoken = digest(f"{wanted.model_dump_json()}\n{members}")
        whole = await desk_of_mass(request).make(caller, running, (name, spoken), wanted, members)
    except ProblemError as refused:
        return await _form(request, visitor, programme, language, key, fields, _told(refused, fields, language))
    where = f"{HERE}/{whole.seen.mass_id}?lang={language}"
    return remember(request, RedirectResponse(where, status_code=303, headers=NO_STORE), visitor.session)


@router.api_route(HERE + "/frame", methods=["GET", "POST"])
async def mass_frame(request: Request, language: Language, programme: ProgrammeSlug = None) -> Response:
    """Show what a member would see of what stands in the form; it is shown inside of the form."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    request.state.headers.update(FRAMED)
    fields: Fields = await posted(request) if request.method == "POST" else {}
    channel = cast(ChannelName, first(fields, "preview_channel", "email"))
    spoken = first(fields, "preview_language", language)[:35]
    asked = Asked(first(fields, "template") or "campaign", spoken, channel)
    told = told_by(words_in(fields, ""), first(fields, "link"), spoken)
    try:
        if channel not in get_args(ChannelName):
            raise ProblemError("request-invalid")
        member_id = member_named(visitor.key, first(fields, "preview_member"), language)
        shown = await desk_of_templates(request).show(
            parts_of(request), visitor.key.tenant_id, programme, asked, member_id, told, site=site_of(request)
        )
    except ProblemError as refused:
        return _html(pages_of_templates.frame_of_faults(faults_of(refused), language))
    preview = preview_view(shown.content, shown.channel, shown.version, shown.from_member)
    return _html(pages_of_templates.frame_page(shown, preview, language))


@router.get(HERE + "/{mass_id}")
async def one_mass_page(request: Request, language: Language, mass_id: UUID) -> Response:
    """Show one as it stands, with what may be done."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    whole = await desk_of_mass(request).one(visitor.key.tenant_id, mass_id)
    return _shown(request, visitor, whole, language)


@router.get(HERE + "/{mass_id}/part")
async def mass_part(request: Request, language: Language, mass_id: UUID) -> Response:
    """What changes on that page, for its script."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return Response(status_code=401, headers=NO_STORE)
    whole = await desk_of_mass(request).one(visitor.key.tenant_id, mass_id)
    return remember(request, _html(one_page.part(whole, language)), visitor.session)


@router.post(HERE + "/{mass_id}")
async def steer_mass(request: Request, language: Language, mass_id: UUID) -> Response:
    """Do what a button says, and show what came of it."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    action = first(await posted(request), "do")
    desk = desk_of_mass(request)
    if action not in get_args(Action):
        raise ProblemError("not-found")
    try:
        await desk.steer(Caller(visitor.key, parts_of(request)), mass_id, cast(Action, action))
    except ProblemError as refused:
        said: Literal["own", "elsewhere"] = "own" if refused.code == "second-person-needed" else "elsewhere"
        whole = await desk.one(visitor.key.tenant_id, mass_id)
        told = PAGES.say(language, said)
        return _shown(request, visitor, whole, language, said=told, status=refused.kind.status)
    where = f"{HERE}/{mass_id}?lang={language}"
    return remember(request, RedirectResponse(where, status_code=303, headers=NO_STORE), visitor.session)


async def _newest(request: Request, visitor: Visitor) -> list[Seen]:
    async with parts_of(request).store.reading(visitor.key.tenant_id) as reading:
        return await masses.load(reading.connection, visitor.key.tenant_id, most=_MOST)


async def _overview(
    request: Request, visitor: Visitor, found: Sequence[Seen], language: str, *, said: str = ""
) -> Response:
    """The page of all, with who gets figures; `said` is what is wrong with a form on it."""
    may_write = visitor.key.allows(WRITE)
    programmes = [each.programme for each in named(await parts_of(request).programmes.of(visitor.key.tenant_id), None)]
    told = await desk_of_results(request).all(visitor.key.tenant_id)
    part = results_part.results_part(told, programmes, language, may_write=may_write, said=said)
    page = pages.overview(found, language, may_write=may_write, more=part)
    answer = HTMLResponse(page, status_code=422 if said else 200, headers=NO_STORE)
    return remember(request, answer, visitor.session)


def _wish(fields: Fields) -> Wish:
    """What the form of figures says.

    Raises:
        ValueError: a field says nothing of the kind.
    """
    every, hour, language = (first(fields, name) for name in ("every", "hour", "language"))
    clock = re.fullmatch("[0-9]{1,2}", hour) is not None and int(hour) <= _LAST_HOUR
    if every not in EVERY or language not in LANGUAGES or not clock:
        raise ValueError("every, hour, language")
    return Wish(first(fields, "address"), every, int(hour), language)


def _shown(
    request: Request, visitor: Visitor, whole: Whole, language: str, *, said: str = "", status: int = 200
) -> Response:
    caller = Caller(visitor.key, parts_of(request))
    may_write = visitor.key.allows(WRITE)
    page = one_page.one_page(whole, language, may_write=may_write, whoami=who(caller)[:64], said=said)
    return remember(request, HTMLResponse(page, status_code=status, headers=NO_STORE), visitor.session)


async def _form(
    request: Request,
    visitor: Visitor,
    programme: str | None,
    language: str,
    key: str,
    fields: Fields,
    faults: Mapping[str, Sequence[str]],
) -> Response:
    running = first_programme(await parts_of(request).programmes.of(visitor.key.tenant_id), programme)
    version = in_force(Caller(visitor.key, parts_of(request)), running)
    async with parts_of(request).store.reading(visitor.key.tenant_id) as reading:
        counts: Mapping[str, int] = await segments.load_counts(reading.connection, running.key)
    known = [
        (each.name, each.title or each.name, counts.get(each.name, 0)) for each in version.compiled.source.segments
    ]
    others = [each.programme for each in named(await parts_of(request).programmes.of(visitor.key.tenant_id), None)]
    form = Form(Segments(running.programme, version.zone.key, known), key, fields, faults)
    request.state.headers.update(FRAMING)
    page = pages.form_page(form, others, language)
    answer = HTMLResponse(page, status_code=422 if faults else 200, headers=NO_STORE)
    return remember(request, answer, visitor.session)


def _wanted(fields: Fields, caller: Caller, running: RunningProgramme) -> Wanted:
    zone = in_force(caller, running).zone
    try:
        return wanted_of(wanted_in(fields, zone))
    except WantedInvalid as invalid:
        raise problem(invalid) from None
    except Unreadable as unreadable:
        raise problem(WantedInvalid([(unreadable.field, "it can't be read")])) from None


def _told(refused: ProblemError, fields: Fields, language: str) -> Mapping[str, Sequence[str]]:
    """What is wrong with a form, at its fields."""
    paths = [path.removeprefix("body/").removeprefix("body") for path, _ in faults_of(refused)]
    first_form, second_form = ([each["language"] for each in words_in(fields, which)] for which in ("", "b-"))
    return at_fields(paths, Spoken(first_form, second_form), language)


def _html(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers=NO_STORE)
