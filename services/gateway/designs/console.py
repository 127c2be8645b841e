"""The pages of the designer, for who is signed in: styles, mails and landing pages, drafted and published."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from libs.design import landing, style_forms
from libs.design.style import Brand
from libs.design.versions import Draft
from libs.judging.versions import RunningProgramme
from libs.ledger.zones import load_zone
from libs.messages.template import Template
from libs.templates.images import MOST_BYTES
from services.gateway.designs import mails, pages
from services.gateway.designs.desk import check, desk_of_designs
from services.gateway.designs.doing import WRITING, At, Press, done, look_in, mail_in, seen_in
from services.gateway.designs.editor import MOST_FIELDS, What, posted, tab_of
from services.gateway.designs.looks import brand_of
from services.gateway.designs.pages import HERE, Form, Kept, Overview
from services.gateway.designs.words import DESIGNS
from services.gateway.door.access import parts_of, site_of
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.files.sending import chunks_of
from services.gateway.landing.pages import landing_page
from services.gateway.landing.routes import shown_page
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.quotes.api import one_programme
from services.gateway.running import named
from services.gateway.site.console_door import Visitor, lacking, let_in
from services.gateway.site.forms import fields_of
from services.gateway.site.markup import instant
from services.gateway.templates import pages as pages_of_templates
from services.gateway.templates.console import FRAMED, FRAMING, faults_of, member_named
from services.gateway.templates.desk import Asked, desk_of_templates
from services.gateway.templates.views import preview_view

router = APIRouter(include_in_schema=False)
SCOPE, WRITE = "rules:read", "rules:publish"
_MOST = 500_000
_POLICY = "Content-Security-Policy"
# A page of ours inside of the form: no script runs in it, and nothing is sent.
_PAGE_FRAMED = {
    _POLICY: "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
Name = Annotated[str, Query(max_length=200)]
Part = Annotated[What, Path()]


@router.get(HERE)
async def designs_page(request: Request, language: Language) -> Response:
    """Show what is designed in every programme of the company."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    found = []
    for running in named(await parts_of(request).programmes.of(visitor.key.tenant_id), None):
        async with desk_of_designs(request).store.opened(visitor.key.tenant_id, running.programme) as opened:
            styles, shown = await opened.heads("style"), await opened.heads("page")
            drafts, visits = await opened.drafts(), await opened.all_visits()
        async with desk_of_templates(request).store.opened(visitor.key.tenant_id, running.programme) as templates:
            heads = await templates.heads()
        made = [
            (mails.named(each.place), each.place.name, each.place.language, each.version)
            for each in heads
            if each.template is not None and each.template.blocks and each.place.channel == "email"
        ]
        public = f"/p/{running.tenant}/{running.programme}"
        zone = _zone(request, running)
        found.append(Overview(running.programme, public, zone, styles, shown, drafts, made, visits))
    return remember(request, _html(pages.overview(found, language)), visitor.session)


@router.post(f"{HERE}/picture")
async def keep_picture(request: Request, language: Language) -> Response:
    """Keep a picture that the form sends."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return JSONResponse({}, status_code=403)
    body = bytearray()
    async for chunk in chunks_of(request, MOST_BYTES):
        body += chunk
        if len(body) > MOST_BYTES:
            raise ProblemError("body-too-large", f"At most {MOST_BYTES} bytes are taken.")
    found = await desk_of_designs(request).keep_picture(visitor.key.tenant_id, bytes(body))
    return JSONResponse({"digest": found.digest}, headers=NO_STORE)


@router.get(f"{HERE}/{{what}}")
async def edit(
    request: Request,
    language: Language,
    what: Part,
    name: Name = "",
    message: Name = "",
    reader: Name = "",
    brand: Name = "",
    programme: ProgrammeSlug = None,
) -> Response:
    """Show the form of a design: its draft, else what is in force."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    if what == "mail" and not name:
        name = f"{message}/{reader or language}/email/{brand}"
    at = await _at(request, visitor, what, name.strip(), programme)
    return await _edited(request, visitor, at, language)


@router.post(f"{HERE}/{{what}}")
async def change(
    request: Request, language: Language, what: Part, name: Name = "", programme: ProgrammeSlug = None
) -> Response:
    """Do what a button says with what stands in the form, and show what came of it."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST, MOST_FIELDS)
    do = fields.get("do", "")
    if do.partition(".")[0] in WRITING and not visitor.key.allows(WRITE):
        return lacking(HERE, language, WRITE)
    at = await _at(request, visitor, what, name, programme)
    document = posted(what, fields, load_zone(_zone(request, at.running)))
    seen = seen_in(fields)
    try:
        said = await done(Press(request, visitor, at, document, fields, language))
    except ProblemError as refused:
        return await _edited(request, visitor, at, language, document, fields, seen, faults=faults_of(refused))
    if do in ("publish", "discard") or do.startswith("restore"):
        return await _edited(request, visitor, at, language, said=said)
    revision = seen + 1 if do == "save" else seen
    return await _edited(request, visitor, at, language, document, fields, revision, said=said)


@router.api_route(f"{HERE}/{{what}}/frame", methods=["GET", "POST"])
async def frame(
    request: Request, language: Language, what: Part, name: Name = "", programme: ProgrammeSlug = None
) -> Response:
    """Show what comes of what stands in the form; it is shown inside of the form."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    at = await _at(request, visitor, what, name, programme)
    fields = await fields_of(request, _MOST, MOST_FIELDS) if request.method == "POST" else {}
    document = (
        posted(what, fields, load_zone(_zone(request, at.running)))
        if fields
        else (await _begun(request, visitor, at))[0]
    )
    try:
        text, headers = await _shown(request, visitor, at, document, fields, language)
    except ProblemError as refused:
        text, headers = pages_of_templates.frame_of_faults(faults_of(refused), language), FRAMED
    request.state.headers.update(headers)
    return _html(text)


