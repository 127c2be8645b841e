"""Orders of rewards: listed, brought on step by step, and exchanged with suppliers as CSV."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field

from libs.catalogue import postgres as catalogue
from libs.catalogue.exchange import ORDER_COLUMNS, order_row, read_states, write_csv
from libs.catalogue.flow import State
from libs.catalogue.kinds.registry import kind_of
from libs.catalogue.postgres import Wanted
from libs.contracts.orders import OrderAsk, OrderView
from libs.contracts.primitives import Name64, Name256
from libs.contracts.redemption import Ask, RedemptionView
from services.gateway.catalogue.order_reading import order_views, personal_answers
from services.gateway.catalogue.views import OrderOnBoard, OrdersPage, RowFault, StatesImported
from services.gateway.door.access import Caller, RewardsReader, RewardsWriter
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.files.sending import chunks_of
from services.gateway.intake.idempotency import digest
from services.gateway.members.lookup import one_member
from services.gateway.redemptions.bodies import described, read_body
from services.gateway.redemptions.routes import KEYED, OF_ORDER, client_of, follow
from services.gateway.rules.bodies import Body
from services.gateway.rules.desk import desk_of

router = APIRouter(prefix="/v1", tags=["rewards"])
OrderId = Annotated[UUID, Path(description="The order.", examples=["0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"])]
_WHERE = ("programme-unknown", "programme-needed", "request-invalid")
_MOST_BYTES = 8 * 1024 * 1024
_MOST_ORDERS = 5_000
_OPEN = ("ordered", "approved", "shipped", "booked")


class AdvanceBody(Body):
    """To which state an order comes, and what is said with it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"state": "shipped", "tracking": "DE-4711-0815", "by": "partner"}}
    )

    state: State = Field(description="The next state: one of the order's `next`.")
    tracking: Name64 | None = Field(default=None, description="By which the parcel is found.")
    note: Name256 | None = Field(default=None, description="What the member is told with it.")
    by: Literal["operator", "partner"] = Field(default="operator", description="Whose doing it is.")


