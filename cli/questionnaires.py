"""`pointstream questionnaires`: questions to members, from a file to their own page, and how they were answered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import yaml
from pydantic import ValidationError

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import who
from libs.promotions.parts import NAME_PATTERN
from libs.promotions.strict_yaml import read_yaml
from libs.questionnaires.figures import Share
from libs.questionnaires.form import Questionnaire, undeclared, words
from libs.questionnaires.postgres import Kept, keep, load, load_figures, told

app = typer.Typer(help="Questionnaires: questions whose answers become members' profiles.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The questionnaire's name.")]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The questionnaire, in YAML or JSON.")
]


@app.callback()
def _group() -> None:
    """Questionnaires: questions whose answers become members' profiles."""


@app.command("list")
def list_questionnaires(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the questionnaires, and how many members filled each in."""

    async def work(at: Where) -> list[tuple[Kept, int]]:
        found = await load(at.connection, at.scope)
        return [(each, (await load_figures(at.connection, at.scope, each))[0]) for each in found]

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    rows = [
        {
            "name": kept.name,
            "title": words(kept.asked.title, "en"),
            "questions": len(kept.asked.questions),
            "ends_at": None if kept.asked.ends_at is None else kept.asked.ends_at.isoformat(),
            "answered": answered,
        }
        for kept, answered in found
    ]
    if as_json:
        screen.write_json({"questionnaires": rows})
        return
    lines = [tuple("" if value is None else str(value) for value in row.values()) for row in rows]
    screen.write_table("Questionnaires", lines, ("name", "title", "questions", "ends_at", "answered"))


@app.command()
def check(file: FileArgument, as_json: JsonOption = False) -> None:
    """Check a questionnaire as `put` would, but for what the programme declares; nothing needs to run."""
    asked = _read(file, as_json)
    if as_json:
        screen.write_json({"valid": True, "questionnaire": told(asked)})
        return
    typer.echo(f"{file}: a questionnaire without a fault")


@app.command()
def put(
    name: NameArgument,
    file: FileArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a questionnaire, in place of the one of that name; to end it, set its `ends_at`."""
    asked = _read(file, as_json)
    if not re.fullmatch(NAME_PATTERN, name):
        fail(Exit.USAGE, "NAME is written in small letters, digits, _ and -", as_json=as_json)

    async def work(at: Where) -> list[tuple[str, str]]:
        faults = undeclared(asked, at.found.compiled.source.attributes)
        if not faults:
            await keep(at.connection, at.scope, name, asked, who(), at.now)
        return faults

    faults = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if faults:
        _refuse(file, faults, as_json)
    screen.write_json({"kept": name}) if as_json else typer.echo(f"{name}: kept")


@app.command()
def show(
    name: NameArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a questionnaire as `put` takes it."""

    async def work(at: Where) -> Kept:
        return await _one(at, name)

    document = told(work_on(Connections(data, as_json, dsn), tenant, programme, work).asked)
    if as_json:
        screen.write_json({"name": name, "questionnaire": document})
        return
    typer.echo(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=100), nl=False)


@app.command()
def figures(
    name: NameArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count who filled a questionnaire in, and in how many of their profiles each answer stands now."""

    async def work(at: Where) -> tuple[int, list[Share]]:
        return await load_figures(at.connection, at.scope, await _one(at, name))

    answered, shares = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        rows = [{"question": each.question, "answer": each.answer, "count": each.times} for each in shares]
        screen.write_json({"answered": answered, "answers": rows})
        return
    lines = [(each.question, each.answer, str(each.times)) for each in shares]
    screen.write_table(f"{name}: filled in by {answered}", lines, ("question", "answer", "count"))


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="questionnaires")


async def _one(at: Where, name: str) -> Kept:
    for kept in await load(at.connection, at.scope, name):
        return kept
    fail(Exit.FAILED, f"no questionnaire is called {name}", as_json=at.connections.as_json)


def _read(file: Path, as_json: bool) -> Questionnaire:
    try:
        return Questionnaire.model_validate(read_yaml(file.read_text(encoding="utf-8")))
    except UnicodeDecodeError:
        fail(Exit.VIOLATIONS, f"{file}: it is not text in UTF-8", as_json=as_json)
    except yaml.YAMLError as error:
        fail(Exit.VIOLATIONS, f"{file}: {error}", as_json=as_json)
    except ValidationError as invalid:
        faults = invalid.errors(include_url=False, include_input=False)
        _refuse(file, [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in faults], as_json)


def _refuse(file: Path, faults: list[tuple[str, str]], as_json: bool) -> NoReturn:
    if as_json:
        told_faults: list[dict[str, Any]] = [{"path": path, "reason": reason} for path, reason in faults]
        screen.write_json({"valid": False, "faults": told_faults})
        raise typer.Exit(Exit.VIOLATIONS)
    fail(Exit.VIOLATIONS, f"{file}:\n" + "\n".join(f"{path}: {reason}" for path, reason in faults), as_json=False)
