"""`pointstream catalogue`: rewards and their stock, shown, written, brought in and out as files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import orjson
import typer

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import who
from libs.catalogue import postgres as catalogue
from libs.catalogue.exchange import COLUMNS, Read, read_csv, read_json, reward_row, write_csv
from libs.catalogue.keeping import BroughtIn, Overtaken, bring_in, keep
from libs.catalogue.postgres import Kept, StockRow
from libs.catalogue.reward import RewardInvalid, parse_reward, reward_document, reward_schema

app = typer.Typer(help="The catalogue: what members can have for points.", no_args_is_help=True)
ReferenceArgument = Annotated[str, typer.Argument(metavar="REWARD", help="Its reference.")]


@app.callback()
def _group() -> None:
    """The catalogue: what members can have for points."""


@app.command("list")
def list_rewards(
    category: Annotated[str | None, typer.Option("--category", metavar="NAME", help="Only of this category.")] = None,
    language: Annotated[str, typer.Option("--language", metavar="CODE", help="Titles in this language.")] = "en",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the rewards: kind, category, state, the first price, and what is on stock."""

    async def work(at: AtProgramme) -> tuple[list[Kept], list[StockRow]]:
        scope = at.programme[:2]
        return await catalogue.load_rewards(at.connection, scope), await catalogue.load_stock(at.connection, scope)

    found, stock = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    rows = [
        {
            "reference": each.reward.reference,
            "title": each.reward.words(language).title,
            "kind": each.reward.what.kind,
            "category": each.reward.category,
            "state": each.reward.state,
            "points": each.reward.prices[0].points,
            "stock": None
            if each.reward.stock == "unlimited"
            else sum(row.free for row in stock if row.reference == each.reward.reference),
            "version": each.version,
        }
        for each in found
        if category in (None, each.reward.category)
    ]
    if as_json:
        screen.write_json({"rewards": rows})
        return
    told = [["" if value is None else str(value) for value in row.values()] for row in rows]
    screen.write_table("Rewards", told, ("reward", "title", "kind", "category", "state", "points", "stock", "version"))


@app.command()
def show(
    reference: ReferenceArgument,
    version: Annotated[int | None, typer.Option("--version", min=1, help="An earlier version.")] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a reward's document, who wrote it, and its stock."""

    async def work(at: AtProgramme) -> dict[str, Any]:
        kept = await catalogue.load_reward(at.connection, at.programme[:2], reference, version)
        if kept is None:
            fail(Exit.FAILED, f"{at.programme.slug} has no reward {reference}", as_json=as_json)
        stock = await catalogue.load_stock(at.connection, at.programme[:2], [reference])
        return {
            "reward": reward_document(kept.reward),
            "version": kept.version,
            "author": kept.author,
            "recorded_at": kept.recorded_at.isoformat(),
            "stock": [row._asdict() for row in stock],
        }

    told = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json(told)
        return
    screen.out().print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode(), markup=False)


@app.command()
def put(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="One reward as JSON.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a reward: a version more, unless it says what the last one says."""
    try:
        reward = parse_reward(orjson.loads(file.read_bytes()))
    except orjson.JSONDecodeError as error:
        fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)
    except RewardInvalid as invalid:
        fail(Exit.USAGE, f"{file}: {invalid}", as_json=as_json)

    async def work(at: AtProgramme) -> tuple[Kept, bool]:
        async with at.connection.transaction():
            before = await catalogue.load_reward(at.connection, at.programme[:2], reward.reference)
            try:
                kept = await keep(at.connection, at.programme[:2], reward, before, who(), at.now)
            except Overtaken:
                fail(Exit.OVERTAKEN, f"somebody else has changed {reward.reference} meanwhile", as_json=as_json)
            return kept, kept != before

    kept, new = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"reference": reward.reference, "version": kept.version, "changed": new})
    else:
        does = "is now" if new else "already was"
        screen.out().print(f"{reward.reference} {does} version {kept.version}", markup=False)


