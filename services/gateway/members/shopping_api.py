"""The operation that tells what and how a member buys."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from services.gateway.door.access import ReceiptsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.members import shopping, shopping_store
from services.gateway.members.lookup import one_member
from services.gateway.members.shopping_views import ShoppingView

router = APIRouter(prefix="/v1")
Months = Annotated[int, Query(ge=1, le=60, description="How many calendar months back from now.")]


@router.get(
    "/members/{member_id}/shopping",
    operation_id="getMemberShopping",
    summary="What and how a member buys",
    tags=["members"],
    responses=refusals("member-unknown", "request-invalid", "programme-needed"),
)
async def get_member_shopping(
    caller: ReceiptsReader, member_id: MemberId, months: Months = 12, programme: ProgrammeSlug = None
) -> ShoppingView:
    """Tell a member's favourite products, basket values and purchase frequency, returns left out.

    It looks at the newest 2,000 receipts of the span; `cut` says when there were more.
    """
    now = caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        since = shopping.span_start(now, months, member.zone)
        known = await shopping_store.bought(reading, member, since)
    # In a thread: thousands of receipts take long enough to hold up other requests.
    return await asyncio.to_thread(shopping.shopping_view, member, known, since, now)
