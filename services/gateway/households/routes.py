"""The operations on households. Redemption decides who belongs to one, under the caller's Idempotency-Key."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from libs.contracts.households import PATH, HouseholdAsk, HouseholdView, MemberHouseholdView, Operation
from services.gateway.codes.asking import client_of, keyed, needs_adjusting, respond, whose
from services.gateway.codes.bodies import MemberBody
from services.gateway.door.access import Caller, PointsReader, PointsSpender
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.households import reading as households
from services.gateway.households.bodies import (
    AnswerBody,
    DepartBody,
    DissolveBody,
    FoundBody,
    InviteBody,
    RoleBody,
)
from services.gateway.members.lookup import one_member
from services.gateway.redemptions.bodies import described, read_body
from services.gateway.redemptions.routes import KEYED

router = APIRouter(prefix="/v1", tags=["households"])
_OF_MEMBER = ("member-unknown", "member-merged", "programme-needed", "version-unknown", "household-not-offered")
_OF_ONE = ("household-unknown", "household-dissolved", "member-unknown", "programme-needed", "version-unknown")
_BY_OWNER = ("household-not-allowed", "scope-missing")
_OWNER, _ADULT = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11", "0190a5b0-8d4f-7e63-8e2f-6b307d1c9f22"
HouseholdId = Annotated[
    UUID, Path(description="The household's id.", examples=["0190b7aa-1c2d-7e3f-8a4b-5c6d7e8f9a0b"])
]


@router.post(
    "/households",
    operation_id="foundHousehold",
    summary="Found a household",
    status_code=201,
    response_model=HouseholdView,
    responses=refusals(*KEYED, *_OF_MEMBER, "household-already"),
    openapi_extra=described(FoundBody, {"member_id": _OWNER}),
)
async def found_household(request: Request, caller: PointsSpender, programme: ProgrammeSlug = None) -> Response:
    """Found a household with its first member, who is its owner; what members share is the programme's to say."""
    body, document = await read_body(request, FoundBody)
    return await _ask(request, caller, "found", document, body, programme)


@router.post(
    "/households/{household_id}/invitations",
    operation_id="inviteToHousehold",
    summary="Ask a member to join",
    response_model=HouseholdView,
    responses=refusals(*KEYED, *_OF_ONE, *_BY_OWNER, "household-not-offered", "household-already", "household-full"),
    openapi_extra=described(InviteBody, {"member_id": _ADULT, "role": "adult", "by_member_id": _OWNER}),
)
async def invite_to_household(
    request: Request, caller: PointsSpender, household_id: HouseholdId, programme: ProgrammeSlug = None
) -> Response:
    """Ask a member to belong to a household, as one of its owners or as an operator. Nobody does before they agree."""
    body, document = await read_body(request, InviteBody)
    told = {"household_id": household_id, "role": body.role, "by_id": _by(caller, body.by_member_id)}
    return await _ask(request, caller, "invite", document, body, programme, **told)


@router.post(
    "/households/{household_id}/answers",
    operation_id="answerHouseholdInvitation",
    summary="A member's word on an invitation",
    response_model=HouseholdView,
    responses=refusals(
        *KEYED, *_OF_ONE, "household-not-offered", "household-not-invited", "household-already", "household-full"
    ),
    openapi_extra=described(AnswerBody, {"member_id": _ADULT, "accept": True}),
)
async def answer_household_invitation(
    request: Request, caller: PointsSpender, household_id: HouseholdId, programme: ProgrammeSlug = None
) -> Response:
    """Tell that a member agrees to belong to a household, or does not: after this, others may spend what is shared."""
    body, document = await read_body(request, AnswerBody)
    told = {"household_id": household_id, "accept": body.accept}
    return await _ask(request, caller, "answer", document, body, programme, **told)


