"""Receipts and enrolments as tills publish them: CloudEvents in JSON, made from a few facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import orjson

PURCHASES, PROFILES, POINTS = "loyalty.purchases", "loyalty.profiles", "loyalty.points"
_NAMESPACE = UUID("5a3c1a3e-1f2b-5e0a-9a1f-000000000001")
WHEN = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)


class Record(NamedTuple):
    """A record to produce."""

    topic: str
    key: bytes
    value: bytes


def member_id(card: str, source: str = "/acme/pos") -> UUID:
    """The member that `enrolment` enrols with this card."""
    return uuid5(_NAMESPACE, f"{source}:{card}")


def line(sku: str, amount: int, *, category: str | None = None, quantity: int = 1, number: int = 1) -> dict[str, Any]:
    """One line of a receipt; the amount in minor units."""
    return {"line": number, "sku": sku, "category": category, "quantity": quantity, "amount_minor": amount}


def purchase(
    number: str,
    lines: Sequence[Mapping[str, Any]] | int = 1_000,
    *,
    card: str | None = "1",
    source: str = "/acme/pos/1/1",
    time: datetime = WHEN,
    currency: str = "EUR",
    **changes: Any,
) -> Record:
    """A purchase; `lines` may be just a total. `changes` replace or add fields of the payload."""
    if isinstance(lines, int):
        lines = [line("any", lines)]
    data = {
        "receipt_number": number,
        "identifiers": [] if card is None else [{"kind": "card", "value": card}],
        "store": "1",
        "channel": "store",
        "currency": currency,
        "total_minor": sum(each["amount_minor"] for each in lines),
        "lines": [{**each, "line": at} for at, each in enumerate(lines, 1)],
    } | changes
    return event(PURCHASES, "org.pointstream.purchase.completed.v1", number, source, time, f"card:{card}", data)


def enrolment(
    card: str,
    *,
    source: str = "/acme/pos",
    tier: str | None = None,
    also: Iterable[str] = (),
    name: str | None = None,
) -> Record:
    """The enrolment of the member with this card, and any further cards."""
    data = {
        "member_id": str(member_id(card, source)),
        "identifiers": [{"kind": "card", "value": each} for each in (card, *also)],
        "tier": tier,
    }
    name = name or f"enrol-{card}"
    return event(PROFILES, "org.pointstream.member.enrolled.v1", name, source, WHEN, str(data["member_id"]), data)


def event(topic: str, kind: str, name: str, source: str, time: datetime, key: str, data: Mapping[str, Any]) -> Record:
    """Any event, as the value of a record."""
    envelope = {"specversion": "1.0", "id": name, "source": source, "type": kind, "time": time, "data": data}
    return Record(topic, key.encode(), orjson.dumps(envelope))
