"""`pointstream sources`: who may send events, to which programme they belong, and how plain JSON of theirs is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.loading import LoadedOption, until_loaded
from cli.mappings import read_mapping
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption, the_programme
from libs.contracts.mapping import EventMapping
from libs.contracts.rejection import Rejection
from libs.intake.convert import Converter
from libs.intake.events import Preparer
from libs.intake.gather import Gathered
from libs.intake.lines import START
from libs.intake.rows import FileUnreadable, Row, form_of, read_rows, unpacked
from libs.runtime import sql

app = typer.Typer(help="Sources: who may send events, and how they are read.", no_args_is_help=True)
_QUERIES = sql.load("cli", "sources.sql")
_PREFIX = re.compile(r"(/[^ /]+)+")
_OURS = "/pointstream"

PrefixArgument = Annotated[str, typer.Argument(metavar="PREFIX", help="The path that its events begin with.")]


@app.callback()
def _group() -> None:
    """Sources: who may send events, and how they are read."""


@app.command()
def add(
    prefix: PrefixArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", exists=True, dir_okay=False, help="How plain JSON or CSV is read."),
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option("--try", metavar="FILE", exists=True, dir_okay=False, help="Show what this becomes; add nothing."),
    ] = None,
    wait: LoadedOption = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a source, or give one that is there another mapping. Workers know it within seconds, or with `--wait`.

    The prefix covers every path below it; of several the longest counts. `--try` takes one event as JSON, or a CSV file
    whose first event counts, prints the CloudEvent that it would become, and ends with 6 when it becomes none.
    """
    if not _PREFIX.fullmatch(prefix):
        fail(Exit.USAGE, f"{prefix!r}: write a path like /acme/pos, without blanks", as_json=as_json)
    if prefix == _OURS or prefix.startswith(_OURS + "/"):
        fail(Exit.USAGE, f"what begins with {_OURS} is the platform's own", as_json=as_json)
    document, parsed = read_mapping(mapping, as_json=as_json) if mapping is not None else (None, None)
    if sample is not None:
        _try(prefix, parsed, sample, as_json)
        return

    async def work() -> dict[str, Any]:
        connection = await asyncpg.connect(Connections(data, as_json, dsn).dsn())
        try:
            where = await the_programme(connection, tenant, programme, as_json=as_json)
            text = None if document is None else json.dumps(document)
            fresh = await connection.fetchval(_QUERIES["add"], prefix, where.tenant_id, where.programme_id, text)
            if fresh is None:
                fail(Exit.FAILED, f"{prefix} belongs to another programme; remove it there first", as_json=as_json)
            workers = await until_loaded(connection) if wait else None
            named = {"prefix": prefix, "tenant": where.tenant, "programme": where.name}
            return named | {"added": fresh, "workers": workers}
        finally:
            await connection.close()

    told = finished(work, as_json=as_json)
    if as_json:
        screen.write_json(told)
        return
    does = "is registered for" if told["added"] else "belongs to"
    reads = "" if document is None else ", with its mapping"
    screen.out().print(f"{prefix} {does} {told['tenant']}/{told['programme']}{reads}", markup=False)
    if told["workers"]:
        screen.out().print(f"loaded by {', '.join(told['workers'])}", markup=False)


