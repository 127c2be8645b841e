"""What is to be known before two members are merged."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.gateway.door.access import MembersReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.members.merge_views import EXAMPLE_OTHER, MergePreview, preview

router = APIRouter(prefix="/v1")
Into = Annotated[UUID, Query(description="Who would go on.", examples=[EXAMPLE_OTHER])]


@router.get(
    "/members/{member_id}/merge-preview",
    operation_id="previewMerge",
    summary="What a merge of two members would do",
    tags=["members"],
    responses=refusals("member-unknown", "request-invalid", "programme-needed"),
)
async def preview_merge(
    caller: MembersReader, member_id: MemberId, into: Into, programme: ProgrammeSlug = None
) -> MergePreview:
    """Tell what would go to the other member, and what stands in the way; `POST /v1/members/{id}:merge` does it."""
    if member_id == into:
        raise ProblemError("request-invalid", errors=[FieldError(pointer="/query/into", detail="another member")])
    now = caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        other = await one_member(reading, into, member.programme)
        ledger, others = await reading.ledger(member), await reading.ledger(other)
    return preview(member, other, ledger, others, now)
