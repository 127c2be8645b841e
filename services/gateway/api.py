"""The operations of the API, version 1."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BeforeValidator, WithJsonSchema

from libs.promotions.pages import StoredDecision
from libs.runtime.clock import parse_instant
from libs.runtime.keys import event_key
from services.gateway import members, receipts
from services.gateway.access import Caller, MembersReader, PointsReader, ReceiptsReader
from services.gateway.cursors import CursorInvalid
from services.gateway.openapi import refusals
from services.gateway.problems import FieldError, ProblemError
from services.gateway.programmes import Name
from services.gateway.receipt_views import ReceiptView
from services.gateway.store import Member, ProgrammeFacts, Reading
from services.gateway.views import (
    Conservation,
    ConservationEquation,
    Found,
    HistoryPage,
    MemberReference,
    MemberView,
)

router = APIRouter(prefix="/v1")


def _instant(text: object) -> datetime:
    try:
        instant = parse_instant(str(text))
    except OverflowError:
        raise ValueError("must lie in the years 1970 to 9998") from None
    if not 1970 <= instant.year <= 9998:
        raise ValueError("must lie in the years 1970 to 9998")
    return instant


MemberId = Annotated[UUID, Path(description="The member's id.", examples=["0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"])]
ProgrammeSlug = Annotated[
    str | None,
    Query(
        description="The programme, where your company has several.",
        pattern="^[a-z0-9][a-z0-9-]{0,62}$",
        examples=["main"],
    ),
]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
At = Annotated[
    Instant | None,
    Query(
        description="The instant to tell the balance of, RFC 3339; now when left out. A `+` is sent as `%2B`.",
        examples=["2024-03-31T22:00:00Z"],
    ),
]
IdentifierText = Annotated[
    str,
    Query(
        description="Kind and value as the till sends them; only an exact match is found.",
        pattern="^(card|virtual_card|nfc|invoice|phone|email|account):[^\\x00-\\x1f]{1,64}$",
        examples=["card:123456"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Entries a page.")]
CursorText = Annotated[str | None, Query(max_length=256, description="`next_cursor` of the page before.")]
SourcePath = Annotated[
    str,
    Path(
        description="The source of the receipt's event without its first slash; it may have several segments.",
        examples=["acme/pos/12/3"],
    ),
]
EventId = Annotated[str, Path(description="The id of the receipt's event; a slash as `%2F`.", examples=["R-1"])]


@router.get(
    "/members",
    operation_id="findMembers",
    summary="Find a member by identifier",
    tags=["members"],
    responses=refusals("request-invalid"),
)
async def find_members(caller: MembersReader, identifier: IdentifierText, programme: ProgrammeSlug = None) -> Found:
    """Find whose an identifier is. Nobody has it: an empty list."""
    kind, _, value = identifier.partition(":")
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await reading.by_identifier(caller.parts.names.of(kind, value), programme)
    return Found(data=tuple([MemberReference(programme=slug, member_id=member_id) for slug, member_id in found]))


@router.get(
    "/members/{member_id}",
    operation_id="getMember",
    summary="A member and the balance at an instant",
    tags=["members"],
    responses=refusals("member-unknown", "request-invalid", "programme-needed"),
)
async def get_member(
    caller: MembersReader, member_id: MemberId, at: At = None, programme: ProgrammeSlug = None
) -> MemberView:
    """Tell a member's points per wallet, now or at another instant, and what lapses next.

    For an instant that has passed, what happened since is left out; for one to come, dates are looked ahead to.
    """
    now = caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await _member(reading, member_id, programme)
        wallets = await reading.wallets(member.programme_id, now)
        ledger = await reading.ledger(member, at if at is not None and at < now else None)
    return members.member_view(member, ledger, wallets, at or now)


@router.get(
    "/members/{member_id}/history",
    operation_id="listMemberHistory",
    summary="Everything that happened to a member's points, newest first",
    tags=["members"],
    responses=refusals("cursor-invalid", "member-unknown", "request-invalid", "programme-needed"),
)
async def list_member_history(
    request: Request,
    response: Response,
    caller: PointsReader,
    member_id: MemberId,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> HistoryPage:
    """List movements, and receipts that brought nothing. Reading on with a cursor never skips or repeats an entry."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await _member(reading, member_id, programme)
        listing = f"history {caller.tenant_id} {member.programme_id} {member_id}"
        page = await _history_page(caller, reading, member, listing, limit, cursor)
    if page.next_cursor is not None:
        wanted = {"limit": limit, "cursor": page.next_cursor} | ({"programme": programme} if programme else {})
        response.headers["Link"] = f'<{request.url.path}?{urlencode(wanted)}>; rel="next"'
    return page


