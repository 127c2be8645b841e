"""Forecasts as they are kept: the latest, and some for good, one after the other. Only stores and commands use it."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from libs.runtime import sql
from libs.sweeps.outlook import Outlook

_QUERIES = sql.load("libs.sweeps", "kept.sql")
_decode = msgspec.json.Decoder(Outlook).decode


async def load_outlook(
    connection: asyncpg.Connection, scope: tuple[int, int], before: datetime | None = None
) -> Outlook | None:
    """Return the latest forecast of a programme, or the last kept for good no later than `before`; None for none."""
    if before is None:
        found = await connection.fetchval(_QUERIES["latest"], *scope)
    else:
        found = await connection.fetchval(_QUERIES["last"], *scope, before)
    return None if found is None else _decode(found)


async def keep_outlook(
    connection: asyncpg.Connection, scope: tuple[int, int], outlook: Outlook, *, for_good: bool
) -> None:
    """Keep a forecast as the latest, and `for_good` beside those before it."""
    encoded = msgspec.json.encode(outlook).decode()
    await connection.execute(_QUERIES["keep_latest"], *scope, outlook.as_of, encoded)
    if for_good:
        await connection.execute(_QUERIES["keep"], *scope, outlook.as_of, encoded)


async def forecasts_made(connection: asyncpg.Connection, scope: tuple[int, int], most: int) -> list[datetime]:
    """Return the instants of the last forecasts that are kept for good, the newest first."""
    return [row["as_of"] for row in await connection.fetch(_QUERIES["made"], *scope, most)]
