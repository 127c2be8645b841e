"""`pointstream rates`: what other currencies are worth in a programme's own. A rate is never changed, only followed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exact_rates import read_file, read_rate
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import Programme, ProgrammeOption, TenantOption, the_programme
from libs.intake.rows import FileUnreadable, unpacked
from libs.programmes.postgres import publishing
from libs.programmes.rates import Rate, add_rates
from libs.promotions.exchange_rates import RateInvalid, written
from libs.runtime import sql

app = typer.Typer(help="Exchange rates: what other currencies are worth.", no_args_is_help=True)
_QUERIES = sql.load("cli", "rates.sql")
_WAITING = "no-exchange-rate"
_SHOWN = 20

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be added, and add nothing.")]


@app.callback()
def _group() -> None:
    """Exchange rates: what other currencies are worth."""


@app.command()
def add(
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="The other currency, e.g. CHF.")],
    rate: Annotated[
        str, typer.Argument(metavar="RATE", help="What one of it is worth in the programme's currency, e.g. 1.0472.")
    ],
    valid_from: Annotated[
        str, typer.Option("--from", metavar="INSTANT", help="From when on, e.g. 2026-11-01T00:00:00Z.")
    ],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dry_run: DryRunOption = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a rate. To correct one add another from the same instant: the latest version counts, the others stay.

    Rates have up to nine decimals and are kept exactly. A rate that is there already makes no new version.
    """
    connections = Connections(data, as_json, dsn)

    async def work() -> None:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where = await the_programme(connection, tenant, programme, as_json=as_json)
            try:
                wanted = read_rate(currency, rate, valid_from, where.currency)
            except RateInvalid as error:
                fail(Exit.USAGE, str(error), as_json=as_json)
            await _add(connection, where, [wanted], connections, dry_run=dry_run)
        finally:
            await connection.close()

    finished(work, as_json=as_json)


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="CSV with currency, rate and from.")
    ],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dry_run: DryRunOption = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add all rates of a file, or none when one of them is wrong. Calling it again adds nothing.

    Ends with 6 when a row is wrong; each is named with its line.
    """
    connections = Connections(data, as_json, dsn)

    async def work() -> None:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where = await the_programme(connection, tenant, programme, as_json=as_json)
            await _add(connection, where, _read(file, where.currency, as_json), connections, dry_run=dry_run)
        finally:
            await connection.close()

    finished(work, as_json=as_json)


@app.command("list")
def list_rates(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    currency: Annotated[str | None, typer.Option("--currency", metavar="CODE", help="Only this currency.")] = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List rates with all their versions, in the order of the instants from which they are valid."""

    async def look() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(Connections(data, as_json, dsn).dsn())
        try:
            rows: list[asyncpg.Record] = await connection.fetch(_QUERIES["rates"], tenant, programme, currency)
            return rows
        finally:
            await connection.close()

    rows = finished(look, as_json=as_json)
    if as_json:
        screen.write_json({"rates": [_described(row) for row in rows]})
    elif rows:
        screen.write_table(
            f"{len(rows)} rates",
            [
                (
                    f"{row['tenant']}/{row['programme']}",
                    f"1 {row['currency']} = {written(row['rate_e9'])} {row['into']}",
                    f"{row['valid_from']:%Y-%m-%d %H:%M:%S}Z",
                    str(row["version"]) + (", replaced" if row["replaced"] else ""),
                )
                for row in rows
            ],
            ("programme", "rate", "valid from", "version"),
        )
    else:
        screen.out().print("no rates", markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="rates")


def _read(file: Path, into: str, as_json: bool) -> list[Rate]:
    rates: list[Rate] = []
    wrong: list[str] = []
    try:
        with file.open("rb") as stream:
            for line, found in read_file(unpacked(stream), into):
                if isinstance(found, Rate):
                    rates.append(found)
                else:
                    wrong.append(f"line {line}: {found}")
    except FileUnreadable as error:
        fail(Exit.FAILED, f"{file}: {error}", as_json=as_json)
    if wrong:
        more = f"\n… and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        fail(
            Exit.VIOLATIONS,
            f"{file}: {len(wrong)} wrong rows, nothing was added\n" + "\n".join(wrong[:_SHOWN]) + more,
            as_json=as_json,
        )
    return rates


async def _add(
    connection: asyncpg.Connection,
    where: Programme,
    rates: Sequence[Rate],
    connections: Connections,
    *,
    dry_run: bool,
) -> None:
    key = (where.tenant_id, where.programme_id)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await publishing(connection, key)
        added = await add_rates(connection, key, rates, connections.clock().now())
        waiting = await connection.fetch(_QUERIES["waiting"], *key, [rate.currency for rate in rates], _WAITING)
    except BaseException:
        await transaction.rollback()
        raise
    await (transaction.rollback() if dry_run else transaction.commit())
    _tell(where, added, len(rates), {row["currency"]: row["receipts"] for row in waiting}, connections, dry_run)


def _tell(
    where: Programme,
    added: Sequence[asyncpg.Record],
    asked: int,
    waiting: dict[str, int],
    connections: Connections,
    dry_run: bool,
) -> None:
    if connections.as_json:
        told = [
            {
                "currency": row["currency"],
                "rate": written(row["rate_e9"]),
                "from": row["valid_from"].isoformat(),
                "version": row["version"],
            }
            for row in added
        ]
        known = asked - len(added)
        screen.write_json(
            {"programme": where.slug, "added": told, "known": known, "waiting": waiting, "dry_run": dry_run}
        )
        return
    for row in added[:_SHOWN]:
        screen.out().print(
            f"1 {row['currency']} = {written(row['rate_e9'])} {where.currency} "
            f"from {row['valid_from']:%Y-%m-%d %H:%M:%S}Z, version {row['version']}",
            markup=False,
        )
    does = "would be added" if dry_run else "added"
    screen.out().print(f"{len(added)} {does}, {asked - len(added)} known already", markup=False)
    for currency, receipts in waiting.items():
        screen.err().print(
            f"{receipts} receipts in {currency} wait for a rate: `pointstream parked list`", markup=False
        )


def _described(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "tenant": row["tenant"],
        "programme": row["programme"],
        "currency": row["currency"],
        "into": row["into"],
        "rate": written(row["rate_e9"]),
        "version": row["version"],
        "from": row["valid_from"].isoformat(),
        "recorded_at": row["recorded_at"].isoformat(),
        "replaced": row["replaced"],
    }
