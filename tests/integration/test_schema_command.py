"""`pointstream db`: what a database has, what it lacks, and bringing it up."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from cli.exits import Exit
from cli.main import app
from libs.runtime.migrate import migrations
from tests.support.database import Database

NAMES = [migration.name for migration in migrations()]


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["db", *arguments])


@pytest.fixture
async def empty(database: Database) -> Database:
    """The database of this test, but before its first migration."""
    connection = await asyncpg.connect(database.dsn())
    schemas = await connection.fetch(
        "SELECT nspname FROM pg_namespace WHERE nspowner = 'pointstream_owner'::regrole AND nspname <> 'public'"
    )
    for schema in schemas:
        await connection.execute(f"DROP SCHEMA {schema['nspname']} CASCADE")
    await connection.execute("DROP TABLE public.migration")
    await connection.execute(f"ALTER DATABASE {database.name} OWNER TO pointstream_owner")  # a copy is its maker's
    await connection.close()
    return database


async def test_up_to_date(database: Database) -> None:
    told = await run("status", "--json", "--dsn", database.dsn("operator"))
    assert told.exit_code == Exit.OK
    status = json.loads(told.stdout)
    assert status["up_to_date"]
    assert [each["name"] for each in status["applied"]] == NAMES


async def test_dry_run_changes_nothing_and_migrate_everything(empty: Database) -> None:
    before = await run("status", "--json", "--dsn", empty.dsn("operator"))
    assert before.exit_code == Exit.VIOLATIONS
    assert json.loads(before.stdout)["pending"] == NAMES
    dry = await run("migrate", "--dry-run", "--json", "--dsn", empty.dsn())
    assert json.loads(dry.stdout) == {"pending": NAMES}
    assert (await run("status", "--dsn", empty.dsn("operator"))).exit_code == Exit.VIOLATIONS
    done = await run("migrate", "--json", "--dsn", empty.dsn())
    assert (done.exit_code, json.loads(done.stdout)) == (Exit.OK, {"applied": NAMES})
    again = await run("migrate", "--json", "--dsn", empty.dsn())
    assert json.loads(again.stdout) == {"applied": []}
    assert (await run("status", "--dsn", empty.dsn("operator"))).exit_code == Exit.OK


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        ("INSERT INTO public.migration VALUES ('9999_tomorrow', '')", "newer than this code"),
        ("UPDATE public.migration SET checksum = '' WHERE name LIKE '0001%'", "changed after it was applied"),
    ],
)
async def test_strange_schema_is_refused(database: Database, tamper: str, says: str) -> None:
    connection = await asyncpg.connect(database.dsn())
    await connection.execute(tamper)
    await connection.close()
    status = await run("status", "--json", "--dsn", database.dsn("operator"))
    assert status.exit_code == Exit.VIOLATIONS
    assert says in json.loads(status.stdout)["trouble"]
    refused = await run("migrate", "--dsn", database.dsn())
    assert refused.exit_code == Exit.FAILED
    assert says in refused.output


async def test_no_database(tmp_path: object) -> None:
    assert (await run("status", "--dsn", "postgresql://x@127.0.0.1:1/x")).exit_code == Exit.UNAVAILABLE
    assert (await run("status", "--data", f"{tmp_path}/none")).exit_code == Exit.NOT_RUNNING
