"""The operations on a programme as a whole: its document, its versions, what another would change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from libs.programmes.draft import Draft, draft_of
from libs.programmes.telling import told_version
from libs.programmes.versions import Versions
from libs.promotions.document import ProgrammeInvalid
from services.gateway.door.access import RulesPublisher, RulesReader
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.rules.bodies import Publishing, Restoring, body_of, document_problem, read_body
from services.gateway.rules.desk import (
    IF_MATCH,
    PUBLISHING,
    desk_of,
    in_thread,
    plan_view,
    seen_by,
    version_view,
)
from services.gateway.rules.store import Opened
from services.gateway.rules.views import PlanView, ProgrammeView, PublishedView, VersionsPage

router = APIRouter(prefix="/v1")
VersionNumber = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="Which version; without it, the one in force.")
]


@router.get(
    "/programme",
    operation_id="getProgramme",
    summary="The programme as a document",
    tags=["rules"],
    responses=refusals("programme-unknown", "version-unknown", "programme-needed", "request-invalid"),
)
async def get_programme(
    request: Request,
    response: Response,
    caller: RulesReader,
    version: VersionNumber = None,
    programme: ProgrammeSlug = None,
) -> ProgrammeView:
    """Tell the whole document of a version, with its `ETag`."""
    desk = desk_of(request)
    now = desk.clock.now()
    async with desk.store.opened(caller.tenant_id, programme) as opened:
        versions = await opened.versions(now)
        in_force = versions.in_force(now)
        wanted = in_force if version is None else versions.numbered(version)
        if wanted is None:
            raise ProblemError("version-unknown")
        document = versions.programmes.get(wanted.number) or await opened.document(wanted.number)
        slug = opened.slug
    response.headers["ETag"] = wanted.etag
    told = {"programme": slug, **told_version(wanted, in_force=wanted == in_force)}
    return ProgrammeView.model_validate(
        told | {"document": document.model_dump(mode="json", by_alias=True, exclude_none=True)}
    )


@router.get(
    "/programme/versions",
    operation_id="listProgrammeVersions",
    summary="All versions, newest first",
    tags=["rules"],
    responses=refusals("cursor-invalid", "programme-unknown", "programme-needed", "request-invalid"),
)
async def list_programme_versions(
    request: Request,
    response: Response,
    caller: RulesReader,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> VersionsPage:
    """List versions: from when on they count, who published them, why, and what they changed."""
    desk = desk_of(request)
    listing = f"versions {caller.tenant_id} {programme or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    now = desk.clock.now()
    async with desk.store.opened(caller.tenant_id, programme) as opened:
        versions = await opened.versions(now)
        slug = opened.slug
    found = [each for each in reversed(versions.all) if place is None or each.number < place.seq]
    more, found = len(found) > limit, found[:limit]
    following = caller.parts.cursors.write(Place(found[-1].number), listing) if more else None
    link_next(request, response, following)
    in_force = versions.in_force(now)
    data = tuple([version_view(slug, each, in_force=each == in_force) for each in found])
    return VersionsPage(data=data, next_cursor=following, has_more=more)


@router.post(
    "/programme:plan",
    operation_id="planProgramme",
    summary="What a document would change",
    tags=["rules"],
    response_model=PlanView,
    responses=refusals(*PUBLISHING),
    openapi_extra=body_of(Publishing),
)
async def plan_programme(request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None) -> PlanView:
    """Tell what publishing a document would change, field by field and in words. Nothing is done."""
    body = await read_body(request, Publishing)
    draft = await _draft(body)
    return plan_view(await desk_of(request).plan(caller, programme, draft, body.wish()))


@router.put(
    "/programme",
    operation_id="putProgramme",
    summary="Publish a document as the next version",
    tags=["rules"],
    response_model=PublishedView,
    responses=refusals(*PUBLISHING, "precondition-failed", "precondition-missing"),
    openapi_extra=body_of(Publishing, IF_MATCH),
)
async def put_programme(
    request: Request, response: Response, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> PublishedView:
    """Publish a document. It counts five seconds from now at the earliest; what happened before is judged as it was.

    The same document again changes nothing, so a repeat is safe.
    """
    seen = seen_by(request)
    body = await read_body(request, Publishing)
    draft = await _draft(body)

    async def make(*_: object) -> Draft:
        return draft

    told = await desk_of(request).publish(caller, programme, body, make, seen, place="document")
    response.headers["ETag"] = _etag(told)
    return told


@router.post(
    "/programme:rollback",
    operation_id="rollBackProgramme",
    summary="Take an earlier version up again",
    tags=["rules"],
    response_model=PublishedView,
    responses=refusals(*PUBLISHING, "version-unknown", "precondition-failed", "precondition-missing"),
    openapi_extra=body_of(Restoring, IF_MATCH),
)
async def roll_back_programme(
    request: Request, response: Response, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> PublishedView:
    """Publish an earlier version's document as a new version. What was judged meanwhile stays judged."""
    seen = seen_by(request)
    body = await read_body(request, Restoring)

    async def make(opened: Opened, _: Versions, now: datetime) -> Draft:
        return await opened.to_restore(body.to, now)

    told = await desk_of(request).publish(caller, programme, body, make, seen, place="")
    response.headers["ETag"] = _etag(told)
    return told


async def _draft(body: Publishing) -> Draft:
    try:
        return await in_thread(lambda: draft_of(body.document))
    except ProgrammeInvalid as invalid:
        raise document_problem(invalid, "document") from None


def _etag(told: PublishedView) -> str:
    return f'"{told.version.version}-{told.version.hash[:16]}"'
