"""Receipts that wait for something, as read in the transaction of a request."""

from __future__ import annotations

from dataclasses import dataclass

from libs.runtime import sql
from services.gateway.store import Reading

_SQL = sql.load("services.gateway", "parked.sql")
COUNTED = 1_000
"""Beyond this number they are not counted any further."""


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """How many receipts of the tenant wait for one reason; `COUNTED` means that many or more."""

    reason: str
    receipts: int


async def counts(reading: Reading) -> list[WaitingCount]:
    """Return how many receipts wait, by reason."""
    return [WaitingCount(**row) for row in await reading.fetch(_SQL["counts"])]
