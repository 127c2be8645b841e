"""The database that tests get."""

from __future__ import annotations

import asyncpg
import pytest

from libs.runtime.migrate import ROLES
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from tests.support.database import ACME, GLOBEX, Database


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_may_connect(database: Database, role: str) -> None:
    connection = await asyncpg.connect(database.dsn(role))
    assert await connection.fetchval("SELECT current_user") == f"pointstream_{role}"
    await connection.close()


async def test_it_is_fresh_and_has_both_tenants(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn())
    slugs = {row["slug"] for row in await connection.fetch("SELECT slug FROM platform.tenant")}
    members = await connection.fetchval("SELECT count(*) FROM members.member")
    await connection.close()
    assert slugs == {ACME.slug, GLOBEX.slug}
    assert members == 0


@pytest.mark.parametrize("role", ["earning", "redemption"])
async def test_nobody_is_held_by_one_who_prepares_a_statement_and_never_runs_it(database: Database, role: str) -> None:
    """R-23: the server counts such a session as active, so the limit for idle ones does not end it."""
    dsn = database.dsn(role)
    other = await asyncpg.connect(dsn)
    assert await other.fetchval("SHOW transaction_timeout") == "30s"
    frozen = await asyncpg.connect(dsn, server_settings={"transaction_timeout": "300ms"})
    await frozen.execute("BEGIN")
    await frozen.execute("SELECT pg_advisory_xact_lock(1)")
    await frozen.prepare("SELECT 1")
    await other.execute("SELECT pg_advisory_xact_lock(1)")  # after two seconds in vain this raises
    with pytest.raises(DATABASE_ERRORS) as ended:
        await frozen.fetchval("SELECT 1")
    assert trouble(ended.value) is Trouble.PASSING
    await other.close()
