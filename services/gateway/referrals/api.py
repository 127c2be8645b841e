"""The operations on referrals: codes, whom members brought in, and what waits for a person."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from libs.referral.codes import read_code
from libs.runtime.clock import monotonic
from services.gateway.door.access import MembersReader, MembersWriter
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Language, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.door.quotas import Quotas
from services.gateway.members.lookup import one_member
from services.gateway.referrals import store as referral_store
from services.gateway.referrals.store import Codes
from services.gateway.referrals.views import (
    CodeChecked,
    MemberReferrals,
    ReferralCode,
    ReferralsPage,
    ReferralWithChanges,
    State,
    code_view,
    member_view,
    referral_view,
    with_changes,
)
from services.gateway.running import named

router = APIRouter(prefix="/v1")
LOOKS, LOOKS_WINDOW = 30, 60.0
"""So many codes may be looked up with a key in so many seconds: enough for people, too few to guess."""
_NO_CODE = "0" * 12
_OF_MEMBER = ("member-unknown", "request-invalid", "programme-needed")
StateText = Annotated[State | None, Query(description="Only referrals in this state.", examples=["held"])]
CodeText = Annotated[
    str, Path(min_length=1, max_length=32, description="A code, as it was written.", examples=["K7M2-XW4P-9RTA"])
]
FriendId = Annotated[UUID, Path(description="The friend's id.", examples=["0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e22"])]


@router.post(
    "/members/{member_id}/referral-code",
    operation_id="makeReferralCode",
    summary="The code that a member gives to friends",
    tags=["members"],
    responses=refusals(*_OF_MEMBER),
)
async def make_referral_code(
    request: Request, caller: MembersWriter, member_id: MemberId, programme: ProgrammeSlug = None
) -> ReferralCode:
    """Give a member's code. It is made when it is asked for first, and then always the same."""
    codes: Codes = request.app.state.codes
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    return code_view(member, await codes.code_of(caller.tenant_id, member, caller.parts.clock.now()))


@router.get(
    "/members/{member_id}/referrals",
    operation_id="getMemberReferrals",
    summary="Whom a member brought in",
    tags=["members"],
    responses=refusals(*_OF_MEMBER),
)
async def get_member_referrals(
    caller: MembersReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> MemberReferrals:
    """Tell how many friends a member invited, how many came to what it takes, what that brought and what comes next."""
    running = await caller.parts.programmes.of(caller.tenant_id)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        code = await referral_store.known_code(reading, member)
        own = await referral_store.of_friend(reading, member)
        brought = await referral_store.of_referrer(reading, member)
    (found,) = named(running, member.programme)
    return member_view(member, code, own, brought, found, caller.parts.clock.now())


@router.get(
    "/referral-codes/{code}",
    operation_id="checkReferralCode",
    summary="Whether a code is one",
    tags=["members"],
    responses=refusals("request-invalid"),
)
async def check_referral_code(
    request: Request, caller: MembersReader, code: CodeText, programme: ProgrammeSlug = None
) -> CodeChecked:
    """Tell whether a friend can name a code, and not whose it is. A key may ask 30 times a minute."""
    looks: Quotas = request.app.state.looks
    verdict = looks.take(caller.key.key_id, monotonic())
    if not verdict.allowed:
        raise ProblemError(
            "quota-exceeded",
            f"Try again in {verdict.retry_after} s.",
            headers={"Retry-After": str(verdict.retry_after)},
            violated=("referral-codes",),
        )
    # What can be no code is looked up like any other, so that the time it takes tells nothing.
    read = read_code(code)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        known = await referral_store.is_known(reading, read or _NO_CODE, programme)
    return CodeChecked(valid=known and read is not None)


@router.get(
    "/referrals",
    operation_id="listReferrals",
    summary="Referrals, newest first",
    tags=["members"],
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_referrals(
    request: Request,
    response: Response,
    caller: MembersReader,
    language: Language,
    state: StateText = None,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> ReferralsPage:
    """List friends who were brought in, with where each referral stands; `state=held` waits for a person."""
    listing = f"referrals {caller.tenant_id} {state or ''} {programme or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await referral_store.listed(reading, programme, state, place, limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = None
    if more:
        following = caller.parts.cursors.write(Place(0, found[-1].changed_at, found[-1].friend_id), listing)
    link_next(request, response, following)
    data = tuple([referral_view(kept, language) for kept in found])
    return ReferralsPage(data=data, next_cursor=following, has_more=more)


@router.get(
    "/referrals/{friend_id}",
    operation_id="getReferral",
    summary="A referral and all that became of it",
    tags=["members"],
    responses=refusals(*_OF_MEMBER),
)
async def get_referral(
    caller: MembersReader, friend_id: FriendId, language: Language, programme: ProgrammeSlug = None
) -> ReferralWithChanges:
    """Tell where the referral of a friend stands, and how it came to that: what persons decided, and why."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        friend = await one_member(reading, friend_id, programme)
        kept = await referral_store.of_friend(reading, friend)
        changes = await referral_store.changes(reading, friend)
    if kept is None:
        raise ProblemError("member-unknown", "Nobody brought this member in.")
    return with_changes(kept, changes, language)
