"""Gift cards as they are read: one card, its entries, what is owed in all. Only stores and commands import it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.runtime import sql

_QUERIES = sql.load("libs.gift_cards", "cards.sql")
_LAST = 2**62


async def card(connection: asyncpg.Connection, tenant_id: int, card_id: UUID) -> dict[str, Any] | None:
    """Return a card of the tenant as it stands."""
    row = await connection.fetchrow(_QUERIES["card"], tenant_id, card_id)
    return None if row is None else dict(row)


async def cards_of_member(
    connection: asyncpg.Connection, tenant_id: int, member_id: UUID, programme_id: int
) -> list[dict[str, Any]]:
    """Return the cards of a member, the newest first, 200 at most."""
    rows = await connection.fetch(_QUERIES["cards_of_member"], tenant_id, member_id, programme_id)
    return [dict(row) for row in rows]


async def statement(
    connection: asyncpg.Connection, tenant_id: int, card_id: UUID, below: int | None, count: int
) -> list[dict[str, Any]]:
    """Return so many entries of a card, the last first, whose numbers are below one."""
    rows = await connection.fetch(_QUERIES["statement"], tenant_id, card_id, below or _LAST, count)
    return [dict(row) for row in rows]


async def liability(
    connection: asyncpg.Connection, tenant_id: int, at: datetime, programme: str | None
) -> list[dict[str, Any]]:
    """Return what was on cards at an instant, and where money came from and went, by programme, currency and law."""
    return [dict(row) for row in await connection.fetch(_QUERIES["liability"], tenant_id, at, programme)]
