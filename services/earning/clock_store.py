"""What is asked of PostgreSQL outside any batch: who is due, which receipts wait no more, whose balances to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.judging.blocks import BLOCKED
from libs.judging.exchange import NO_RATE
from libs.runtime import sql

_QUERIES = sql.load("services.earning", "clock.sql")


class DueMember(NamedTuple):
    """A member whose first pending points become active at `due_at`, as of their movement `seq`."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    due_at: datetime
    seq: int


class ParkedKey(NamedTuple):
    """The name of a parked receipt, in the order in which they are read."""

    tenant_id: int
    programme_id: int
    receipt_key: UUID


class ReadyReceipt(NamedTuple):
    """A receipt that was parked at `recorded_at` for a rate, and the version of the rate that it now has.

    Version 0 is that of a receipt whose member was blocked, and is not any more.
    """

    tenant_id: int
    programme_id: int
    receipt_key: UUID
    receipt_number: str
    store: str | None
    recorded_at: datetime
    currency: str
    rate_version: int

    @property
    def key(self) -> ParkedKey:
        """Its name."""
        return ParkedKey(*self[:3])


async def due_members(connection: asyncpg.Connection, now: datetime, most: int) -> list[DueMember]:
    """Return members whose pending points should be active by now, the longest due first."""
    return [DueMember(*row) for row in await connection.fetch(_QUERIES["due_members"], now, most)]


async def count_due(connection: asyncpg.Connection, now: datetime, most: int) -> int:
    """Return how many members are due, counting no further than `most`."""
    count: int = await connection.fetchval(_QUERIES["count_due"], now, most)
    return count


async def ready_receipts(connection: asyncpg.Connection, after: ParkedKey, most: int) -> list[ReadyReceipt]:
    """Return receipts whose rate is there now, or whose member is not blocked any more, in the order of their keys."""
    rows = await connection.fetch(_QUERIES["ready_receipts"], NO_RATE, *after, most, BLOCKED)
    return [ReadyReceipt(*row) for row in rows]


async def members_named(connection: asyncpg.Connection, ids: Sequence[UUID]) -> list[tuple[int, int, UUID]]:
    """Return the members with these ids, each by tenant, programme and id."""
    return [tuple(row) for row in await connection.fetch(_QUERIES["members_named"], ids)]