@router.get(
    "/orders",
    operation_id="listOrders",
    summary="Orders of rewards, newest first",
    responses=refusals("cursor-invalid", *_WHERE),
)
async def list_orders(
    request: Request,
    response: Response,
    caller: RewardsReader,
    state: Annotated[list[State] | None, Query(description="Only in these states.")] = None,
    kind: Annotated[str | None, Query(max_length=32, description="Only of this kind.")] = None,
    reference: Annotated[str | None, Query(max_length=64, description="Only of this reward.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> OrdersPage:
    """List orders with their steps. What members said about themselves is told order by order."""
    listing = f"orders {caller.tenant_id} {programme or ''} {state} {kind} {reference}"
    place = read_place(caller.parts.cursors, cursor, listing)
    wanted = Wanted(None if state is None else tuple(state), kind, reference)
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        found = await catalogue.load_orders(opened.connection, opened.where.key, wanted, _after(place), limit + 1)
        views = await order_views(opened.connection, found[:limit])
    return _page(request, response, caller, views, listing, more=len(found) > limit)


@router.get(
    "/members/{member_id}/orders",
    operation_id="listMemberOrders",
    summary="A member's orders, newest first",
    responses=refusals("cursor-invalid", "member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_orders(
    request: Request,
    response: Response,
    caller: RewardsReader,
    member_id: MemberId,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> OrdersPage:
    """List what a member ordered: how far each is, and what can be used."""
    listing = f"orders of {caller.tenant_id} {member_id} {programme or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        name = (caller.tenant_id, member.programme_id, member_id)
        found = await catalogue.load_orders_of(reading.connection, name, _after(place), limit + 1)
        views = await order_views(reading.connection, found[:limit])
    return _page(request, response, caller, views, listing, more=len(found) > limit)


@router.get(
    "/orders/{order_id}",
    operation_id="getOrder",
    summary="An order, with what is needed to deliver it",
    responses=refusals("order-unknown", "request-invalid"),
)
async def get_order(request: Request, caller: RewardsWriter, order_id: OrderId) -> OrderOnBoard:
    """Tell an order with its steps, and with the address or whatever else was said about the member."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await catalogue.load_order(reading.connection, caller.tenant_id, order_id)
        if found is None:
            raise ProblemError("order-unknown")
        (view,) = await order_views(reading.connection, [found])
        told = await personal_answers(reading.connection, [found], request.app.state.seal)
    return OrderOnBoard(**dict(view), personal=dict(told.get(order_id, {})))


@router.post(
    "/orders/{order_id}/advance",
    operation_id="advanceOrder",
    summary="Bring an order to its next state",
    response_model=RedemptionView,
    responses=refusals(*KEYED, "order-unknown", "redemption-unknown", "member-merged", "step-not-possible", *OF_ORDER),
    openapi_extra=described(AdvanceBody, {"state": "shipped", "tracking": "DE-4711-0815", "by": "partner"}),
)
async def advance_order(request: Request, caller: RewardsWriter, order_id: OrderId) -> Response:
    """Tell that an order was approved, shipped, delivered, returned or failed: what logistics report.

    What was returned or failed gives its points back. The same state again changes nothing.
    """
    body, document = await read_body(request, AdvanceBody)
    order = OrderAsk(state=body.state, note=body.note, tracking=body.tracking)
    return await follow(request, caller, "advance", order_id, document, by=body.by, order=order)


@router.get(
    "/orders.csv",
    operation_id="exportOrders",
    summary="Open orders, for whoever delivers them",
    response_class=Response,
    responses=refusals(*_WHERE)
    | {200: {"description": "The orders.", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_orders(
    request: Request,
    caller: RewardsWriter,
    kind: Annotated[str | None, Query(max_length=32, description="Only of this kind.")] = None,
    reference: Annotated[str | None, Query(max_length=64, description="Only of this reward.")] = None,
    programme: ProgrammeSlug = None,
) -> Response:
    """Write the orders that wait for somebody, with what is needed to deliver them; up to 5,000.

    Send the same rows back with `next_state`, and `tracking` or `note`, to `POST /v1/orders`.
    """
    wanted = Wanted(_OPEN, kind, reference)
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        found = await catalogue.load_orders(opened.connection, opened.where.key, wanted, None, _MOST_ORDERS)
        told = await personal_answers(opened.connection, found, request.app.state.seal)
    rows = [order_row(order, told.get(order.order_id, {})) for _, order in found]
    headers = {"Content-Disposition": 'attachment; filename="orders.csv"'}
    return Response(write_csv(ORDER_COLUMNS, rows), media_type="text/csv; charset=utf-8", headers=headers)


_STATES: dict[str, Any] = {
    "requestBody": {
        "description": "The orders with their next states.",
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "order_id,next_state,tracking\n0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50,shipped,DE-4711\n",
            }
        },
    }
}


@router.post(
    "/orders",
    operation_id="importOrderStates",
    summary="What a supplier says of orders",
    response_model=StatesImported,
    responses=refusals(
        "body-too-large", "body-too-slow", "media-type-unsupported", "redemption-away", "request-invalid"
    ),
    openapi_extra=_STATES,
)
async def import_order_states(
    request: Request,
    caller: RewardsWriter,
    dry_run: Annotated[bool, Query(description="Check every row, and change nothing.")] = False,
) -> StatesImported:
    """Bring orders to the `next_state` of each row. A wrong row is told, and the others count.

    Sent again it changes nothing more, so no key is needed.
    """
    content = b"".join([piece async for piece in chunks_of(request, _MOST_BYTES)])
    try:
        rows = list(read_states(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise ProblemError("media-type-unsupported", "CSV comes as UTF-8.") from None
    faults, advanced = [], 0
    for row in rows:
        fault = row.fault
        if fault is None and row.state is not None:
            order = OrderAsk(state=row.state, note=row.note, tracking=row.tracking)
            fault = await _advance(request, caller, row.order_id, order, dry_run=dry_run)
        if fault is None:
            advanced += 1
        else:
            faults.append(RowFault(line=row.line, pointer="/next_state", detail=fault))
    return StatesImported(
        rows=len(rows), advanced=advanced, rejected=len(faults), faults=tuple(faults), dry_run=dry_run
    )


async def _advance(request: Request, caller: Caller, order_id: str, wanted: OrderAsk, *, dry_run: bool) -> str | None:
    """Bring one order on, or only see whether that is possible; else say why it is not."""
    try:
        name = UUID(order_id)
    except ValueError:
        return "order_id: expected the id of an order"
    if dry_run:
        async with caller.parts.store.reading(caller.tenant_id) as reading:
            found = await catalogue.load_order(reading.connection, caller.tenant_id, name)
            if found is None:
                return "No order of your company has this id."
            order = found[1]
            kept = await catalogue.load_reward(reading.connection, found[0][:2], order.reference, order.version)
        flow = None if kept is None else kind_of(kept.reward.what).flow(kept.reward.what)
        state = next((each for each in flow.states if each == wanted.state), None) if flow else None
        possible = state is not None and flow is not None and (order.state == state or flow.may(order.state, state))
        return None if possible else f"{wanted.state} does not follow on {order.state}."
    # The state is the key: the same row again is the same request.
    key = digest(f"orders {order_id} {wanted.state} {wanted.tracking} {wanted.note}")
    ask = Ask(
        "advance", caller.tenant_id, caller.key.key_id, key=key, fingerprint=key, redemption_id=name, by="partner",
        order=wanted,
    )  # fmt: skip
    try:
        await client_of(request).ask(ask)
    except ProblemError as problem:
        if problem.kind.code == "redemption-away":
            raise
        return problem.detail or problem.kind.title
    return None


def _after(place: Place | None) -> tuple[Any, UUID] | None:
    return None if place is None or place.receipt is None else (place.recorded_at, place.receipt)


def _page(
    request: Request, response: Response, caller: Caller, views: list[OrderView], listing: str, *, more: bool
) -> OrdersPage:
    last = Place(0, views[-1].asked_at, views[-1].order_id) if more else None
    following = None if last is None else caller.parts.cursors.write(last, listing)
    link_next(request, response, following)
    return OrdersPage(data=tuple(views), next_cursor=following, has_more=more)
