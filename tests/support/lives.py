"""What is said about receipts after their purchase, as shops publish it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.support.receipts import PURCHASES, WHEN, Record, event, line

ACTIVITIES = "loyalty.activities"
TILL = "/acme/pos/1/1"
CLI = "/pointstream/acme/main/cli"


def about(
    kind: str, name: str, number: str, *, time: datetime = WHEN, source: str = TILL, key: str = "card:1", **data: Any
) -> Record:
    """An event `purchase.<kind>` about the receipt with this number."""
    payload = {"receipt_number": number, "store": "1"} | data
    return event(PURCHASES, f"org.pointstream.purchase.{kind}.v1", name, source, time, key, payload)


def returned(
    name: str,
    number: str,
    lines: Sequence[Mapping[str, Any]] = (),
    *,
    amount: int | None = None,
    time: datetime = WHEN,
    **rest: Any,
) -> Record:
    """Goods or money that went back; without lines and amount the whole receipt."""
    return about("returned", name, number, time=time, lines=list(lines), amount_minor=amount, **rest)


def corrected(
    name: str,
    number: str,
    lines: Sequence[dict[str, Any]] | int,
    *,
    purchased_at: datetime = WHEN,
    time: datetime = WHEN,
    card: str | None = "1",
    **changes: Any,
) -> Record:
    """The whole content of a receipt anew."""
    if isinstance(lines, int):
        lines = [line("any", lines)]
    data = {
        "identifiers": [] if card is None else [{"kind": "card", "value": card}],
        "channel": "store",
        "currency": "EUR",
        "total_minor": sum(each["amount_minor"] for each in lines),
        "lines": [{**each, "line": at} for at, each in enumerate(lines, 1)],
        "purchased_at": purchased_at,
    } | changes
    return about("corrected", name, number, time=time, **data)


def voided(name: str, number: str, *, time: datetime = WHEN) -> Record:
    """A receipt that never counted."""
    return about("voided", name, number, time=time)


def claimed(name: str, number: str, member_id: UUID, *, time: datetime = WHEN, **rest: Any) -> Record:
    """A member who says that a receipt is theirs."""
    return about("claimed", name, number, time=time, member_id=str(member_id), **rest)


def resolved(name: str, number: str, decision: str, *, time: datetime = WHEN) -> Record:
    """An operator's word."""
    said = {"decision": decision, "reason": "looked into", "decided_by": "eva"}
    return about("resolved", name, number, time=time, source=CLI, **said)


def activity(
    name: str, what: str, *, card: str | None = "1", time: datetime = WHEN, source: str = TILL, **rest: Any
) -> Record:
    """Something else that somebody did."""
    identifiers = [] if card is None else [{"kind": "card", "value": card}]
    data = {"activity": what, "identifiers": identifiers} | rest
    return event(ACTIVITIES, "org.pointstream.activity.recorded.v1", name, source, time, f"card:{card}", data)


def adjusted(
    name: str, member_id: UUID, points: int, *, time: datetime = WHEN, source: str = CLI, **rest: Any
) -> Record:
    """Points that a person gives or takes."""
    data = {
        "member_id": str(member_id),
        "wallet": "points",
        "points": points,
        "reason": "goodwill",
        "requested_by": "eva",
    } | rest
    return event(ACTIVITIES, "org.pointstream.adjustment.requested.v1", name, source, time, str(member_id), data)


def asked(name: str, kind: str, member_id: UUID, *, time: datetime = WHEN, source: str = CLI, **rest: Any) -> Record:
    """A transfer, merge or unmerge that a person asks for."""
    data = {"member_id": str(member_id), "reason": "support", "requested_by": "eva"} | rest
    return event(ACTIVITIES, f"org.pointstream.{kind}.requested.v1", name, source, time, str(member_id), data)
