"""`pointstream scenarios simulate`: what scenarios would have done over the last days, on what really happened."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.scenarios import LanguageOption, app, arm_row, step_heads, step_row
from libs.language.catalogue import LANGUAGES
from libs.ledger.zones import load_zone
from libs.promotions.document import ProgrammeInvalid, parse_programme_yaml
from libs.promotions.programme import Programme
from libs.scenarios.history import simulate as simulate_on_history
from libs.scenarios.simulating import Simulated
from libs.scenarios.told import told_of_simulated

_HEADS = ("at", "scenario", "step", "arm", "member", "by")
FileArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]", exists=True, dir_okay=False, help="A document with scenarios; without one that in force."
    ),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", dir_okay=False, help="Write who would have got what, as CSV.")
]


def simulate(
    file: FileArgument = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days back.")] = 30,
    scenario: Annotated[str | None, typer.Option("--scenario", metavar="NAME", help="Only this one.")] = None,
    out: OutOption = None,
    language: LanguageOption = LANGUAGES[0],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what scenarios would have done to whom, had they been in force; nothing is sent and nothing is kept.

    Goals are asked of the past as it was; segments, tiers, addresses and consents are those of now.
    """
    document = None if file is None else _read(file, as_json=as_json)

    async def work(where: Where) -> Simulated:
        source = document or where.found.compiled.source
        wanted = [each for each in source.scenarios if scenario in (None, each.name)]
        if not wanted:
            known = ", ".join(each.name for each in source.scenarios) or "none"
            fail(Exit.USAGE, f"there is no such scenario; there is: {known}", as_json=as_json)
        slugs = (where.programme.tenant, where.programme.name)
        zone = load_zone(source.zone)
        return await simulate_on_history(where.connection, slugs, where.scope, wanted, zone, where.now, days)

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if out is not None:
        _write(out, found)
    if as_json:
        screen.write_json({"days": days, "scenarios": told_of_simulated(found, language)})
        return
    for each in told_of_simulated(found, language):
        said = f"{each['title'] or each['name']}: {each['words']}"
        title = f"{said}; would have begun {each['begun']:,}, for {each['members']:,}"
        screen.write_table(title, [step_row(step) for step in each["steps"]], step_heads())
        if each["arms"]:
            screen.write_table("Arms", [arm_row(arm) for arm in each["arms"]], ("arm", "share", "begun", "goal", ""))
        by = [(one["step"], one["by"], f"{one['times']:,}") for one in each["by"]]
        screen.write_table("By", by, ("step", "by", "times"))


def _read(file: Path, *, as_json: bool) -> Programme:
    try:
        return parse_programme_yaml(file.read_text(encoding="utf-8"))
    except (ProgrammeInvalid, UnicodeDecodeError) as error:
        fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)


def _write(out: Path, found: Simulated) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADS)
        for each in found.would:
            at = each.at.isoformat().replace("+00:00", "Z")
            writer.writerow((at, each.scenario, each.step, each.arm or "", each.member_id, each.by))


def register(main: typer.Typer) -> None:
    """Add the command to `pointstream scenarios`."""
    app.command()(simulate)
