"""The operations on segments: who is in which, why, and the lists that people keep."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field

from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.judging.versions import RunningProgramme
from libs.promotions.compile import CompiledProgramme
from libs.promotions.describe import Words
from libs.promotions.segments import Segment
from libs.segments import reading as segments
from libs.segments.explain import explain
from libs.segments.finding import Look
from libs.segments.known import Rules
from libs.segments.lists import Entry, entry_named
from libs.segments.postgres import load
from libs.segments.rules import rules_of
from services.gateway.door.access import Caller, MembersReader, MembersWriter
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Language, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.quotes.api import one_programme
from services.gateway.rules.bodies import Body, body_of, read_body
from services.gateway.rules.desk import desk_of
from services.gateway.segments.list_upload import MEDIA_TYPE, Upload, Uploads, is_csv
from services.gateway.segments.views import (
    ListChangedView,
    ListUploadedView,
    MemberSegmentsView,
    SegmentMember,
    SegmentMembersPage,
    SegmentsView,
    explained_view,
    segment_views,
)

router = APIRouter(prefix="/v1")
SegmentName = Annotated[str, Path(description="The segment's name in the programme.", examples=["regulars"])]
Entries = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=100)], ...],
    Field(max_length=10_000, description="Members, each by id or by an identifier such as `card:123456`."),
]


class ListChange(Body):
    """Who comes on a list, and who goes."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"add": ["card:123456", "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"], "remove": []}}
    )

    add: Entries = ()
    remove: Entries = ()


_BODY = body_of(ListChange)
_BODY["requestBody"]["content"][MEDIA_TYPE] = {"schema": {"type": "string"}, "example": "card\n123456\n"}


@router.get(
    "/segments",
    operation_id="listSegments",
    summary="Segments and how many members each has",
    tags=["members"],
    responses=refusals("programme-needed", "request-invalid"),
)
async def list_segments(caller: MembersReader, language: Language, programme: ProgrammeSlug = None) -> SegmentsView:
    """List the segments of the programme in force with exact counts, and what each asks for in words."""
    running, compiled, rules = await _in_force(caller, programme)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        counts = await segments.load_counts(reading.connection, running.key)
        waiting = await segments.count_waiting(reading.connection, running.key, caller.parts.clock.now())
    told = segment_views(rules.segments, counts, Words(compiled, language))
    return SegmentsView(programme=running.programme, data=told, waiting=waiting)


