"""The operations that block a member, and lift that."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from services.gateway.blocking.store import Blocks
from services.gateway.blocking.views import BlocksView, BlockView, block_view
from services.gateway.door.access import Caller, MembersReader, PointsAdjuster
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.rules.bodies import Body, body_of, read_body
from services.gateway.rules.desk import who
from services.gateway.running import named
from services.gateway.store import Member

router = APIRouter(prefix="/v1", tags=["members"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_OF_MEMBER = ("member-unknown", "programme-needed")


class BlockBody(Body):
    """Why a member is blocked."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "The card was stolen."}})

    reason: Annotated[str, Field(min_length=1, max_length=1000, description="Why, in words.")]


class LiftBody(Body):
    """Why a block is lifted."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "A new card was given out."}})

    note: Annotated[str | None, Field(min_length=1, max_length=1000, description="Why, in words.")] = None


@router.post(
    "/members/{member_id}/block",
    operation_id="blockMember",
    summary="Block a member",
    response_model=BlockView,
    responses=refusals(*_OF_MEMBER, *_BODY),
    openapi_extra=body_of(BlockBody),
)
async def block_member(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> BlockView:
    """Stop all cards of a member within five seconds: nothing new is redeemed, and receipts wait until it is lifted.

    Whoever is blocked already stays so, for the reason given first. What was redeemed or held before is not touched.
    """
    body = await read_body(request, BlockBody)
    member = await _member(caller, member_id, programme)
    now = caller.parts.clock.now()
    made = await blocks_of(request).block(caller.tenant_id, member, now, who(caller), body.reason)
    return block_view(made, member.programme)


@router.post(
    "/members/{member_id}/unblock",
    operation_id="unblockMember",
    summary="Lift the block of a member",
    response_model=BlockView,
    responses=refusals(*_OF_MEMBER, *_BODY, "block-unknown"),
    openapi_extra=body_of(LiftBody),
)
async def unblock_member(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> BlockView:
    """Let a member earn and redeem again. What was bought meanwhile is judged now, unless it was refused before."""
    body = await read_body(request, LiftBody)
    member = await _member(caller, member_id, programme)
    now = caller.parts.clock.now()
    lifted = await blocks_of(request).lift(caller.tenant_id, member, now, who(caller), body.note)
    if lifted is None:
        raise ProblemError("block-unknown")
    return block_view(lifted, member.programme)


@router.get(
    "/members/{member_id}/blocks",
    operation_id="listMemberBlocks",
    summary="The blocks of a member",
    responses=refusals(*_OF_MEMBER, "request-invalid"),
)
async def list_member_blocks(
    request: Request, caller: MembersReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> BlocksView:
    """Tell whether a member is blocked, since when and why, and was before; the last first."""
    member = await _member(caller, member_id, programme)
    found = await blocks_of(request).of_member(caller.tenant_id, member)
    return BlocksView(data=tuple(block_view(each, member.programme) for each in found))


@router.get("/blocks", operation_id="listBlocks", summary="Members who are blocked", responses=refusals())
async def list_blocks(request: Request, caller: MembersReader) -> BlocksView:
    """List the members of all programmes who are blocked, the last first: the newest 1,000 of each."""
    found = []
    for running in named(await caller.parts.programmes.of(caller.tenant_id), None):
        standing = await blocks_of(request).standing(caller.tenant_id, running.programme_id)
        found += [block_view(each, running.programme) for each in standing]
    return BlocksView(data=tuple(found))


def blocks_of(request: Request) -> Blocks:
    """Where blocks are put and lifted."""
    found: Blocks = request.app.state.blocks
    return found


async def _member(caller: Caller, member_id: MemberId, programme: str | None) -> Member:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        return await one_member(reading, member_id, programme)
