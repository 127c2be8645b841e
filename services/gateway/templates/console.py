"""The pages of templates, for who is signed in: what there is, a form with a preview, and publishing."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from libs.messages.content import ChannelName
from libs.messages.template import PARTS, Template
from libs.runtime.api_keys import ApiKey
from services.gateway.door.access import Caller, parts_of, site_of
from services.gateway.door.middleware import SECURITY_HEADERS
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.own_letters.desk import desk_of_own_letters
from services.gateway.rules.desk import who
from services.gateway.running import named
from services.gateway.site.console_door import Visitor, lacking, let_in
from services.gateway.site.forms import fields_of
from services.gateway.templates import pages
from services.gateway.templates.desk import Asked, Taken, desk_of_templates
from services.gateway.templates.pages import HERE, Form
from services.gateway.templates.views import preview_view, templates_view
from services.gateway.templates.words import TEMPLATES

router = APIRouter(include_in_schema=False)
SCOPE, WRITE, MEMBERS = "rules:read", "rules:publish", "members:read"
_MOST = 2_000_000
_POLICY = "Content-Security-Policy"
FRAMING = {_POLICY: f"{SECURITY_HEADERS[_POLICY]}; frame-src 'self'"}
# A message is a page of its own, with the styles that mail programs need, and shut in: no script runs, nothing is sent.
FRAMED = {
    _POLICY: "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox",
    "X-Frame-Options": "SAMEORIGIN",
}

Message = Annotated[str, Query(pattern="^[a-z][a-z0-9_]{0,62}$")]
Reader = Annotated[str, Query(max_length=35)]
Brand = Annotated[str, Query(max_length=64)]


@router.get("/templates")
async def templates_page(request: Request, language: Language) -> Response:
    """Show the messages of every programme of the company."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    found = []
    for running in named(await parts_of(request).programmes.of(visitor.key.tenant_id), None):
        async with desk_of_templates(request).store.opened(visitor.key.tenant_id, running.programme) as opened:
            found.append(templates_view(opened.slug, await opened.heads(), None))
    return remember(request, _html(pages.overview(found, language)), visitor.session)


@router.get("/templates/edit")
async def edit_template(
    request: Request,
    language: Language,
    message: Message,
    channel: ChannelName,
    reader: Reader = "",
    brand: Brand = "",
    programme: ProgrammeSlug = None,
) -> Response:
    """Show the form of a template."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    asked = Asked(message, reader or language, channel, brand)
    taken = await desk_of_templates(request).taken(visitor.key.tenant_id, programme, asked)
    form = Form(asked, programme or "", taken, taken.template.parts)
    return await _edited(request, visitor, form, language)


@router.post("/templates/edit")
async def change_template(
    request: Request,
    language: Language,
    message: Message,
    channel: ChannelName,
    reader: Reader = "",
    brand: Brand = "",
    programme: ProgrammeSlug = None,
) -> Response:
    """Check what stands in the form, or publish it; and say what came of it."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST)
    publishing, trying = (fields.get("what") == what for what in ("publish", "test"))
    if (publishing or trying) and not visitor.key.allows(WRITE):
        return lacking(HERE, language, WRITE)
    asked = Asked(message, reader or language, channel, brand)
    desk = desk_of_templates(request)
    draft = _draft(asked, fields, await desk.taken(visitor.key.tenant_id, programme, asked))
    note = fields.get("note", "").strip()[:1_000]
    said = ""
    faults: tuple[tuple[str, str], ...] = ()
    try:
        caller = Caller(visitor.key, parts_of(request))
        if publishing:
            found, new = await desk.publish(visitor.key.tenant_id, programme, draft, who(caller), note or None)
            said = TEMPLATES.say(language, "published" if new else "same", version=found.version)
        elif trying:
            await _try(request, caller, programme, draft, fields, language)
            said = TEMPLATES.say(language, "tried")
        else:
            await desk.check(draft)
            said = TEMPLATES.say(language, "checked")
    except ProblemError as problem:
        faults = faults_of(problem)
    taken = await desk.taken(visitor.key.tenant_id, programme, asked)
    form = Form(
        asked, programme or "", taken, draft.parts, fields.get("member", ""), note, said, faults, fields.get("to", "")
    )
    return await _edited(request, visitor, form, language)


async def _try(
    request: Request, caller: Caller, programme: str | None, draft: Template, fields: dict[str, str], language: str
) -> None:
    """Send what stands in the form to the address beside it."""
    member_id = member_named(caller.key, fields.get("member", "").strip(), language)
    desk = desk_of_own_letters(request)
    name = UUID(bytes=desk.random(16), version=4)
    to = fields.get("to", "").strip()
    await desk.test(caller, programme, draft, member_id, to, (name, name.bytes), site=site_of(request))


@router.api_route("/templates/frame", methods=["GET", "POST"])
async def template_frame(
    request: Request,
    language: Language,
    message: Message,
    channel: ChannelName,
    reader: Reader = "",
    brand: Brand = "",
    programme: ProgrammeSlug = None,
) -> Response:
    """Show what a member would see of what is taken, or of what stands in the form; it is shown inside of the form."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    request.state.headers.update(FRAMED)
    asked = Asked(message, reader or language, channel, brand)
    desk, tenant_id = desk_of_templates(request), visitor.key.tenant_id
    what: Template | Asked = asked
    member = ""
    if request.method == "POST":
        fields = await fields_of(request, _MOST)
        member = fields.get("member", "").strip()
        what = _draft(asked, fields, await desk.taken(tenant_id, programme, asked))
    try:
        member_id = member_named(visitor.key, member, language)
        shown = await desk.show(parts_of(request), tenant_id, programme, what, member_id, site=site_of(request))
    except ProblemError as problem:
        return _html(pages.frame_of_faults(faults_of(problem), language))
    preview = preview_view(shown.content, shown.channel, shown.version, shown.from_member)
    return _html(pages.frame_page(shown, preview, language))


def _draft(asked: Asked, fields: dict[str, str], taken: Taken) -> Template:
    """The template that stands in the form: for whom was asked, with what was there of variables and purpose."""
    parts = {part: text.replace("\r\n", "\n") for part in PARTS if (text := fields.get(part, "")).strip()}
    before = taken.template
    return Template(
        asked.message, asked.language or "", asked.channel, parts, asked.brand, before.purpose, before.variables
    )


def member_named(key: ApiKey, text: str, language: str) -> UUID | None:
    """Whose data a preview shows: the member of this id, if who looks may see members; None without an id.

    Raises:
        ProblemError: it is no id, or they may not.
    """
    if not text:
        return None
    if not key.allows(MEMBERS):
        raise ProblemError("scope-missing", TEMPLATES.say(language, "member.scope"))
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError("request-invalid", TEMPLATES.say(language, "member.invalid")) from None


def faults_of(problem: ProblemError) -> tuple[tuple[str, str], ...]:
    """What is wrong, as places and reasons."""
    if problem.errors:
        return tuple([(each.pointer.lstrip("/"), each.detail) for each in problem.errors])
    return (("-", problem.detail or problem.kind.title),)


async def _edited(request: Request, visitor: Visitor, form: Form, language: str) -> Response:
    running = named(await parts_of(request).programmes.of(visitor.key.tenant_id), form.programme or None)
    version = running[0].at(parts_of(request).clock.now()) if running else None
    zone = "UTC" if version is None else version.zone.key
    request.state.headers.update(FRAMING)
    status = 422 if form.faults else 200
    answer = HTMLResponse(pages.edit_page(form, zone, language), status_code=status, headers=NO_STORE)
    return remember(request, answer, visitor.session)


def _html(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers=NO_STORE)
