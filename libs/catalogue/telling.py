"""What is told of orders, prices and reasons: views for callers, and the payload of events. Pure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from libs.catalogue.flow import UNMADE, Flow
from libs.catalogue.kinds.base import Issued
from libs.catalogue.orders import Order
from libs.catalogue.pricing import Price
from libs.catalogue.reasons import Reason
from libs.contracts.orders import OrderView, PriceView, ReasonView, StepView, UsableView

_SAME = (
    "order_id", "reference", "version", "kind", "category", "state", "quantity", "cancelled", "points_back",
    "money_back", "store", "channel", "starts_on", "campaign", "asked_at", "ordered_at", "changed_at",
)  # fmt: skip
_TOLD = (
    "reference", "category", "state", "quantity", "cancelled", "points_back", "money_back", "store", "channel",
    "campaign",
)  # fmt: skip


def order_view(member_id: UUID, order: Order, flow: Flow) -> OrderView:
    """An order as a caller is told of it."""
    price = order.price
    return OrderView(
        **{name: getattr(order, name) for name in _SAME},
        member_id=member_id,
        next=() if order.state in UNMADE else flow.steps.get(order.state, ()),
        plan=price.plan,
        points=price.points,
        wallet=price.wallet,
        money_minor=price.money_minor,
        currency=price.currency,
        answers=dict(order.answers),
        usable=()
        if order.state in ("cancelled", "returned", "failed")
        else tuple(_usable(each) for each in order.issued),
        steps=tuple(StepView(**step._asdict()) for step in order.steps),
    )


def _usable(issued: Issued) -> UsableView:
    """A code of a pool is told by its id; whoever may know its text adds it."""
    if issued.shape == "pooled":
        return UsableView(shape="code", value="", valid_until=issued.valid_until, code_id=UUID(issued.value))
    return UsableView(shape=issued.shape, value=issued.value, valid_until=issued.valid_until)


def price_view(price: Price) -> PriceView:
    """A price as a caller is told of it."""
    return PriceView(**price._asdict())


def reason_view(reason: Reason, language: str) -> ReasonView:
    """A reason in the words of a language."""
    return ReasonView(code=reason.code, text=reason.words(language), figures=dict(reason.figures))


def event_data(member: str, order: Order) -> dict[str, Any]:
    """The payload of an event that tells of an order; it names nothing that the member could use."""
    price = order.price
    return {name: getattr(order, name) for name in _TOLD} | {
        "member_id": member,
        "order_id": str(order.order_id),
        "reward_kind": order.kind,
        "points": price.points,
        "money_minor": price.money_minor,
        "currency": price.currency,
    }