@router.get(
    "/segments/{segment}/members",
    operation_id="listSegmentMembers",
    summary="The members of a segment",
    tags=["members"],
    responses=refusals("cursor-invalid", "not-found", "programme-needed", "request-invalid"),
)
async def list_segment_members(
    request: Request,
    response: Response,
    caller: MembersReader,
    segment: SegmentName,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> SegmentMembersPage:
    """List members with since when each is in the segment, in the order of their ids."""
    running, _, rules = await _in_force(caller, programme)
    name = _named(rules, segment).name
    listing = f"segment {caller.tenant_id} {running.programme_id} {name}"
    place = read_place(caller.parts.cursors, cursor, listing)
    after = None if place is None else place.receipt
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await segments.load_members(reading.connection, running.key, name, after, limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = caller.parts.cursors.write(Place(0, receipt=found[-1].member_id), listing) if more else None
    link_next(request, response, following)
    data = tuple(SegmentMember(member_id=each.member_id, entered_at=each.entered_at) for each in found)
    return SegmentMembersPage(data=data, next_cursor=following, has_more=more)


@router.post(
    "/segments/{segment}/members",
    operation_id="changeSegmentList",
    summary="Put members on a list, or take them off",
    tags=["members"],
    response_model=ListChangedView | ListUploadedView,
    responses=refusals(
        "body-not-json",
        "body-too-large",
        "body-too-slow",
        "file-unreadable",
        "media-type-unsupported",
        "not-found",
        "programme-needed",
        "programme-unknown",
        "request-invalid",
    ),
    openapi_extra=_BODY,
)
async def change_segment_list(
    request: Request,
    caller: MembersWriter,
    segment: SegmentName,
    programme: ProgrammeSlug = None,
    remove: Annotated[bool, Query(description="Of CSV: take these members off the list.")] = False,
    dry_run: Annotated[bool, Query(description="Of CSV: look every row up, and change nothing.")] = False,
) -> ListChangedView | ListUploadedView:
    """Change a static list: all of it or nothing; sent again it changes nothing more, so no key is needed.

    CSV, up to 16 MiB, has a header with a column `member_id`, `card`, `phone`, `email` or the like; each row that names
    nobody is told, and the others count. Whoever comes on the list is in its segment within a second or two. For larger
    files there is `pointstream segments import`.
    """
    body = None if is_csv(request) else await read_body(request, ListChange)
    running, _, rules = await _in_force(caller, programme)
    name = _named(rules, segment)
    if not name.list:
        fault = FieldError(pointer="/path/segment", detail="no list: its members follow from what it asks")
        raise ProblemError("request-invalid", errors=[fault])
    if body is None:
        uploads = Uploads(desk_of(request).store, caller.parts.clock, caller.parts.names)
        upload = Upload(caller.tenant_id, running.programme, name.name, remove, dry_run)
        return await uploads.of_request(request, upload)
    if remove or dry_run:
        fault = FieldError(pointer="/query", detail="`remove` and `dry_run` go with CSV; JSON says `add` and `remove`")
        raise ProblemError("request-invalid", errors=[fault])
    coming_in, going_out = (_entries(field, getattr(body, field), caller.parts.names) for field in ("add", "remove"))
    now = caller.parts.clock.now()
    async with desk_of(request).store.opened(caller.tenant_id, running.programme) as opened:
        coming = await segments.find(opened.connection, running.key, coming_in)
        going = await segments.find(opened.connection, running.key, going_out)
        ids = [each for each in coming if each is not None], [each for each in going if each is not None]
        added, removed = await segments.change_list(
            opened.connection, now, running.key, name.name, add=ids[0], remove=ids[1]
        )
    sent = zip((*body.add, *body.remove), (*coming, *going), strict=True)
    unknown = tuple(text for text, member_id in sent if member_id is None)
    return ListChangedView(added=added, removed=removed, unknown=unknown)


@router.get(
    "/members/{member_id}/segments",
    operation_id="listMemberSegments",
    summary="Which segments a member is in, and why",
    tags=["members"],
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_segments(
    caller: MembersReader, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> MemberSegmentsView:
    """Tell of every segment of the programme whether the member is in it, since when, and how each condition stands."""
    now = caller.parts.clock.now()
    known = await caller.parts.programmes.of(caller.tenant_id)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        running = known.by_key()[caller.tenant_id, member.programme_id]
        version = running.at(now)
        if version is None or not version.compiled.source.segments:
            return MemberSegmentsView(member_id=member_id, programme=member.programme, data=())
        rules = rules_of(version.compiled.source, version.zone)
        name = (*running.key, member_id)
        present = (await load(reading.connection, [name], rules, now))[name]
        since = await segments.load_segments_of(reading.connection, running.key, member_id)
    look, words = Look(rules, present.known, now), Words(version.compiled, language)
    told = [explained_view(explain(each, look, words), since.get(each.name)) for each in rules.segments]
    return MemberSegmentsView(member_id=member_id, programme=member.programme, data=tuple(told))


async def _in_force(caller: Caller, programme: str | None) -> tuple[RunningProgramme, CompiledProgramme, Rules]:
    """The programme that is meant, and its segments in force."""
    known = await caller.parts.programmes.of(caller.tenant_id)
    running = one_programme(known, programme, "/query/programme")
    version = running.at(caller.parts.clock.now())
    if version is None:
        fault = FieldError(pointer="/query/programme", detail="no version of it is in force yet")
        raise ProblemError("programme-needed", errors=[fault])
    return running, version.compiled, rules_of(version.compiled.source, version.zone)


def _named(rules: Rules, name: str) -> Segment:
    found = next((each for each in rules.segments if each.name == name), None)
    if found is None:
        raise ProblemError("not-found", "The programme in force has no segment of this name; see `GET /v1/segments`.")
    return found


def _entries(field: str, texts: tuple[str, ...], names: IdentifierNames) -> list[Entry]:
    found = [entry_named(text, names) for text in texts]
    faults = [
        FieldError(pointer=f"/body/{field}/{at}", detail=f"expected {entry.detail}")
        for at, entry in enumerate(found)
        if isinstance(entry, Rejection)
    ]
    if faults:
        raise ProblemError("request-invalid", errors=faults[:100])
    return [entry for entry in found if isinstance(entry, Entry)]