async def _history_page(
    caller: Caller, reading: Reading, member: Member, listing: str, limit: int, cursor: str | None
) -> HistoryPage:
    cursors = caller.parts.cursors
    try:
        after = None if cursor is None else cursors.read(cursor, listing)
    except CursorInvalid:
        raise ProblemError(
            "cursor-invalid", errors=[FieldError(pointer="/query/cursor", detail="not a cursor of this list")]
        ) from None
    entries = await reading.history(member, after, limit + 1)
    more, entries = len(entries) > limit, entries[:limit]
    parts = await reading.parts(member, [entry.seq for entry in entries if entry.outcome is None])
    decisions = await reading.decisions({entry.cause for entry in entries})
    return HistoryPage(
        data=members.history_entries(entries, parts, decisions),
        next_cursor=cursors.write(entries[-1].place, listing) if more else None,
        has_more=more,
    )


@router.get(
    "/receipts/{source:path}/{receipt_id:path}",
    operation_id="getReceipt",
    summary="What became of a receipt, in words and numbers",
    tags=["receipts"],
    responses=refusals("receipt-unknown"),
)
async def get_receipt(request: Request, caller: ReceiptsReader, source: SourcePath, receipt_id: EventId) -> ReceiptView:
    """Explain the decision on a receipt: what it brought, which campaigns paid, and why others did not."""
    # The parameters come decoded, so that a slash inside the id looks like one of the source: the path as sent knows.
    name = receipts.receipt_name(request.scope.get("raw_path") or request.url.path.encode())
    if name is None:
        raise ProblemError("receipt-unknown")
    key = event_key(*name)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        decision = (await reading.decisions([key])).get(key)
        if decision is None:
            raise ProblemError("receipt-unknown")
        programme = await reading.programme_of_source(decision.source)
        version = _judging_version(caller, decision, programme)
        known = None if version is None else caller.parts.versions.known(version)
        document = None if version is None or known else await reading.programme_version(*version[1:])
    compiled = known
    if version is not None and document is not None:
        compiled = await caller.parts.versions.compile(version, document)
    return receipts.receipt_view(decision, programme, compiled)


@router.get(
    "/conservation",
    operation_id="getConservation",
    summary="All points ever issued, and where they are",
    tags=["ledger"],
    responses=refusals("request-invalid"),
)
async def get_conservation(caller: PointsReader, programme: ProgrammeSlug = None) -> Conservation:
    """Tell the equation of each wallet of your company; its `difference` is 0. It reads the whole ledger."""
    at = caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        rows = await reading.conservation(at, programme)
    equations = [ConservationEquation.model_validate(row, from_attributes=True) for row in rows]
    return Conservation(as_of=at, data=tuple(equations))


async def _member(reading: Reading, member_id: UUID, programme: str | None) -> Member:
    found = await reading.members(member_id, programme)
    if not found:
        raise ProblemError("member-unknown")
    if len(found) > 1:
        raise ProblemError(
            "programme-needed", errors=[FieldError(pointer="/query/programme", detail="name one programme")]
        )
    return found[0]


def _judging_version(caller: Caller, decision: StoredDecision, programme: ProgrammeFacts | None) -> Name | None:
    if programme is None or decision.evaluation is None:
        return None
    return caller.tenant_id, programme.programme_id, decision.evaluation.version
