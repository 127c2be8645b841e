"""Transactions that see one tenant: whatever the gateway asks of PostgreSQL about somebody's data passes here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Generic, TypeVar

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


class TenantSession:
    """One transaction that sees one tenant alone; `queries` take the tenant as their first argument."""

    queries: ClassVar[dict[str, str]]

    def __init__(self, connection: asyncpg.Connection, tenant_id: int) -> None:
        self._connection = connection
        self._tenant = tenant_id

    async def _value(self, query: str, *arguments: object) -> Any:
        return await self._connection.fetchval(self.queries[query], self._tenant, *arguments)

    async def _fetch(self, query: str, *arguments: object) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(self.queries[query], self._tenant, *arguments)
        return rows


S = TypeVar("S", bound=TenantSession)


class TenantStore(Generic[S]):
    """The way to PostgreSQL, in sessions of one tenant each."""

    opens: type[S]

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def session(self, tenant_id: int) -> AsyncIterator[S]:
        """Open one transaction that sees this tenant alone; an exception undoes it.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        async with tenant_transaction(self._pool, tenant_id) as connection:
            yield self.opens(connection, tenant_id)

    async def tenants(self) -> list[int]:
        """Return every tenant that has API keys."""
        return await tenants(self._pool)
