"""`pointstream import members`: members and balances from another system, checked, resumed and reconciled."""

from __future__ import annotations

import getpass
import re
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.member_import import Imported, MemberImport, scales_of
from cli.member_rows import MemberRows
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import Programme, ProgrammeOption, TenantOption, the_programme
from cli.rejects import SUFFIX
from libs.intake.rows import FileUnreadable
from libs.ledger.zones import load_zone

app = typer.Typer(help="Bring what another system knows.", no_args_is_help=True)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_SHOWN = 20

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="CSV, packed with gzip or not.")
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source", metavar="NAME", help="What the other system is called, e.g. oldcrm: the same in every run."
    ),
]
WalletOption = Annotated[
    str, typer.Option("--opening-wallet", metavar="NAME", help="The wallet of rows that name none.")
]
CheckOption = Annotated[bool, typer.Option("--dry-run", help="Check every row, and publish nothing.")]
RestartOption = Annotated[bool, typer.Option("--restart", help="From the beginning, also what was read before.")]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait until all is in the ledger, and compare it with the file.")
]
ReportOption = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", dir_okay=False, help=f"For rejected rows (default: FILE{SUFFIX})."),
]


@app.callback()
def _group() -> None:
    """Bring what another system knows."""


@app.command()
def members(
    file: FileArgument,
    source: SourceOption,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    opening_wallet: WalletOption = "points",
    dry_run: CheckOption = False,
    wait: WaitOption = False,
    restart: RestartOption = False,
    report: ReportOption = None,
    dsn: DsnOption = None,
    kafka: KafkaOption = None,
    topic_prefix: PrefixOption = "",
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol members and bring their balances: who is who, tier, and points with the dates of earning and expiry.

    First every row is checked, then members are enrolled, then balances are brought: each only once, however often the
    same rows come. Rows that are refused are reported, and the others go through.

    Ends with 6 when a row was refused or, with --wait, when file and ledger differ.
    """
    connections = Connections(data, as_json, dsn, kafka, seal_key_file)

    async def work() -> Imported:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where = await the_programme(connection, tenant, programme, as_json=as_json)
            path = _path_of(where, source, as_json)
            now = connections.clock().now()
            scales = await scales_of(connection, where, now)
            if opening_wallet not in scales:
                fail(Exit.USAGE, f"{where.slug} has no wallet {opening_wallet}: {', '.join(scales)}", as_json=as_json)
            rows = MemberRows(path, load_zone(where.zone), scales, opening_wallet, now)
            place = report or file.with_name(file.name + SUFFIX)
            run = MemberImport(connection, connections, where, file, rows, getpass.getuser(), topic_prefix, place)
            with screen.reporting() as news, news.step("Import") as step:
                try:
                    imported = await run.all(step, dry_run=dry_run, restart=restart, wait=wait)
                except FileUnreadable as error:
                    fail(Exit.FAILED, f"{file}: {error}", as_json=as_json)
                step.done(f"{imported.members:,} members, {imported.openings:,} balances")
            return imported
        finally:
            await connection.close()

    imported = finished(work, as_json=as_json)
    _tell(imported, as_json=as_json)
    if imported.rejected or (imported.reconciliation is not None and not imported.reconciliation.even):
        raise typer.Exit(Exit.VIOLATIONS)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="import")


def _path_of(where: Programme, source: str, as_json: bool) -> str:
    """The source of the events: one of our own, since nobody else may bring balances."""
    if not _NAME.fullmatch(source):
        fail(Exit.USAGE, f"--source {source}: a name of small letters, digits and hyphens", as_json=as_json)
    return where.source(f"import/{source}")


def _tell(imported: Imported, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(imported.described())
        return
    points = ", ".join(f"{amount:,} in {wallet}" for wallet, amount in imported.points.items()) or "none"
    does = "would be brought" if imported.dry_run else "brought"
    told = f"; see {imported.report}" if imported.report else ""
    line = f"{imported.members:,} members, points in minor units: {points} {does}; {imported.rejected:,} rejected{told}"
    screen.out().print(line, markup=False)
    found = imported.reconciliation
    if found is None:
        return
    pairs: dict[str, dict[str, Any]] = {"members": found.described()["members"], **found.described()["wallets"]}
    columns = ("file", "ledger", "difference")
    rows = [(name, *(f"{pair[column]:,}" for column in columns)) for name, pair in pairs.items()]
    screen.write_table("File and ledger", rows, ("what", "file", "ledger", "difference"))
    for missing in found.missing[:_SHOWN]:
        screen.out().print(f"{missing.member_id}: {missing.what} {missing.points or ''}: {missing.why}", markup=False)
    if len(found.missing) > _SHOWN:
        screen.out().print(f"… and more; --json has the first {len(found.missing):,}", markup=False)
