"""Orders as rows, there and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import orjson

from libs.catalogue.kinds.base import Issued
from libs.catalogue.orders import Order, Step
from libs.catalogue.pricing import Price

MemberName = tuple[int, int, UUID]
_SAME = (
    "order_id", "reference", "version", "kind", "category", "state", "quantity", "cancelled", "restocked",
    "points_back", "money_back", "store", "channel", "stock_at", "counted_in", "starts_on", "answers", "campaign",
    "cause", "asked_at", "ordered_at", "changed_at",
)  # fmt: skip


def seal_context(order_id: UUID) -> str:
    """What the personal answers of an order are sealed for."""
    return f"order {order_id}"


def order_row(name: MemberName, order: Order) -> dict[str, Any]:
    """An order as its row."""
    price = order.price
    return {
        "tenant_id": name[0],
        "programme_id": name[1],
        "member_id": name[2],
        **{each: getattr(order, each) for each in _SAME},
        "plan": price.plan,
        "points": price.points,
        "wallet": price.wallet,
        "money_minor": price.money_minor,
        "currency": price.currency,
        "issued": [list(each) for each in order.issued],
    }


def step_rows(name: MemberName, order: Order, known: int) -> list[dict[str, Any]]:
    """The steps of an order behind those that are known, as rows."""
    whose = {"tenant_id": name[0], "programme_id": name[1], "member_id": name[2], "order_id": order.order_id}
    return [whose | step._asdict() for step in order.steps[known:]]


def read_steps(document: str | None) -> tuple[Step, ...]:
    """The steps of an order from JSON, in their order."""
    return () if document is None else msgspec.json.decode(document, type=tuple[Step, ...])


def read_order(document: str | bytes | Mapping[str, Any], steps: Sequence[Step] = ()) -> tuple[MemberName, Order]:
    """An order from its row as JSON, and whose it is."""
    row = document if isinstance(document, Mapping) else orjson.loads(document)
    price = Price(row["plan"], row["points"], row["wallet"], row["money_minor"], row["currency"])
    issued = tuple(
        Issued(shape, value, None if until is None else date.fromisoformat(until))
        for shape, value, until in row["issued"]
    )
    told = {each: row[each] for each in _SAME}
    plain = msgspec.convert(told | {"price": list(price), "issued": [], "steps": []}, Order)
    name = (row["tenant_id"], row["programme_id"], UUID(row["member_id"]))
    return name, msgspec.structs.replace(plain, price=price, issued=issued, steps=tuple(steps))