@app.command("list")
def list_sources(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the registered sources."""

    async def look() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(Connections(data, as_json, dsn).dsn())
        try:
            return [_described(row) for row in await connection.fetch(_QUERIES["sources"], tenant, programme)]
        finally:
            await connection.close()

    found = finished(look, as_json=as_json)
    if as_json:
        screen.write_json({"sources": found})
    elif found:
        rows = [(each["prefix"], f"{each['tenant']}/{each['programme']}", _reads(each["mapping"])) for each in found]
        screen.write_table(f"{len(found)} sources", rows, ("prefix", "programme", "reads"))
    else:
        screen.out().print("no sources", markup=False)


@app.command()
def show(
    prefix: PrefixArgument, data: DataOption = DEFAULT_DATA, dsn: DsnOption = None, as_json: JsonOption = False
) -> None:
    """Show the source that covers a path, with its mapping."""
    found = finished(lambda: _covering(Connections(data, as_json, dsn), prefix), as_json=as_json)
    if found is None:
        fail(Exit.FAILED, f"no source covers {prefix}", as_json=as_json)
    if as_json:
        screen.write_json(found)
        return
    title = f"{found['prefix']}, {found['tenant']}/{found['programme']}, {_reads(found['mapping'])}"
    screen.out().print(title, markup=False)
    if found["mapping"] is not None:
        screen.out().print_json(data=found["mapping"])


@app.command()
def remove(
    prefix: PrefixArgument,
    data: DataOption = DEFAULT_DATA,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would become of its events.")] = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a source: from then on its events belong to the next shorter prefix, or are refused as dead letters.

    What came in before stays as it is.
    """
    connections = Connections(data, as_json, dsn)

    async def work() -> dict[str, Any]:
        connection = await asyncpg.connect(connections.dsn())
        transaction = connection.transaction()
        await transaction.start()
        try:
            if await connection.fetchval(_QUERIES["remove"], prefix) is None:
                fail(Exit.FAILED, f"there is no source {prefix}", as_json=as_json)
            heir = await connection.fetchrow(_QUERIES["covering"], prefix)
            await (transaction.rollback() if dry_run else transaction.commit())
            return {"prefix": prefix, "now_covered_by": heir["prefix"] if heir else None, "dry_run": dry_run}
        finally:
            await connection.close()

    told = finished(work, as_json=as_json)
    if as_json:
        screen.write_json(told)
        return
    heir = told["now_covered_by"]
    then = f"its events belong to {heir} then" if heir else "its events are refused then"
    screen.out().print(f"{prefix} {'would be' if dry_run else 'is'} removed; {then}", markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="sources")


async def _covering(connections: Connections, path: str) -> dict[str, Any] | None:
    connection = await asyncpg.connect(connections.dsn())
    try:
        row = await connection.fetchrow(_QUERIES["covering"], path)
        return None if row is None else _described(row)
    finally:
        await connection.close()


def _described(row: Mapping[str, Any]) -> dict[str, Any]:
    mapping = None if row["mapping"] is None else json.loads(row["mapping"])
    return {"prefix": row["prefix"], "tenant": row["tenant"], "programme": row["programme"], "mapping": mapping}


def _reads(mapping: Mapping[str, Any] | None) -> str:
    return "CloudEvents" if mapping is None else f"CloudEvents, and {mapping['type']} by its mapping"


def _try(prefix: str, mapping: EventMapping | None, sample: Path, as_json: bool) -> None:
    """Print what the first event of a sample becomes; nothing else happens."""
    try:
        document, converter = _first(prefix, mapping, sample)
    except FileUnreadable as error:
        fail(Exit.FAILED, f"{sample}: {error}", as_json=as_json)
    made = converter.convert(document)
    if isinstance(made, Rejection):
        where = f"{made.field or 'the whole'}: " if made.field or not as_json else ""
        fail(
            Exit.VIOLATIONS, f"{sample} becomes no event ({made.code}): {where}expected {made.detail}", as_json=as_json
        )
    event = json.loads(made.value)
    if as_json:
        screen.write_json({"topic": made.topic, "key": made.key.decode(), "event": event})
        return
    screen.err().print(f"to {made.topic}, under the key {made.key.decode()}", markup=False)
    screen.out().print_json(data=event)


def _first(prefix: str, mapping: EventMapping | None, sample: Path) -> tuple[Row | Gathered, Converter]:
    form = form_of(sample.name)
    converter = Converter(Preparer(prefix), mapping, form)
    if form == "jsonl":
        raw = sample.read_bytes()
        return Row(1, START, "", raw), converter
    with sample.open("rb") as stream:
        documents: Iterator[Row | Gathered] = converter.documents(read_rows(unpacked(stream), form))
        document = next(documents, None)
    if document is None:
        raise FileUnreadable("it has no row")
    return document, converter
