"""`pointstream history export`: a programme's history as Parquet, for backtests and analysis away from the platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.pace import Pace
from cli.programmes import TenantOption, the_programme
from libs.backtest.history import PERSONAL
from libs.backtest.parquet import Description, ParquetMissing, export
from libs.backtest.plan import ALWAYS
from libs.backtest.postgres import reading

app = typer.Typer(help="What was earned, and by which facts.", no_args_is_help=True)

OutOption = Annotated[
    Path, typer.Option("--out", metavar="DIR", file_okay=False, help="A folder that is empty or new.")
]
SlugOption = Annotated[
    str | None, typer.Option("--programme-slug", metavar="SLUG", help="Which programme, where the tenant has several.")
]

PersonalOption = Annotated[
    bool,
    typer.Option("--personal", help="With birthdays and attributes, for rules that ask: no erasure reaches the files."),
]


@app.callback()
def _group() -> None:
    """What was earned, and by which facts."""


@app.command("export")
def export_history(
    out: OutOption,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme_slug: SlugOption = None,
    personal: PersonalOption = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write all receipts and activities of a programme's members, with its versions and rates, as Parquet files.

    They are read in one snapshot, beside running workers. `pointstream backtest --history DIR` gives the same results
    from them as from the database. Personal identifiers are in them only as keyed hashes. Birthdays and attributes are
    left out unless --personal asks for them; delete such files as soon as they were used.
    """
    connections = Connections(data, as_json, dsn)
    if out.exists() and any(out.iterdir()):
        fail(Exit.USAGE, f"{out} is not empty", as_json=as_json)

    told = PERSONAL if personal else ()

    async def work() -> Description:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where = await the_programme(connection, tenant, programme_slug, as_json=as_json)
        finally:
            await connection.close()
        until = connections.clock().now().replace(microsecond=0)
        async with reading(connections.dsn(), where.tenant_id, where.programme_id) as history:
            with screen.reporting() as news, news.step("Export") as step:
                pace = Pace(step, "receipts and activities", await history.size(ALWAYS))
                described = await export(
                    history, ALWAYS, until, out, lambda items, done: pace.at(done, count=items), told
                )
                step.done(f"{described.items:,} receipts and activities")
        return described

    try:
        described = finished(work, as_json=as_json)
    except ParquetMissing as missing:
        fail(Exit.FAILED, str(missing), as_json=as_json)
    shown = {
        "programme": f"{described.scheme.tenant}/{described.scheme.programme}",
        "until": described.until.isoformat().replace("+00:00", "Z"),
        "items": described.items,
        "files": described.files,
    }
    if as_json:
        screen.write_json(shown)
    else:
        screen.write_table(f"Exported to {out}", [(name, f"{value}") for name, value in shown.items()])


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="history")
