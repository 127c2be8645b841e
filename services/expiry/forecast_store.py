"""What forecasts there are, and the right to make the next."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from libs.runtime import sql
from services.expiry.store import Scope

_QUERIES = sql.load("services.expiry", "forecasts.sql")


class Made(NamedTuple):
    """When the last forecast of a programme was made, the last that is kept for good, and the last sweep was over."""

    latest_at: datetime | None
    made_at: datetime | None
    swept_at: datetime | None


async def last_made(connection: asyncpg.Connection) -> dict[Scope, Made]:
    """Return what was made last, of every programme."""
    rows = await connection.fetch(_QUERIES["made"])
    return {
        (row["tenant_id"], row["programme_id"]): Made(row["latest_at"], row["made_at"], row["swept_at"]) for row in rows
    }


async def in_turn(connection: asyncpg.Connection) -> bool:
    """Whether this transaction is the one that makes forecasts."""
    return bool(await connection.fetchval(_QUERIES["turn"]))
