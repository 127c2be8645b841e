"""Transactions of a test's own that hold what workers want, and the proof that the workers wait for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.support.stack import Stack, until

_HOLD = "LOCK TABLE earning.inbox IN SHARE ROW EXCLUSIVE MODE"
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


@asynccontextmanager
async def standstill(stack: Stack) -> AsyncIterator[None]:
    """Within the block no receipt can be taken: whoever wants to take some waits with them in hand.

    It ends with the server, too, where the server is stopped in the block or crashes.
    """
    connection = await asyncpg.connect(stack.database.dsn())
    try:
        await connection.execute("BEGIN")
        await connection.execute(_HOLD)
        yield
    finally:
        connection.terminate()


async def in_hand(stack: Stack, least: int = 1) -> None:
    """Wait until so many batches wait for a lock: whatever strikes now strikes work in flight."""

    async def there() -> bool:
        return await waiting(stack) >= least

    await until(there, f"{least} batches are in hand")


async def waiting(stack: Stack) -> int:
    """How many transactions of earning wait for a lock now."""
    count: int = (await stack.fetch(_WAITING))[0][0]
    return count
