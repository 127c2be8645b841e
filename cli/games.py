"""`pointstream games` and `pointstream draws`: games are written, opened and ended; what was drawn is drawn again."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import msgspec
import typer
import yaml

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.redemption_door import RedemptionOption, Where, ask_about
from libs.contracts.games import PATH, GameAsk, GameView, Operation
from libs.games import record as records
from libs.games.library import examples
from libs.games.postgres import load_games, load_record
from libs.runtime.clock import SystemClock

games = typer.Typer(help="Lotteries, prize wheels, auctions and badges.", no_args_is_help=True)
draws = typer.Typer(help="What was drawn by a seed that was promised before.", no_args_is_help=True)
NameArgument: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="What the programme calls it.")]
FileArgument: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A document in YAML or JSON.")
]
_COLUMNS = ("programme", "name", "kind", "state", "closes_at", "tickets", "spins", "best", "commitment")


@games.command("list")
def list_games(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the games of a programme."""

    async def work(at: AtProgramme) -> list[GameView]:
        return await load_games(at.connection, at.programme.tenant_id, at.programme.name)

    found = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"games": [game.model_dump(mode="json") for game in found]})
        return
    rows = [tuple(str(getattr(game, name) or "") for name in _COLUMNS) for game in found]
    screen.write_table("Games", rows, _COLUMNS)


@games.command()
def put(
    name: NameArgument,
    file: FileArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a game that is not open yet."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    told = _ask(where, "put", name, document=_document(file, as_json=as_json))
    _say(told, f"{name}: version {told['version']}, {told['state']}", as_json=as_json)


@games.command("open")
def open_game(
    name: NameArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a game: publish the commitment that it prints."""
    told = _ask(Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json), "open", name)
    _say(told, f"open until {told['closes_at']}; commitment {told['commitment'] or 'none'}", as_json=as_json)


@games.command()
def end(
    name: NameArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a game whose time is over, which the clock does too, or stop a wheel."""
    told = _ask(Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json), "end", name)
    _say(told, f"ended; seed {told['seed'] or 'none'}", as_json=as_json)


@games.command()
def badge(
    name: NameArgument,
    file: FileArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a badge looks like, and which levels it has."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    told = _ask(where, "put_badge", name, document=_document(file, as_json=as_json))
    _say(told, f"the badge {name} is written", as_json=as_json)


@games.command("examples")
def list_examples(as_json: JsonOption = False) -> None:
    """List ready games, badges and rankings."""
    found = examples().values()
    if as_json:
        told = [{"name": each.name, "sort": each.sort, "about": dict(each.about)} for each in found]
        screen.write_json({"examples": told})
        return
    columns = ("name", "sort", "about")
    screen.write_table("Ready to begin with", [(each.name, each.sort, each.about["en"]) for each in found], columns)


@games.command()
def example(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of `pointstream games examples`.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", dir_okay=False, help="Where it is written.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a ready document, with times from now on, to be changed and given to `games put` or `games badge`."""
    found = examples().get(name)
    if found is None:
        fail(Exit.USAGE, f"{name}: it is not among {', '.join(examples())}", as_json=as_json)
    document = found.begun(SystemClock().now())
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    if to is not None:
        to.write_text(text, encoding="utf-8")
    if as_json:
        screen.write_json({"name": name, "sort": found.sort, "document": document})
    else:
        screen.out().print(text if to is None else str(to), markup=False, end="" if to is None else "\n")


@draws.command()
def export(
    name: NameArgument,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", dir_okay=False, help="Where it is written.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the record of a game that has ended, for everybody to draw again by."""

    async def work(at: AtProgramme) -> records.DrawRecord | None:
        whose = at.programme
        found = await load_games(at.connection, whose.tenant_id, whose.name, name)
        return await load_record(at.connection, whose.tenant_id, whose.tenant, found[0]) if found else None

    made = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if made is None:
        fail(Exit.FAILED, "there is no such lottery or wheel that has ended", as_json=as_json)
    to.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    _say({"file": str(to), "commitment": made.commitment}, f"{to}: commitment {made.commitment}", as_json=as_json)


@draws.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A record of a game.")],
    commitment: Annotated[
        str | None,
        typer.Option(
            "--commitment", metavar="HEX", help="The hash that was told when the game opened, as you kept it."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw again by a record, without any connection; ends with 1 when anything is otherwise."""
    try:
        record = records.read(file.read_bytes())
    except ValueError as error:
        fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)
    found = records.faults(record, commitment)
    drawn = len(record.wins) if record.kind == "lottery" else len(record.spins)
    if as_json:
        told = {"game": record.game, "kind": record.kind, "commitment": record.commitment, "drawn": drawn}
        screen.write_json({"true": not found, **told, "faults": found})
    elif found:
        for fault in found:
            screen.out().print(fault, markup=False)
    else:
        told_before = "" if commitment else "; compare the commitment with what was told when it opened"
        screen.out().print(f"{record.game}: {drawn} drawn as the seed says{told_before}", markup=False)
        screen.out().print(f"commitment {record.commitment}", markup=False)
    if found:
        raise typer.Exit(Exit.FAILED)


def _document(file: Path, *, as_json: bool) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)
    if not isinstance(found, dict):
        fail(Exit.USAGE, f"{file}: it is no document", as_json=as_json)
    read: dict[str, Any] = msgspec.to_builtins(found)
    return read


def _ask(where: Where, operation: Operation, name: str, **told: Any) -> dict[str, Any]:
    return ask_about(where, PATH, partial(GameAsk, operation), {"name": name, **told})


def _say(told: dict[str, Any], words: str, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(told)
    else:
        screen.out().print(words, markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(games, name="games")
    main.add_typer(draws, name="draws")
