"""Row-level security: no row of a tenant is seen by another, whatever a query forgets to ask."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest

from tests.integration.gateway.scribe import QUERIES, Scribe, decision, receipt
from tests.support.database import ACME, GLOBEX, Database

FRIDAY = datetime(2024, 3, 1, tzinfo=UTC)
# Looked up before the tenant is known.
_BEFORE_TENANT = {"gateway.api_key"}


async def furnish(scribe: Scribe) -> None:
    for tenant in (ACME, GLOBEX):
        member = await scribe.member(tenant)
        await member.identify("card:1")
        lot = await member.credit(10, FRIDAY)
        await member.move("redeem", ("active", "redeemed"), FRIDAY, [(lot, 3)])
        nothing = decision(tenant.source, "R-1", receipt(1, currency=tenant.currency), FRIDAY, outcome="no_member")
        await member.unpaid(nothing.key, FRIDAY)
        await scribe.page([nothing], tenant)


async def readable(connection: asyncpg.Connection, role: str) -> list[str]:
    tables = await connection.fetch(QUERIES["tables_with_tenant"])
    names = [row["name"] for row in tables if row["name"] not in _BEFORE_TENANT]
    return [name for name in names if await connection.fetchval(QUERIES["readable_by"], role, name)]


async def seen(connection: asyncpg.Connection, table: str) -> set[int]:
    statement = await connection.fetchval(QUERIES["tenants_seen"], table)
    return {row["tenant_id"] for row in await connection.fetch(statement)}


async def test_every_table_with_a_tenant_is_protected_even_from_its_owner(superuser: asyncpg.Connection) -> None:
    tables = await superuser.fetch(QUERIES["tables_with_tenant"])
    assert len(tables) >= 15
    assert [row["name"] for row in tables if not (row["relrowsecurity"] and row["relforcerowsecurity"])] == []
    assert await superuser.fetch(QUERIES["bypassing_roles"]) == []


@pytest.mark.parametrize("role", ["gateway", "owner"])
async def test_without_a_tenant_nothing_and_with_one_its_own_alone(
    database: Database, superuser: asyncpg.Connection, scribe: Scribe, role: str
) -> None:
    await furnish(scribe)
    tables = await readable(superuser, f"pointstream_{role}")
    assert len(tables) >= 12
    connection = await asyncpg.connect(database.dsn(role))
    for table in [*tables, "ledger.journal"]:
        assert await seen(connection, table) == set(), table
    filled = 0
    for tenant in (ACME, GLOBEX):
        async with connection.transaction():
            await connection.fetchval(QUERIES["see_tenant"], str(tenant.tenant_id), True)
            for table in [*tables, "ledger.journal"]:
                shown = await seen(connection, table)
                assert shown <= {tenant.tenant_id}, table
                filled += bool(shown)
    assert filled >= 20  # else the assertions above would hold for empty tables
    await connection.close()


async def test_a_connection_used_again_never_leaks(database: Database, scribe: Scribe) -> None:
    await furnish(scribe)
    pool = await asyncpg.create_pool(database.dsn("gateway"), min_size=1, max_size=1)
    for step in range(1000):
        tenant = (ACME, GLOBEX)[step % 2]
        async with pool.acquire() as connection:
            if step % 100 == 0:
                assert await seen(connection, "ledger.lot") == set()
            async with connection.transaction(readonly=True):
                await connection.fetchval(QUERIES["see_tenant"], str(tenant.tenant_id), True)
                assert await seen(connection, "ledger.lot") == {tenant.tenant_id}
    await pool.close()


async def test_the_gateway_can_change_nothing_but_the_use_of_a_key(
    database: Database, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    await furnish(scribe)
    connection = await asyncpg.connect(database.dsn("gateway"))
    async with connection.transaction():
        await connection.fetchval(QUERIES["see_tenant"], str(ACME.tenant_id), True)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute(QUERIES["spoil"], ACME.tenant_id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute(QUERIES["revoke"], "x", FRIDAY)
    await connection.close()
