"""Forecasts as they are kept, one after the other. Only stores and the command line import this module."""

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
    """Return the last forecast of a programme, or the last that was made no later than `before`; None for none."""
    found = await connection.fetchval(_QUERIES["last"], *scope, before)
    return None if found is None else _decode(found)


async def keep_outlook(connection: asyncpg.Connection, scope: tuple[int, int], outlook: Outlook) -> None:
    """Keep a forecast beside those before it."""
    await connection.execute(_QUERIES["keep"], *scope, outlook.as_of, msgspec.json.encode(outlook).decode())


async def forecasts_made(connection: asyncpg.Connection, scope: tuple[int, int], most: int) -> list[datetime]:
    """Return the instants of the last forecasts, the newest first."""
    return [row["as_of"] for row in await connection.fetch(_QUERIES["made"], *scope, most)]
