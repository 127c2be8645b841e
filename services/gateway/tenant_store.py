"""Transactions that see one tenant: whatever the gateway asks of PostgreSQL about somebody's data passes here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from libs.runtime import sql

_SQL = sql.load("services.gateway", "tenants.sql")


@asynccontextmanager
async def tenant_transaction(
    pool: asyncpg.Pool, tenant_id: int, *, reading: bool = False
) -> AsyncIterator[asyncpg.Connection]:
    """Open one transaction that sees this tenant alone; an exception undoes it. `reading` sees one state and no write.

    Raises:
        Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
    """
    isolation = "repeatable_read" if reading else None
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation=isolation, readonly=reading),
    ):
        await connection.fetchval(_SQL["set_tenant"], tenant_id)
        yield connection


async def tenants(pool: asyncpg.Pool) -> list[int]:
    """Return every tenant that has API keys."""
    return [row["tenant_id"] for row in await pool.fetch(_SQL["tenants"])]
