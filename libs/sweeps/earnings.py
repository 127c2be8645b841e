"""Lots and the pages that explain them, read together. Only stores and the command line import this module."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg

from libs.runtime import sql
from libs.sweeps.origins import Earned, Origins

_PAGES = sql.load("libs.sweeps", "earnings.sql")["pages"]
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
    pages = {each.page for each in earned if each.page is not None}
    bodies = await connection.fetch(_PAGES, tenant_id, list(pages))
    # In a thread: what else the process does need not wait for it.
    await asyncio.to_thread(origins.add, earned, [row["body"] for row in bodies])
