"""The pages of posts, for who is signed in: write one, look at it, publish it, watch it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.judging.versions import RunningProgramme
from libs.language.catalogue import LANGUAGES
from libs.posts import postgres as posts
from libs.posts.states import Action
from libs.posts.wanted import Post, PostInvalid, post_of
from libs.runtime.keys import event_id
from services.gateway.door.access import Caller, parts_of
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.intake.idempotency import digest
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.mass.desk import in_force
from services.gateway.mass.form import Fields, Unreadable, first, instant_in
from services.gateway.planning.forms import posted
from services.gateway.posts import pages
from services.gateway.posts.desk import Whole, desk_of_posts
from services.gateway.posts.faulty import at_fields
from services.gateway.posts.pages import HERE, Form
from services.gateway.posts.words import PAGES
from services.gateway.quotes.api import first_programme
from services.gateway.rules.desk import who
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.templates.console import faults_of

router = APIRouter(include_in_schema=False)
SCOPE, WRITE = "rules:read", "rules:publish"
_MOST = 50


@router.get(HERE)
async def posts_page(request: Request, language: Language, programme: ProgrammeSlug = None) -> Response:
    """List posts of every programme of the company, and show the form of a new one."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    return await _overview(request, visitor, programme, language, desk_of_posts(request).random(16).hex(), {}, {})


@router.post(HERE)
async def draft_from_form(request: Request, language: Language, programme: ProgrammeSlug = None) -> Response:
    """Keep the draft in the form, and lead to its page; or say what is wrong."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    fields = await posted(request)
    key = first(fields, "key")[:64]
    running = first_programme(await parts_of(request).programmes.of(visitor.key.tenant_id), programme)
    caller = Caller(visitor.key, parts_of(request))
    name = UUID(event_id(str(visitor.key.tenant_id), f"{visitor.key.key_id}\x1fconsole", "post", key, 0))
    try:
        wanted = _wanted(fields, caller, running)
        whole = await desk_of_posts(request).make(caller, running, (name, digest(wanted.model_dump_json())), wanted)
    except ProblemError as refused:
        paths = [path.removeprefix("body/").removeprefix("body") for path, _ in faults_of(refused)]
        spoken = [each for each in LANGUAGES if first(fields, f"text-{each}")]
        told = at_fields(paths, spoken, language)
        return await _overview(request, visitor, programme, language, key, fields, told)
    where = f"{HERE}/{whole.seen.post_id}?lang={language}"
    return remember(request, RedirectResponse(where, status_code=303, headers=NO_STORE), visitor.session)


@router.get(HERE + "/{post_id}")
async def one_post_page(request: Request, language: Language, post_id: UUID) -> Response:
    """Show one as it looks and stands, with what may be done."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    return _shown(request, visitor, await desk_of_posts(request).one(visitor.key.tenant_id, post_id), language)


@router.get(HERE + "/{post_id}/part")
async def post_part(request: Request, language: Language, post_id: UUID) -> Response:
    """What changes on that page, for its script."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return Response(status_code=401, headers=NO_STORE)
    whole = await desk_of_posts(request).one(visitor.key.tenant_id, post_id)
    body = pages.part(whole.seen, whole.pages, language)
    return remember(request, HTMLResponse(body, headers=NO_STORE), visitor.session)


@router.post(HERE + "/{post_id}")
async def steer_post_page(request: Request, language: Language, post_id: UUID) -> Response:
    """Do what a button says, and show what came of it."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    action, desk = first(await posted(request), "do"), desk_of_posts(request)
    if action not in get_args(Action):
        raise ProblemError("not-found")
    try:
        await desk.steer(Caller(visitor.key, parts_of(request)), post_id, cast(Action, action))
    except ProblemError as refused:
        told = PAGES.say(language, "own" if refused.code == "second-person-needed" else "elsewhere")
        whole = await desk.one(visitor.key.tenant_id, post_id)
        return _shown(request, visitor, whole, language, said=told, status=refused.kind.status)
    where = f"{HERE}/{post_id}?lang={language}"
    return remember(request, RedirectResponse(where, status_code=303, headers=NO_STORE), visitor.session)


async def _overview(
    request: Request,
    visitor: Visitor,
    programme: str | None,
    language: str,
    key: str,
    fields: Fields,
    faults: Mapping[str, Sequence[str]],
) -> Response:
    form = None
    if visitor.key.allows(WRITE):
        running = first_programme(await parts_of(request).programmes.of(visitor.key.tenant_id), programme)
        zone = in_force(Caller(visitor.key, parts_of(request)), running).zone
        form = Form(running.programme, zone.key, key, fields, faults)
    async with parts_of(request).store.reading(visitor.key.tenant_id) as reading:
        found = await posts.load(reading.connection, visitor.key.tenant_id, most=_MOST)
    page = pages.overview(found, form, language)
    answer = HTMLResponse(page, status_code=422 if faults else 200, headers=NO_STORE)
    return remember(request, answer, visitor.session)


def _shown(
    request: Request, visitor: Visitor, whole: Whole, language: str, *, said: str = "", status: int = 200
) -> Response:
    whoami = who(Caller(visitor.key, parts_of(request)))[:64]
    may_write = visitor.key.allows(WRITE)
    page = pages.one_page(whole.seen, whole.pages, language, may_write=may_write, whoami=whoami, said=said)
    return remember(request, HTMLResponse(page, status_code=status, headers=NO_STORE), visitor.session)


def _wanted(fields: Fields, caller: Caller, running: RunningProgramme) -> Post:
    said = {each: first(fields, f"text-{each}") for each in LANGUAGES}
    found: dict[str, object] = {
        "name": first(fields, "name"),
        "words": [{"language": each, "text": text} for each, text in said.items() if text],
        "pages": first(fields, "pages").replace(",", " ").split(),
    }
    found |= {name: value for name in ("link", "picture") if (value := first(fields, name))}
    try:
        if starts := first(fields, "starts_at"):
            found["starts_at"] = instant_in(starts, in_force(caller, running).zone)
        return post_of(found)
    except Unreadable as unreadable:
        faults = [FieldError(pointer=f"/body/{unreadable.field}", detail="it can't be read")]
    except PostInvalid as invalid:
        faults = [FieldError(pointer=f"/body/{path.replace('.', '/')}", detail=why) for path, why in invalid.faults]
    raise ProblemError("request-invalid", errors=faults)
