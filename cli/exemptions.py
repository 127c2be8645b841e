"""`pointstream exemptions`: members whom a person spares, so that their points do not lapse at boundaries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import MemberArgument, the_member, who
from libs.exemptions.people import MemberName, Word, end, load_words, spare
from libs.programmes.consequences import instant_text
from libs.runtime.clock import parse_instant

app = typer.Typer(help="Members whose points do not lapse at boundaries, for a reason.", no_args_is_help=True)
_COLUMNS = ("reason", "since", "until", "by", "ended")
_Work = Callable[[asyncpg.Connection, MemberName, datetime], Awaitable[object]]


@app.callback()
def _group() -> None:
    """Members whose points do not lapse at boundaries, for a reason."""


@app.command()
def give(
    member: MemberArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; told with every waiver.")],
    until: Annotated[
        str, typer.Option("--until", metavar="INSTANT", help="From when on boundaries count again, as RFC 3339.")
    ],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Spare a member from now on: `exemptions give card:17 --reason "complaint 4711" --until 2027-01-15T00:00:00Z`.

    What would lapse at a boundary lives on to the next one. It takes the place of what was said before.
    """
    try:
        ends = parse_instant(until)
    except ValueError as error:
        fail(Exit.USAGE, f"--until: {error}", as_json=as_json)
    if not 0 < len(reason) <= _LONGEST_REASON:
        fail(Exit.USAGE, f"--reason: write 1 to {_LONGEST_REASON} characters", as_json=as_json)

    async def work(connection: asyncpg.Connection, name: MemberName, now: datetime) -> object:
        if ends <= now:
            fail(Exit.USAGE, "--until: lies in the past", as_json=as_json)
        async with connection.transaction():
            return await spare(connection, name, reason, ends, now, who())

    _tell(Connections(data, as_json, dsn, seal_key_file=seal_key_file), tenant, programme, member, work)


@app.command("end")
def end_it(
    member: MemberArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Spare a member no longer from now on; what was spared keeps its later date."""

    async def work(connection: asyncpg.Connection, name: MemberName, now: datetime) -> object:
        async with connection.transaction():
            return await end(connection, name, now, who())

    _tell(Connections(data, as_json, dsn, seal_key_file=seal_key_file), tenant, programme, member, work)


@app.command("list")
def list_words(
    member: MemberArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was said of a member, the last first."""

    async def work(connection: asyncpg.Connection, name: MemberName, now: datetime) -> object:
        return None

    _tell(Connections(data, as_json, dsn, seal_key_file=seal_key_file), tenant, programme, member, work)


_LONGEST_REASON = 100


def _tell(connections: Connections, tenant: str | None, programme: str | None, member: str, work: _Work) -> None:
    """Do some work at a member, and show what is said of them then."""

    async def all_of_it() -> tuple[list[Word], datetime]:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where, member_id = await the_member(connection, connections, member, tenant, programme)
            name, now = (where.tenant_id, where.programme_id, member_id), connections.clock().now()
            await work(connection, name, now)
            return await load_words(connection, name), now
        finally:
            await connection.close()

    words, now = finished(all_of_it, as_json=connections.as_json)
    if connections.as_json:
        screen.write_json({"exemptions": [_told(word, now) for word in words]})
        return
    rows = [
        (
            *(word.reason, instant_text(word.since), instant_text(word.until), word.given_by),
            "" if word.ended_at is None else f"{instant_text(word.ended_at)} by {word.ended_by}",
        )
        for word in words
    ]
    screen.write_table("Spared", rows, _COLUMNS)


def _told(word: Word, now: datetime) -> dict[str, Any]:
    instants = {name: getattr(word, name) for name in ("since", "until", "ended_at")}
    told = {name: None if at is None else instant_text(at) for name, at in instants.items()}
    return word._asdict() | told | {"holds": word.holds(now)}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="exemptions")
