"""What is known under a receipt number, as read in the transaction of a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from libs.promotions.pages import StoredDecision
from libs.runtime import sql
from services.gateway.store import ProgrammeFacts, Reading

_SQL = sql.load("services.gateway", "receipts.sql")
MOST_EVENTS = 500
"""Events shown under one number."""


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt number's row: its purchase's event, whose it is, its story, and what it waits for, if anything."""

    programme_id: int
    receipt_key: UUID
    event_key: UUID | None
    member_id: UUID | None
    story: bytes | None
    waits_for: str | None


async def programmes(reading: Reading, slug: str | None) -> list[ProgrammeFacts]:
    """Return the tenant's programmes, or the one of this slug."""
    return [ProgrammeFacts(**row) for row in await reading.fetch(_SQL["programmes"], slug)]


async def receipts(reading: Reading, keys: Iterable[UUID]) -> list[StoredReceipt]:
    """Return the receipts of these keys that are known."""
    return [StoredReceipt(**row) for row in await reading.fetch(_SQL["receipts"], list(keys))]


async def events_of(reading: Reading, receipt: StoredReceipt) -> list[StoredDecision]:
    """Return the decisions on everything that was said under a receipt's number, by the time of the events."""
    said = await reading.fetch(_SQL["said"], receipt.receipt_key, MOST_EVENTS)
    keys = {row["event_key"] for row in said} | ({receipt.event_key} if receipt.event_key is not None else set())
    decisions = await reading.decisions(keys)
    return sorted(decisions.values(), key=lambda decision: (decision.occurred_at, decision.arrived_at, decision.key))
