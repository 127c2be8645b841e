"""The operations on designs: what is in force, what is wrong with one, drafts, publishing, pictures and visits."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from libs.design import landing, style_forms
from libs.design.style import Brand
from libs.design.versions import DraftKind, Kind
from libs.templates.images import MOST_BYTES
from services.gateway.designs.bodies import CheckingDesign, PublishingDesign, RestoringDesign, SavingDraft
from services.gateway.designs.desk import check, desk_of_designs
from services.gateway.designs.views import (
    CheckedDesignView,
    DesignsView,
    DesignVersionView,
    DesignView,
    DraftsView,
    DraftView,
    DroppedDraftView,
    PageVisitsView,
    PictureView,
    PublishedDesignView,
    SavedDraftView,
    visits_view,
)
from services.gateway.door.access import RulesPublisher, RulesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.files.sending import chunks_of
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import who

router = APIRouter(prefix="/v1")
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_PROGRAMME = ("programme-unknown", "programme-needed")
_PICTURE: dict[str, Any] = {
    "requestBody": {
        "description": "The picture.",
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg", "image/gif", "image/webp")
        },
    }
}
DesignKind = Annotated[Kind, Path(description="A brand's style, or a landing page.")]
DesignName = Annotated[
    str, Query(max_length=64, description="Of a style the brand, empty for the programme's own; of a page its name.")
]
PageName = Annotated[str, Path(pattern=f"^{landing.NAME.pattern}$", description="The page.", examples=["spring-sale"])]


@router.get(
    "/designs",
    operation_id="listDesigns",
    summary="Styles of brands and landing pages",
    tags=["designs"],
    responses=refusals(*_PROGRAMME, "request-invalid"),
)
async def list_designs(
    request: Request,
    caller: RulesReader,
    kind: Annotated[Kind, Query(description="Of which kind.")] = "style",
    programme: ProgrammeSlug = None,
) -> DesignsView:
    """List the last version of each design of a kind."""
    async with desk_of_designs(request).store.opened(caller.tenant_id, programme) as opened:
        return DesignsView(programme=opened.slug, data=tuple(map(DesignVersionView.of, await opened.heads(kind))))


@router.get(
    "/designs/{kind}",
    operation_id="getDesign",
    summary="A design in force",
    tags=["designs"],
    responses=refusals(*_PROGRAMME, "design-unknown", "request-invalid"),
)
async def get_design(
    request: Request, caller: RulesReader, kind: DesignKind, name: DesignName = "", programme: ProgrammeSlug = None
) -> DesignView:
    """Tell a design with its versions. A brand without a style has the one that comes with the platform."""
    async with desk_of_designs(request).store.opened(caller.tenant_id, programme) as opened:
        versions = await opened.versions(kind, name)
    listed = tuple(map(DesignVersionView.of, versions))
    if versions and versions[0].source is not None:
        head, source = versions[0], dict(versions[0].source)
        return DesignView(kind=kind, name=name, version=head.version, document=source, versions=listed)
    if kind == "page":
        raise ProblemError("design-unknown")
    return DesignView(kind=kind, name=name, version=0, document=style_forms.told(Brand()), versions=listed)


@router.post(
    "/designs:check",
    operation_id="checkDesign",
    summary="What is wrong with a design",
    tags=["designs"],
    response_model=CheckedDesignView,
    responses=refusals(*_BODY, "design-invalid"),
    openapi_extra=body_of(CheckingDesign),
)
async def check_design(request: Request, caller: RulesReader) -> CheckedDesignView:
    """Check a design as publishing would: texts that can't be read by WCAG AA are refused. Nothing is changed."""
    body = await read_body(request, CheckingDesign)
    name = body.name or ("page" if body.kind == "page" else "")
    return CheckedDesignView(document=check(body.kind, name, body.document))