@router.post(
    "/households/{household_id}/roles",
    operation_id="changeHouseholdRole",
    summary="Give a member another role",
    response_model=HouseholdView,
    responses=refusals(
        *KEYED, *_OF_ONE, *_BY_OWNER, "household-not-offered", "household-not-a-member", "household-needs-owner"
    ),
    openapi_extra=described(RoleBody, {"member_id": _ADULT, "role": "owner", "by_member_id": _OWNER}),
)
async def change_household_role(
    request: Request, caller: PointsSpender, household_id: HouseholdId, programme: ProgrammeSlug = None
) -> Response:
    """Change what a member is in a household, and so what they may spend of the others. One owner stays."""
    body, document = await read_body(request, RoleBody)
    told = {"household_id": household_id, "role": body.role, "by_id": _by(caller, body.by_member_id)}
    return await _ask(request, caller, "change_role", document, body, programme, **told)


@router.post(
    "/households/{household_id}/departures",
    operation_id="leaveHousehold",
    summary="A member leaves, or is removed",
    response_model=HouseholdView,
    responses=refusals(*KEYED, *_OF_ONE, *_BY_OWNER, "household-not-a-member"),
    openapi_extra=described(DepartBody, {"member_id": _ADULT, "by_member_id": _ADULT}),
)
async def leave_household(
    request: Request, caller: PointsSpender, household_id: HouseholdId, programme: ProgrammeSlug = None
) -> Response:
    """Let a member go with all of their own lots, or take an invitation back.

    Where the last owner goes, the adult who has been there longest becomes one; without an adult it is dissolved.
    """
    body, document = await read_body(request, DepartBody)
    told = {"household_id": household_id, "by_id": _by(caller, body.by_member_id)}
    return await _ask(request, caller, "depart", document, body, programme, **told)


@router.post(
    "/households/{household_id}/dissolution",
    operation_id="dissolveHousehold",
    summary="End a household",
    response_model=HouseholdView,
    responses=refusals(*KEYED, "household-unknown", *_BY_OWNER, "version-unknown"),
    openapi_extra=described(DissolveBody, {"by_member_id": _OWNER}),
)
async def dissolve_household(request: Request, caller: PointsSpender, household_id: HouseholdId) -> Response:
    """End a household for all: each has what is their own. What was spent comes back to whose it was, also later."""
    body, document = await read_body(request, DissolveBody)
    told = {"household_id": household_id, "by_id": _by(caller, body.by_member_id)}
    return await _ask(request, caller, "dissolve", document, None, None, **told)


@router.get(
    "/households/{household_id}",
    operation_id="getHousehold",
    summary="A household",
    responses=refusals("household-unknown", "request-invalid"),
)
async def get_household(caller: PointsReader, household_id: HouseholdId) -> HouseholdView:
    """Tell who belongs to a household, and who is asked to."""
    programmes = await caller.parts.programmes.of(caller.tenant_id)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await households.one(reading, household_id, programmes, caller.parts.clock.now())
    if found is None:
        raise ProblemError("household-unknown")
    return found


@router.get(
    "/members/{member_id}/household",
    operation_id="getMemberHousehold",
    summary="A member's household and purse",
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def get_member_household(
    caller: PointsReader, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> MemberHouseholdView:
    """Tell what a member may spend, of their own and of the others, and who asks the member to join; also in words."""
    now = caller.parts.clock.now()
    programmes = await caller.parts.programmes.of(caller.tenant_id)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        document = households.document_of(programmes, caller.tenant_id, member.programme_id, now)
        return await households.of_member(reading, member, document, now, language)


def _by(caller: Caller, by_member_id: UUID | None) -> UUID | None:
    """Whose doing it is; an operator's takes a scope of its own."""
    if by_member_id is None:
        needs_adjusting(caller)
    return by_member_id


async def _ask(
    request: Request,
    caller: Caller,
    operation: Operation,
    document: Any,
    body: MemberBody | None,
    programme: str | None,
    **told: Any,
) -> Response:
    named = {} if body is None else (await whose(caller, body, programme))._asdict()
    ask = HouseholdAsk(operation, **keyed(request, caller, document), **named, **told)
    return respond(await client_of(request).ask_value(PATH, ask), 201 if operation == "found" else 200)
