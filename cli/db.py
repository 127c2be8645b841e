"""`pointstream db`: the schema of the database, and whether this code is at home in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import explained, fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from libs.runtime import sql
from libs.runtime.migrate import MigrationError, applied, migrations, pending
from libs.runtime.migrate import migrate as bring_up

app = typer.Typer(help="The schema of the database.", no_args_is_help=True)
_QUERIES = sql.load("cli", "db.sql")
_T = TypeVar("_T")

OwnerDsnOption = Annotated[
    str | None,
    typer.Option("--dsn", metavar="DSN", help="Use this database, as a role that may become its owner."),
]


@app.callback()
def _group() -> None:
    """The schema of the database."""


@app.command()
def migrate(
    data: DataOption = DEFAULT_DATA,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be applied, and apply nothing.")] = False,
    dsn: OwnerDsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database up to this code; safe to call again, and from several places at once.

    Ends with 1 when the database is newer than this code, or an applied migration was changed since.
    """

    def begin() -> Coroutine[Any, Any, list[str]]:
        return bring_up(Connections(data, as_json, dsn).owner_dsn(), dry_run=dry_run)

    with screen.reporting() as report, report.step("Migrate") as step:
        step.progress("bringing the schema up")
        names = _run(begin, as_json)
        step.done(f"{len(names)} migrations " + ("to apply" if dry_run else "applied"))
    if as_json:
        screen.write_json({"pending" if dry_run else "applied": names})
        return
    for name in names:
        screen.out().print(name, markup=False)


@app.command()
def status(data: DataOption = DEFAULT_DATA, dsn: DsnOption = None, as_json: JsonOption = False) -> None:
    """Say which migrations the database has, and which it lacks.

    Ends with 0 when it is up to date, with 6 when migrations are missing, unknown or changed.
    """
    told = _run(lambda: _status(Connections(data, as_json, dsn).dsn()), as_json)
    if as_json:
        screen.write_json(told)
    else:
        rows = [(each["name"], "applied", each["applied_at"]) for each in told["applied"]]
        rows += [(name, "missing", "") for name in told["pending"]]
        if rows:
            screen.write_table(f"{told['database']}, {told['size']}, PostgreSQL {told['version']}", rows)
        screen.out().print(told["trouble"] or ("up to date" if told["up_to_date"] else "not up to date"), markup=False)
    if not told["up_to_date"]:
        raise typer.Exit(Exit.VIOLATIONS)


async def _status(dsn: str) -> dict[str, Any]:
    connection = await asyncpg.connect(dsn)
    try:
        server = await connection.fetchrow(_QUERIES["server"])
        done = await applied(connection)
        history = await connection.fetch(_QUERIES["history"]) if done else []
    finally:
        await connection.close()
    trouble, missing = None, []
    try:
        missing = [migration.name for migration in pending(migrations(), done)]
    except MigrationError as error:
        trouble = str(error)
    return {
        **dict(server),
        "up_to_date": trouble is None and not missing,
        "trouble": trouble,
        "applied": [{"name": row["name"], "applied_at": row["applied_at"].isoformat()} for row in history],
        "pending": missing,
    }


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="db")


def _run(work: Callable[[], Coroutine[Any, Any, _T]], as_json: bool) -> _T:
    with explained(as_json=as_json):
        try:
            return asyncio.run(work())
        except MigrationError as error:
            fail(Exit.FAILED, str(error), as_json=as_json)
        except (asyncpg.PostgresError, OSError) as error:
            fail(Exit.UNAVAILABLE, f"the database: {error}", as_json=as_json)
