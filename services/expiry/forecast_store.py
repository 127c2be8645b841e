"""What forecasts there are, and the right to make the next."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from libs.runtime import sql
from services.expiry.store import Scope

_QUERIES = sql.load("services.expiry", "forecasts.sql")


class Made(NamedTuple):
    """When a programme's last forecast was made, the last for good, the last sweep was over; whether one is at work."""

    latest_at: datetime | None
    made_at: datetime | None
    swept_at: datetime | None
    sweeping: bool


async def last_made(connection: asyncpg.Connection) -> dict[Scope, Made]:
    """Return what was made last, of every programme."""
    rows = await connection.fetch(_QUERIES["made"])
    return {
        (row["tenant_id"], row["programme_id"]): Made(
            row["latest_at"], row["made_at"], row["swept_at"], row["sweeping"]
        )
        for row in rows
    }


async def in_turn(connection: asyncpg.Connection) -> bool:
    """Whether this transaction is the one that makes forecasts."""
    return bool(await connection.fetchval(_QUERIES["turn"]))
