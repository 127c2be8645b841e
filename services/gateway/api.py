"""The operations of the API, version 1."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from msgspec.structs import replace

from libs.ledger.evolve import as_of
from libs.ledger.keeping import read_spans
from libs.segments.reading import load_segments_of
from services.gateway.door.access import MembersReader, PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import (
    At,
    CursorText,
    IdentifierText,
    KnownAt,
    Limit,
    MemberId,
    ProgrammeSlug,
)
from services.gateway.members import shown as members
from services.gateway.members.journal_store import journal
from services.gateway.members.lookup import one_member
from services.gateway.members.tier_store import changes_of, tiers_of
from services.gateway.members.tier_views import MemberWithTiers, TierChanges, change_views, tier_views
from services.gateway.store import Until
from services.gateway.views import (
    Conservation,
    ConservationEquation,
    Found,
    HistoryPage,
    MemberReference,
)

router = APIRouter(prefix="/v1")


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
    response_model=MemberWithTiers,
    responses={
        308: {"description": "The member was merged into another, who is at `Location`."},
        **refusals("member-unknown", "request-invalid", "programme-needed"),
    },
)
async def get_member(
    request: Request,
    caller: MembersReader,
    member_id: MemberId,
    at: At = None,
    known_at: KnownAt = None,
    programme: ProgrammeSlug = None,
) -> MemberWithTiers | Response:
    """Tell a member's points per wallet, now or at another instant, and what comes and what lapses next.

    For an instant that has passed, what took effect since is left out; for one to come, dates are looked ahead to.
    `known_at` leaves out what was recorded later: together they say what we believed then. `known_at` alone is the
    balance of that instant as it was told at it. Tiers and segments are those of now. The id of a member who was
    merged into another leads there; the history stays where it was made.
    """
    now = caller.parts.clock.now()
    instant = at or known_at or now
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        if member.merged_into is not None:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/v1/members/{member.merged_into}{query}", status_code=308)
        wallets = await reading.wallets(member.programme_id, now)
        if instant >= now and known_at is None:
            ledger = await reading.ledger(member)
        else:
            movements = await journal(reading, member)
            # In a thread: a member with years of movements takes long enough to hold up other requests.
            ledger = await asyncio.to_thread(as_of, member.member_id, movements, instant, known_at)
            ledger = replace(ledger, keeps=read_spans(member.keeps))
        tiers = await tiers_of(reading, member, now)
        segments = await load_segments_of(reading.connection, (caller.tenant_id, member.programme_id), member_id)
    shown = members.member_view(member, ledger, wallets, instant, known_at)
    return MemberWithTiers(**dict(shown), tiers=tier_views(tiers, member, now), segments=tuple(sorted(segments)))


@router.get(
    "/members/{member_id}/tiers",
    operation_id="listMemberTierChanges",
    summary="Every change of a member's tiers, newest first",
    tags=["members"],
    responses=refusals("member-unknown", "request-invalid", "programme-needed"),
)
async def list_member_tier_changes(
    caller: MembersReader, member_id: MemberId, limit: Limit = 50, programme: ProgrammeSlug = None
) -> TierChanges:
    """List the last changes: from which level to which, why, on which figures, and until when it holds."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        return change_views(await changes_of(reading, member, limit))


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
    at: At = None,
    known_at: KnownAt = None,
    programme: ProgrammeSlug = None,
) -> HistoryPage:
    """List movements, and events that moved nothing. Reading on with a cursor never skips or repeats an entry.

    A cursor belongs to the `at` and `known_at` that it was given for.
    """
    until = Until(at, known_at)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        listing = f"history {caller.tenant_id} {member.programme_id} {member_id}{members.until_name(until)}"
        place = read_place(caller.parts.cursors, cursor, listing)
        entries = await reading.history(member, place, limit + 1, until=until)
        more, entries = len(entries) > limit, entries[:limit]
        parts = await reading.parts(member, [entry.seq for entry in entries if entry.outcome is None])
        decisions = await reading.decisions({entry.cause for entry in entries})
    following = caller.parts.cursors.write(entries[-1].place, listing) if more else None
    link_next(request, response, following)
    return HistoryPage(data=members.history_entries(entries, parts, decisions), next_cursor=following, has_more=more)


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
