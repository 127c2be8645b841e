"""Receipts that wait for something, as read in the transaction of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.runtime import sql
from services.gateway.door.cursors import Place
from services.gateway.store import Reading

_SQL = sql.load("services.gateway", "parked.sql")
COUNTED = 1_000
"""Beyond this number they are not counted any further."""


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """How many receipts of the tenant wait for one reason; `COUNTED` means that many or more."""

    reason: str
    receipts: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A receipt that waits; `member_id`, `currency` and `store` are None where they are not kept with it."""

    programme_id: int
    programme: str
    receipt_key: UUID
    event_key: UUID
    member_id: UUID | None
    reason: str
    currency: str | None
    store: str | None
    receipt_number: str
    occurred_at: datetime
    recorded_at: datetime


async def for_decision(reading: Reading, programme: str | None, after: Place | None, count: int) -> list[Waiting]:
    """Return receipts that wait for an operator or a rate, newest first; `programme` is a slug."""
    bounds = (_LATEST, _LAST) if after is None else (after.recorded_at, after.receipt)
    return [Waiting(**row) for row in await reading.fetch(_SQL["for_decision"], programme, *bounds, count)]


async def for_claim(reading: Reading, programme: str | None, after: Place | None, count: int) -> list[Waiting]:
    """Return receipts that nobody owns, by programme and receipt number."""
    bounds = (0, "", UUID(int=0)) if after is None else (after.seq, after.text, after.receipt)
    return [Waiting(**row) for row in await reading.fetch(_SQL["for_claim"], programme, *bounds, count)]


_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_LAST = UUID(int=2**128 - 1)


async def counts(reading: Reading) -> list[WaitingCount]:
    """Return how many receipts wait, by reason."""
    return [WaitingCount(**row) for row in await reading.fetch(_SQL["counts"])]
