"""`pointstream ingest`: purchases, and whatever else may come in, from files of CSV or JSON lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.intake import Intake, Outcome, Wishes, line
from cli.mappings import read_mapping, stored
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.rejects import SUFFIX
from deploy.embedded.lock import DirectoryLock
from libs.contracts.mapping import EventMapping
from libs.intake.rows import Form
from libs.runtime import sql

_QUERIES = sql.load("cli", "sources.sql")
_FORMS: dict[str | None, Form | None] = {None: None, "csv": "csv", "jsonl": "jsonl"}

FilesArgument = Annotated[
    list[Path] | None, typer.Argument(metavar="[FILE]...", exists=True, dir_okay=False, help="What to read.")
]
SourceOption = Annotated[str, typer.Option("--source", metavar="PREFIX", help="Whose it is: a registered source.")]
MapOption = Annotated[
    Path | None,
    typer.Option(
        "--map", metavar="FILE", exists=True, dir_okay=False, help="How to read it (default: as the source says)."
    ),
]
FormOption = Annotated[
    str | None, typer.Option("--format", metavar="csv|jsonl", help="Default: what the name ends with.")
]
DelimiterOption = Annotated[str | None, typer.Option("--delimiter", help="Of CSV; found in the header by default.")]
EncodingOption = Annotated[str, typer.Option("--encoding", help="Of CSV.")]
CheckOption = Annotated[bool, typer.Option("--dry-run", help="Check every row, and publish nothing.")]
RestartOption = Annotated[bool, typer.Option("--restart", help="From the beginning, also what was read before.")]
ReportOption = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", dir_okay=False, help=f"For rejected rows (default: FILE{SUFFIX})."),
]
WatchOption = Annotated[
    Path | None,
    typer.Option("--watch", metavar="DIR", exists=True, file_okay=False, help="Take files as they appear there."),
]
OnceOption = Annotated[bool, typer.Option("--once", help="With --watch: take what is there, and end.")]
SettleOption = Annotated[
    float, typer.Option("--settle", min=0, help="With --watch: seconds for which a complete file is unchanged.")
]


def ingest(
    files: FilesArgument = None,
    source: SourceOption = "",
    data: DataOption = DEFAULT_DATA,
    mapping: MapOption = None,
    form: FormOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = "utf-8",
    dry_run: CheckOption = False,
    restart: RestartOption = False,
    report: ReportOption = None,
    watch: WatchOption = None,
    once: OnceOption = False,
    settle: SettleOption = 2.0,
    dsn: DsnOption = None,
    kafka: KafkaOption = None,
    topic_prefix: PrefixOption = "",
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish what files hold: CSV by a mapping, JSON lines by a mapping or as CloudEvents; either may be gzip.

    Nothing is paid twice: ids follow from the rows, and a file that was read is known by its content. A run that was
    stopped goes on where it stopped. Rows that are refused are reported, and the others go through.

    Ends with 6 when a row was refused.
    """
    if not source:
        fail(Exit.USAGE, "say whose it is with --source", as_json=as_json)
    if bool(files) == bool(watch) or (report is not None and len(files or ()) != 1):
        fail(Exit.USAGE, "name files or a directory to --watch; a --report belongs to one file", as_json=as_json)
    if form not in _FORMS:
        fail(Exit.USAGE, f"--format {form}: csv or jsonl", as_json=as_json)
    connections = Connections(data, as_json, dsn, kafka, seal_key_file)
    parsed = read_mapping(mapping, as_json=as_json)[1] if mapping is not None else None

    async def work() -> list[Outcome]:
        chosen = parsed
        if not (dry_run and dsn is None and DirectoryLock(data).owner() is None):
            chosen = await _mapping_of(connections, source, parsed)
        wishes = Wishes(source, chosen, _FORMS[form], encoding, delimiter, dry_run, restart, topic_prefix)
        intake = Intake(wishes, connections)
        if watch is not None:
            return await intake.watch(watch, settle, once=once)
        return await intake.take(files or (), report)

    outcomes = finished(work, as_json=as_json)
    _tell(outcomes, dry_run=dry_run, as_json=as_json)
    if any(outcome.mark.rejected for outcome in outcomes):
        raise typer.Exit(Exit.VIOLATIONS)


def register(main: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    main.command()(ingest)


async def _mapping_of(connections: Connections, source: str, named: EventMapping | None) -> EventMapping | None:
    """The mapping that was named, or is kept with the source; ends the command when the source is not registered."""
    connection = await asyncpg.connect(connections.dsn())
    try:
        row = await connection.fetchrow(_QUERIES["covering"], source)
    finally:
        await connection.close()
    if row is None:
        message = f"{source} is no registered source; `pointstream sources add {source}` makes it one"
        fail(Exit.FAILED, message, as_json=connections.as_json)
    return named or stored(row["mapping"], row["prefix"], as_json=connections.as_json)


def _tell(outcomes: Sequence[Outcome], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        told = [outcome.described() for outcome in outcomes]
        published = sum(outcome.mark.published for outcome in outcomes)
        rejected = sum(outcome.mark.rejected for outcome in outcomes)
        screen.write_json({"files": told, "published": published, "rejected": rejected, "dry_run": dry_run})
        return
    for outcome in outcomes:
        screen.out().print(line(outcome), markup=False)
    if dry_run:
        screen.out().print("nothing was published: a dry run", markup=False)
