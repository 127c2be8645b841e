"""`pointstream scenarios`: what happens to members by itself, and how far they come."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from libs.language.catalogue import LANGUAGES
from libs.scenarios.funnel import MARKS
from libs.scenarios.reading import load_funnels
from libs.scenarios.told import told

app = typer.Typer(help="Scenarios: what happens to members by itself, and how far they come.", no_args_is_help=True)

LanguageOption = Annotated[str, typer.Option("--language", metavar="CODE", help=f"One of {', '.join(LANGUAGES)}.")]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=366, help="Steps due within so many days, or later.")]


@app.callback()
def _group() -> None:
    """Scenarios: what happens to members by itself, and how far they come."""


@app.command("list")
def list_scenarios(
    days: DaysOption = 90,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    language: LanguageOption = LANGUAGES[0],
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the scenarios in force: what each begins with, how often it began, and how often its goal was reached."""
    found = _found(Connections(data, as_json, dsn), tenant, programme, days, language)
    if as_json:
        screen.write_json({"scenarios": found})
        return
    rows = [
        (each["name"], each["state"], each["words"], f"{each['begun']:,}", f"{each['won']:,}" if each["goal"] else "")
        for each in found
    ]
    screen.write_table("Scenarios", rows, ("name", "state", "begins with", "begun", "goal reached"))


@app.command()
def funnel(
    name: Annotated[str, typer.Argument(metavar="SCENARIO", help="Its name in the programme.")],
    days: DaysOption = 90,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    language: LanguageOption = LANGUAGES[0],
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how many members are where at each step of a scenario, and what each arm brought, counted exactly."""
    known = {each["name"]: each for each in _found(Connections(data, as_json, dsn), tenant, programme, days, language)}
    if name not in known:
        fail(Exit.USAGE, f"there is no scenario {name}; there is: {', '.join(known) or 'none'}", as_json=as_json)
    found = known[name]
    if as_json:
        screen.write_json(found)
        return
    title = f"{found['title'] or name}: {found['words']}; begun {found['begun']:,}"
    screen.write_table(title, [step_row(step) for step in found["steps"]], step_heads())
    if found["arms"]:
        screen.write_table(
            "Arms", [arm_row(arm) for arm in found["arms"]], ("arm", "share", "begun", "goal reached", "")
        )


def _found(
    connections: Connections, tenant: str | None, programme: str | None, days: int, language: str
) -> list[dict[str, Any]]:
    if language not in LANGUAGES:
        fail(Exit.USAGE, f"--language {language}: one of {', '.join(LANGUAGES)}", as_json=connections.as_json)

    async def work(where: Where) -> list[dict[str, Any]]:
        scenarios = where.found.compiled.source.scenarios
        since = (where.now - timedelta(days=days)).date()
        counted = await load_funnels(where.connection, where.scope, scenarios, since)
        return [told(each, language) for each in counted]

    return work_on(connections, tenant, programme, work)


def step_heads() -> tuple[str, ...]:
    """The heads above rows of steps."""
    return ("step", "does", "after", *[mark.replace("_", " ") for mark in MARKS])


def step_row(step: dict[str, Any]) -> tuple[str, ...]:
    """One step, and how many members are where."""
    does = step["message"] or step["action"]
    return (step["name"], does, f"{step['after_hours']} h", *[f"{step[mark]:,}" for mark in MARKS])


def arm_row(arm: dict[str, Any]) -> tuple[str, ...]:
    """One arm, and what it brought."""
    part = "" if arm["won_per_mille"] is None else f" ({arm['won_per_mille'] / 10:g} %)"
    return (arm["arm"], f"{arm['per_mille'] / 10:g} %", f"{arm['begun']:,}", f"{arm['won']:,}{part}", arm["words"])


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="scenarios")