@router.post(
    "/designs",
    operation_id="publishDesign",
    summary="Publish a design",
    tags=["designs"],
    response_model=PublishedDesignView,
    responses=refusals(*_BODY, *_PROGRAMME, "design-invalid"),
    openapi_extra=body_of(PublishingDesign),
)
async def publish_design(
    request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> PublishedDesignView:
    """Publish the next version; it is taken within seconds, and its draft is over. The same again changes nothing."""
    body = await read_body(request, PublishingDesign)
    named = (body.kind, body.name)
    found, new = await desk_of_designs(request).publish(
        caller.tenant_id, programme, named, body.document, who(caller), body.note
    )
    return PublishedDesignView(published=new, version=DesignVersionView.of(found))


@router.post(
    "/designs:rollback",
    operation_id="rollBackDesign",
    summary="Take up an earlier version of a design",
    tags=["designs"],
    response_model=PublishedDesignView,
    responses=refusals(*_BODY, *_PROGRAMME, "design-unknown"),
    openapi_extra=body_of(RestoringDesign),
)
async def roll_back_design(
    request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> PublishedDesignView:
    """Publish an earlier version again, by default the one before; 0 takes the design out of force."""
    body = await read_body(request, RestoringDesign)
    named = (body.kind, body.name)
    found = await desk_of_designs(request).restore(caller.tenant_id, programme, named, body.to, who(caller), body.note)
    return PublishedDesignView(published=True, version=DesignVersionView.of(found))


@router.get(
    "/drafts",
    operation_id="listDrafts",
    summary="Drafts of designs and templates",
    tags=["designs"],
    responses=refusals(*_PROGRAMME, "request-invalid"),
)
async def list_drafts(
    request: Request,
    caller: RulesReader,
    kind: Annotated[DraftKind | None, Query(description="Of one kind only.")] = None,
    programme: ProgrammeSlug = None,
) -> DraftsView:
    """List what somebody works on, the last saved first."""
    async with desk_of_designs(request).store.opened(caller.tenant_id, programme) as opened:
        return DraftsView(data=tuple(map(DraftView.of, await opened.drafts(kind))))


@router.put(
    "/drafts",
    operation_id="saveDraft",
    summary="Save a draft",
    tags=["designs"],
    response_model=SavedDraftView,
    responses=refusals(*_BODY, *_PROGRAMME, "draft-changed"),
    openapi_extra=body_of(SavingDraft),
)
async def save_draft(request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None) -> SavedDraftView:
    """Save a draft, whatever is wrong with it: nothing but the designer looks at it until it is published."""
    body = await read_body(request, SavingDraft)
    named = (body.kind, body.name)
    revision = await desk_of_designs(request).save(
        caller.tenant_id, programme, named, body.source, body.revision, who(caller)
    )
    return SavedDraftView(revision=revision)


@router.delete(
    "/drafts/{kind}",
    operation_id="dropDraft",
    summary="Throw a draft away",
    tags=["designs"],
    responses=refusals(*_PROGRAMME, "request-invalid"),
)
async def drop_draft(
    request: Request,
    caller: RulesPublisher,
    kind: Annotated[DraftKind, Path(description="Of which kind.")],
    name: Annotated[str, Query(max_length=200, description="Its name.")] = "",
    programme: ProgrammeSlug = None,
) -> DroppedDraftView:
    """Throw a draft away; what is published stays in force."""
    async with desk_of_designs(request).store.opened(caller.tenant_id, programme) as opened:
        return DroppedDraftView(dropped=await opened.drop_draft(kind, name))


@router.post(
    "/media",
    operation_id="addPicture",
    summary="Keep a picture",
    tags=["designs"],
    response_model=PictureView,
    responses=refusals("body-too-large", "body-too-slow", "picture-invalid"),
    openapi_extra=_PICTURE,
)
async def add_picture(request: Request, caller: RulesPublisher) -> PictureView:
    """Keep a picture for messages and pages, of at most 2 MiB. Whoever has its name sees it, and it never changes."""
    body = bytearray()
    async for chunk in chunks_of(request, MOST_BYTES):
        body += chunk
        if len(body) > MOST_BYTES:
            raise ProblemError("body-too-large", f"At most {MOST_BYTES} bytes are taken.")
    found = await desk_of_designs(request).keep_picture(caller.tenant_id, bytes(body))
    return PictureView(digest=found.digest, media_type=found.media_type, path=f"/media/{found.digest}")


@router.get(
    "/pages/{name}/visits",
    operation_id="getPageVisits",
    summary="How often a landing page was looked at",
    tags=["designs"],
    responses=refusals(*_PROGRAMME, "request-invalid"),
)
async def get_page_visits(
    request: Request, caller: RulesReader, name: PageName, programme: ProgrammeSlug = None
) -> PageVisitsView:
    """Tell day by day how often a page was looked at, and how often somebody joined by it."""
    async with desk_of_designs(request).store.opened(caller.tenant_id, programme) as opened:
        return visits_view(name, await opened.visits(name))
