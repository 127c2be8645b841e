"""Transactions of a test's own that hold what workers want, and the proof that the workers wait for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.support.stack import Stack

_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'pointstream_earning' AND wait_event_type = 'Lock'
"""


@asynccontextmanager
async def transaction(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's transaction, committed at the end of the block."""
    connection = await asyncpg.connect(stack.database.dsn())
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


async def waiting(stack: Stack) -> int:
    """How many transactions of earning wait for a lock now."""
    count: int = (await stack.fetch(_WAITING))[0][0]
    return count
