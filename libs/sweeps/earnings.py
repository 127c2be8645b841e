"""Lots and the pages that explain them, read together. Only stores and the command line import this module."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg

from libs.runtime import sql
from libs.sweeps.origins import Earned, Mix, Origins, Place

_QUERIES = sql.load("libs.sweeps", "earnings.sql")
_ROWS = 5_000
_PATIENCE = 600.0
"""Seconds for a statement that reads the lots of a whole programme."""


async def add_origins(
    connection: asyncpg.Connection, origins: Origins, tenant_id: int, query: str, *arguments: object
) -> None:
    """Add up where the points of lots come from; `query` gives them page by page, so that each page is read once."""
    cursor = await connection.cursor(query, *arguments, timeout=_PATIENCE)
    while rows := await cursor.fetch(_ROWS):
        await add_some(connection, origins, tenant_id, [Earned(*row) for row in rows])


async def add_some(connection: asyncpg.Connection, origins: Origins, tenant_id: int, earned: Sequence[Earned]) -> None:
    """Add some lots, and read the pages that they need."""
    bodies = await load_pages(connection, tenant_id, earned)
    # In a thread: what else the process does need not wait for it.
    await asyncio.to_thread(origins.add, earned, bodies)


async def load_pages(connection: asyncpg.Connection, tenant_id: int, earned: Sequence[Earned]) -> dict[int, bytes]:
    """Return the pages that explain some lots, by number."""
    pages = {each.page for each in earned if each.page is not None}
    return dict(await connection.fetch(_QUERIES["pages"], tenant_id, list(pages)))


async def add_kept(connection: asyncpg.Connection, origins: Origins, scope: tuple[int, int]) -> bool:
    """Add up where points come from, as far as it is kept beside their lots; say whether that is all of them."""
    places, mixes = await load_known(connection, scope)
    whole = True
    for lapses_at, wallet, place, mix, points in await connection.fetch(_QUERIES["kept"], *scope, timeout=_PATIENCE):
        if place is None:
            whole = False
        else:
            origins.add_known(places[place], mixes[mix], (lapses_at, wallet), points)
    return whole


async def load_known(connection: asyncpg.Connection, scope: tuple[int, int]) -> tuple[dict[int, Place], dict[int, Mix]]:
    """Return the places and mixes that are kept, by number."""
    places = {row[0]: Place(*row[1:]) for row in await connection.fetch(_QUERIES["places"], *scope)}
    mixes = {row[0]: Mix(*map(tuple, row[1:])) for row in await connection.fetch(_QUERIES["mixes"], *scope)}
    return places, mixes