async def _shown(
    request: Request, visitor: Visitor, at: At, document: dict[str, Any], fields: dict[str, str], language: str
) -> tuple[str, dict[str, str]]:
    if at.what == "page":
        page = landing.read(check("page", at.name, document))
        tab = tab_of(document, fields, language)
        path = f"/p/{at.running.tenant}/{at.running.programme}/{at.name}"
        return landing_page(await shown_page(request, at.running, page, path, tab, None)), _PAGE_FRAMED
    if at.what == "style":
        brand = at.name or brand_of(request, at.running)
        look = look_in(check("style", at.name, document), site_of(request))
        if fields.get("do") == "show.page":
            return pages.sample_page(look, brand, language), _PAGE_FRAMED
        asked: Template | Asked = Asked("points_credited", language, "email", brand)
        shown = await desk_of_templates(request).show(
            parts_of(request), at.running.tenant_id, at.running.programme, asked, None, site=site_of(request), look=look
        )
    else:
        member_id = member_named(visitor.key, fields.get("member", "").strip(), language)
        draft = mail_in(at, document)
        shown = await desk_of_templates(request).show(
            parts_of(request), at.running.tenant_id, at.running.programme, draft, member_id, site=site_of(request)
        )
    preview = preview_view(shown.content, shown.channel, shown.version, shown.from_member)
    return pages_of_templates.frame_page(shown, preview, language), FRAMED


async def _at(request: Request, visitor: Visitor, what: What, name: str, programme: str | None) -> At:
    """Find what is edited.

    Raises:
        ProblemError: there is no such programme, or no design can have such a name.
    """
    found = await parts_of(request).programmes.of(visitor.key.tenant_id)
    running = one_programme(found, programme, "/query/programme")
    if what == "mail":
        mails.place_named(name)
    elif what == "page" and not landing.NAME.fullmatch(name):
        raise ProblemError("request-invalid", "A page is named by small letters, digits and hyphens.")
    return At(what, name, running, {"name": name, "programme": running.programme})


async def _begun(request: Request, visitor: Visitor, at: At) -> tuple[dict[str, Any], Draft | None]:
    """Return what the form begins with: the draft, else what is in force, else a beginning."""
    tenant_id = visitor.key.tenant_id
    async with desk_of_designs(request).store.opened(tenant_id, at.running.programme) as opened:
        drafts = await opened.drafts(at.kind, at.name)
        if drafts:
            return dict(drafts[0].source), drafts[0]
        kept = [] if at.what == "mail" else await opened.versions(at.what, at.name)
    if kept and kept[0].source is not None:
        return dict(kept[0].source), None
    if at.what == "style":
        return style_forms.told(Brand()), None
    if at.what == "page":
        return dict(landing.SAMPLE), None
    asked = Asked(at.place.name, at.place.language, "email", at.place.brand)
    taken = await desk_of_templates(request).taken(tenant_id, at.running.programme, asked)
    return mails.begun(at.place, taken.template), None


async def _versions(request: Request, visitor: Visitor, at: At, language: str) -> list[Kept]:
    zone, tenant_id = _zone(request, at.running), visitor.key.tenant_id
    if at.what == "mail":
        async with desk_of_templates(request).store.opened(tenant_id, at.running.programme) as templates:
            found: list[Any] = list(await templates.versions(at.place))
    else:
        async with desk_of_designs(request).store.opened(tenant_id, at.running.programme) as opened:
            found = list(await opened.versions(at.what, at.name))
    return [
        Kept(
            each.version,
            each.state,
            instant(each.published_at, zone, language),
            each.published_by,
            each.note or "",
        )
        for each in found
    ]


async def _edited(
    request: Request,
    visitor: Visitor,
    at: At,
    language: str,
    document: dict[str, Any] | None = None,
    fields: dict[str, str] | None = None,
    revision: int = 0,
    *,
    said: str = "",
    faults: tuple[tuple[str, str], ...] = (),
) -> Response:
    begun, draft = await _begun(request, visitor, at)
    told, given = (begun, {}) if document is None else (document, fields or {})
    if document is None and draft is not None:
        revision = draft.revision
    versions = await _versions(request, visitor, at, language)
    shown = f"/p/{at.running.tenant}/{at.running.programme}/{at.name}"
    declared = mails.declared_of(at.place, told).declared() if at.what == "mail" else {}
    form = Form(
        at.what, at.query, at.name or DESIGNS.say(language, "own"), told, tab_of(told, given, language), revision,
        "" if draft is None else draft.saved_by, versions, declared, said, faults,
        given.get("member", ""), given.get("to", ""), shown if at.what == "page" and versions else "",
        load_zone(_zone(request, at.running)),
    )  # fmt: skip
    request.state.headers.update(FRAMING)
    status = 422 if faults else 200
    answer = HTMLResponse(pages.edit_page(form, language), status_code=status, headers=NO_STORE)
    return remember(request, answer, visitor.session)


def _zone(request: Request, running: RunningProgramme) -> str:
    version = running.at(parts_of(request).clock.now())
    return "UTC" if version is None else version.zone.key


def _html(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers=NO_STORE)
