"""What a member has had, as only the member may see it: with the texts of codes, and with what was said about them."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request

from libs.catalogue import postgres as catalogue
from libs.codes.postgres import texts
from libs.contracts.orders import OrderView
from libs.lives.life import MemberName
from services.gateway.catalogue.order_reading import order_views, personal_answers
from services.gateway.codes.asking import keeper_of
from services.gateway.store import Reading


async def had_by(request: Request, reading: Reading, name: MemberName, most: int, *, looks: bool) -> list[OrderView]:
    """Return so many orders of a member at most, the last first; whoever only `looks` sees nothing personal."""
    found = await catalogue.load_orders_of(reading.connection, name, None, most)
    if looks:
        views = await order_views(reading.connection, found)
        return [each.model_copy(update={"usable": ()}) for each in views]
    told = await personal_answers(reading.connection, found, request.app.state.seal)
    return [
        (await _with_texts(request, reading, each)).model_copy(
            update={"answers": {**each.answers, **told.get(each.order_id, {})}}
        )
        for each in await order_views(reading.connection, found)
    ]


async def _with_texts(request: Request, reading: Reading, order: OrderView) -> OrderView:
    """The order with the texts of its codes, for the member whose they are."""
    ids: list[UUID] = [each.code_id for each in order.usable if each.code_id is not None]
    if not ids:
        return order
    found = await texts(reading.connection, keeper_of(request), reading.tenant_id, ids)
    usable = tuple(
        each if each.code_id is None else each.model_copy(update={"value": found.get(each.code_id, "")})
        for each in order.usable
    )
    return order.model_copy(update={"usable": usable})