@app.command("import")
def import_rewards(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="CSV, or a JSON list.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, and change nothing.")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the rewards of a file. Columns of CSV change what is there; a wrong row is told, and the others count.

    Ends with 6 when a row was wrong.
    """
    content = file.read_bytes()

    async def work(at: AtProgramme) -> BroughtIn:
        async with at.connection.transaction():
            rows = _rows(file, content, await catalogue.load_rewards(at.connection, at.programme[:2]), as_json)
            try:
                return await bring_in(at.connection, at.programme[:2], rows, who(), at.now, dry_run=dry_run)
            except Overtaken:
                fail(Exit.OVERTAKEN, "somebody else has changed the catalogue meanwhile", as_json=as_json)

    told = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        faults = [{"line": line, "pointer": path, "detail": detail} for line, path, detail in told.faults]
        screen.write_json(told._asdict() | {"faults": faults, "dry_run": dry_run})
    else:
        screen.write_table("Wrong rows", [tuple(map(str, fault)) for fault in told.faults], ("line", "where", "what"))
        line = f"{told.rows:,} rows: {told.created:,} new, {told.changed:,} changed, {told.unchanged:,} as they were"
        screen.out().print(line + (" (nothing was written)" if dry_run else ""), markup=False)
    if told.rejected:
        raise typer.Exit(Exit.VIOLATIONS)


def _rows(file: Path, content: bytes, known: list[Kept], as_json: bool) -> Iterable[Read]:
    """The rows of a file; ends the command when nothing can be made of it."""
    try:
        if file.suffix.lower() == ".csv":
            documents = {each.reward.reference: reward_document(each.reward) for each in known}
            return read_csv(content.decode("utf-8-sig"), documents)
        found = orjson.loads(content)
    except (UnicodeDecodeError, orjson.JSONDecodeError) as error:
        fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)
    if not isinstance(found, list):
        fail(Exit.USAGE, f"{file}: expected a list of rewards", as_json=as_json)
    return read_json(found)


@app.command("export")
def export_rewards(
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where to; .csv or .json.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write all rewards into a file, as CSV or JSON, that `import` reads again."""

    async def work(at: AtProgramme) -> list[Kept]:
        return await catalogue.load_rewards(at.connection, at.programme[:2])

    found = [each.reward for each in work_at(Connections(data, as_json, dsn), tenant, programme, work)]
    if file.suffix.lower() == ".csv":
        file.write_text(write_csv(COLUMNS, map(reward_row, found)), encoding="utf-8", newline="")
    else:
        file.write_bytes(orjson.dumps([reward_document(each) for each in found], option=orjson.OPT_INDENT_2))
    if as_json:
        screen.write_json({"rewards": len(found), "file": str(file)})
    else:
        screen.out().print(f"{len(found):,} rewards written to {file}", markup=False)


@app.command()
def stock(
    reference: ReferenceArgument,
    free: Annotated[int | None, typer.Option("--set", min=0, metavar="N", help="So many are free from now on.")] = None,
    add: Annotated[int | None, typer.Option("--add", metavar="N", help="So many came; with a minus, went.")] = None,
    store: Annotated[str, typer.Option("--store", metavar="STORE", help="In this store (default: all together).")] = "",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the stock of a reward, set it, or change it. What is held stays held."""
    if free is not None and add is not None:
        fail(Exit.USAGE, "either --set or --add", as_json=as_json)

    async def work(at: AtProgramme) -> list[StockRow]:
        scope = at.programme[:2]
        if await catalogue.load_reward(at.connection, scope, reference) is None:
            fail(Exit.FAILED, f"{at.programme.slug} has no reward {reference}", as_json=as_json)
        if free is not None or add is not None:
            try:
                await catalogue.set_stock(at.connection, scope, reference, store, to=free, by=add)
            except asyncpg.CheckViolationError:
                fail(Exit.FAILED, "fewer than none would be free", as_json=as_json)
        return await catalogue.load_stock(at.connection, scope, [reference])

    found = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"reference": reference, "stock": [row._asdict() for row in found]})
        return
    rows = [(row.store or "all together", f"{row.free:,}", f"{row.reserved:,}") for row in found]
    screen.write_table(f"Stock of {reference}", rows, ("store", "free", "held"))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a reward, for editors and other tools."""
    typer.echo(json.dumps(reward_schema(), indent=2, ensure_ascii=False))


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="catalogue")
