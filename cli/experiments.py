"""`pointstream experiments`: what the members of each arm did, and what that says."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from libs.experiments.reading import load_results
from libs.experiments.told import told
from libs.language.catalogue import LANGUAGES
from libs.ledger.zones import load_zone
from libs.promotions.describe import Words

app = typer.Typer(help="Experiments: campaigns tried out with some members, drawn by lot.", no_args_is_help=True)

LanguageOption = Annotated[str, typer.Option("--language", metavar="CODE", help=f"One of {', '.join(LANGUAGES)}.")]


@app.callback()
def _group() -> None:
    """Experiments: campaigns tried out with some members, drawn by lot."""


@app.command("list")
def list_experiments(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the experiments of the programme in force, and the arms of each."""

    async def work(where: Where) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json") for one in where.found.compiled.source.experiments]

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"experiments": found})
        return
    rows = [
        (
            one["name"],
            one["title"] or "",
            f"{one['first_day']} to {one['last_day'] or 'further notice'}",
            ", ".join(f"{arm['name']} {arm['per_mille'] / 10:g} %" for arm in one["arms"]),
        )
        for one in found
    ]
    screen.write_table("Experiments", rows, ("name", "title", "days", "arms"))


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its name in the programme.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    language: LanguageOption = LANGUAGES[0],
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the members of each arm did, counted exactly as of now, and how sure a difference is."""
    connections = Connections(data, as_json, dsn)
    if language not in LANGUAGES:
        fail(Exit.USAGE, f"--language {language}: one of {', '.join(LANGUAGES)}", as_json=as_json)

    async def work(where: Where) -> tuple[dict[str, Any], Words]:
        compiled = where.found.compiled
        known = {one.name: one for one in compiled.source.experiments}
        if name not in known:
            message = f"{where.programme.slug} has no experiment {name}; it has: {', '.join(known) or 'none'}"
            fail(Exit.USAGE, message, as_json=as_json)
        zone = load_zone(compiled.source.zone)
        results = await load_results(where.connection, where.scope, known[name], zone, where.now)
        return told(results, compiled, language), Words(compiled, language)

    found, words = work_on(connections, tenant, programme, work)
    if as_json:
        screen.write_json(found)
        return
    heads = ("arm", "members", "bought", "purchases", "spend", "a member", "basket", "points", "worth", "")
    screen.write_table(found["title"] or found["name"], [_row(arm, words) for arm in found["arms"]], heads)
    screen.out().print(found["words"], markup=False)


def _row(arm: dict[str, Any], words: Words) -> tuple[str, ...]:
    def money(name: str) -> str:
        return "" if arm[name] is None else words.money(arm[name])

    return (
        arm["arm"],
        *(f"{arm[name]:,}" for name in ("members", "buyers", "purchases")),
        money("spend_minor"),
        money("spend_a_member_minor"),
        money("average_basket_minor"),
        ", ".join(words.points(one["points"], one["wallet"]) for one in arm["points"]),
        money("cost_minor"),
        arm["words"],
    )


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="experiments")
