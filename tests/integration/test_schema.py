"""The schema: migrations and the readable file make the same one, and every role has the rights listed here only."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from libs.runtime import sql
from libs.runtime.migrate import ROLES, MigrationError, migrate, migrations
from tests.support.database import Database
from tests.support.dumps import dump, empty_database
from tests.support.rights import RIGHTS

_SQL = sql.load("tests.integration", "rights.sql")
READABLE = Path(__file__).parents[2] / "deploy/schema/schema.sql"


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database.dsn())
    yield opened
    await opened.close()


async def test_migrations_and_the_readable_schema_are_one(
    postgres_server: EmbeddedPostgres, database_template: str
) -> None:
    migrated = await empty_database(postgres_server, "pointstream_migrated")
    await migrate(migrated)
    read = await empty_database(postgres_server, "pointstream_readable")
    connection = await asyncpg.connect(read)
    await connection.execute("SET ROLE pointstream_owner")
    await connection.execute(READABLE.read_text(encoding="utf-8"))
    await connection.close()
    ours, theirs = await dump(migrated), await dump(read)
    assert any("; Type: POLICY;" in line for line in ours)
    assert any("ATTACH PARTITION" in line for line in ours)
    difference = "\n".join(difflib.unified_diff(ours, theirs, "migrations", "schema.sql", lineterm="", n=4))
    assert not difference, f"\n{difference}"


async def test_a_difference_would_be_seen(postgres_server: EmbeddedPostgres, database: Database) -> None:
    before = await dump(database.dsn())
    connection = await asyncpg.connect(database.dsn())
    for change in (
        "GRANT DELETE ON ledger.lot TO pointstream_gateway",
        "ALTER TABLE ledger.lot NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE earning.decision_page_rest ALTER COLUMN body SET STORAGE MAIN",
        "ALTER FUNCTION platform.current_tenant() VOLATILE",
    ):
        await connection.execute(change)
        after = await dump(database.dsn())
        assert after != before, change
        before = after
    await connection.close()


async def test_migrating_again_does_nothing(database: Database) -> None:
    before = await dump(database.dsn())
    assert await asyncio.gather(*(migrate(database.dsn()) for _ in range(3))) == [[], [], []]
    assert await dump(database.dsn()) == before


async def test_a_dry_run_applies_nothing(postgres_server: EmbeddedPostgres, database_template: str) -> None:
    dsn = await empty_database(postgres_server, "pointstream_dry")
    before = await dump(dsn)
    assert await migrate(dsn, dry_run=True) == [migration.name for migration in migrations()]
    assert await dump(dsn) == before
    assert await migrate(dsn) == [migration.name for migration in migrations()]


async def test_rows_of_all_companies_are_brought_along(
    postgres_server: EmbeddedPostgres, database_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner, as who migrations are applied, sees the rows of no company unless a migration says so."""
    dsn, known = await empty_database(postgres_server, "pointstream_older"), migrations()
    monkeypatch.setattr("libs.runtime.migrate.migrations", lambda: [each for each in known if each.name < "0055"])
    await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    await connection.execute(_SQL["older_rows"])
    monkeypatch.undo()
    await migrate(dsn)
    assert [tuple(row) for row in await connection.fetch(_SQL["brought_along"])] == [("endpoint", 1), ("held", 1)]
    assert [row[0] for row in await connection.fetch(_SQL["unprotected"])] == []
    await connection.close()


async def test_a_changed_file_is_refused(database: Database, connection: asyncpg.Connection) -> None:
    first = migrations()[0].name
    await connection.execute("UPDATE public.migration SET checksum = 'other' WHERE name = $1", first)
    with pytest.raises(MigrationError, match=f"{first} was changed"):
        await migrate(database.dsn())


async def test_a_newer_database_is_refused(database: Database, connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO public.migration (name, checksum) VALUES ('9999_tomorrow', '')")
    with pytest.raises(MigrationError, match="newer than this code: it has 9999_tomorrow"):
        await migrate(database.dsn(), dry_run=True)


async def test_every_table_with_a_tenant_forces_row_level_security(connection: asyncpg.Connection) -> None:
    assert [row[0] for row in await connection.fetch(_SQL["unprotected"])] == []


async def test_few_tables_have_no_tenant(connection: asyncpg.Connection) -> None:
    """The plumbing knows no tenants; whatever else comes without one was thought about, and stands here."""
    assert [row[0] for row in await connection.fetch(_SQL["without_tenant"])] == [
        "earning.worker", "notifier.webhook_topic",
        "stream.outbox", "stream.outbox_rest", "stream.outbox_shard", "stream.position",
    ]  # fmt: skip


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
async def test_a_role_has_these_rights_only(connection: asyncpg.Connection, role: str) -> None:
    granted = await connection.fetch(_SQL["granted"], f"pointstream_{role}")
    assert {row["rights"]: row["objects"].split() for row in granted} == {
        rights: sorted(objects.split()) for rights, objects in RIGHTS[role].items()
    }


async def test_no_role_has_powers_over_the_server(connection: asyncpg.Connection) -> None:
    assert await connection.fetch(_SQL["powers"]) == []
