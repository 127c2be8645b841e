"""The database that tests get."""

from __future__ import annotations

import asyncpg
import pytest

from libs.runtime.migrate import ROLES
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
