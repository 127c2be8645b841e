"""`pointstream reminders`: the steps that come ahead of boundaries, whom one would reach, how those that came went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from libs.sweeps.losing import TierLoss, asked_by, by_tier
from libs.sweeps.reminder_reading import ReminderSeen, load_reminders, load_series
from libs.sweeps.reminders import Step, steps

app = typer.Typer(help="Reminders: who is told ahead of a boundary, and when.", no_args_is_help=True)
_AHEAD = timedelta(days=400)
_SHOWN = 12
_HEADS = ("tier", "members", "lots", "points")
StepOption = Annotated[
    str | None, typer.Option("--step", metavar="NAME", help="Name of the step, such as 7d (default: the next).")
]
WalletOption = Annotated[str | None, typer.Option("--wallet", help="Only of this wallet.")]


@app.callback()
def _group() -> None:
    """Reminders: who is told ahead of a boundary, and when."""


@app.command()
def plan(
    step: StepOption = None,
    wallet: WalletOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the steps that come, and whom the next one (or the next of a name) would reach, by tier.

    It says to the point what will be published, if nothing is earned or spent before; it changes nothing.
    """

    async def work(at: AtProgramme) -> tuple[list[Step], Step, list[TierLoss]]:
        scope = (at.programme.tenant_id, at.programme.programme_id)
        series, periods = await load_series(at.connection, scope)
        coming = steps(series, periods, at.now, at.now + _AHEAD)
        asked = [each for each in coming if step in (None, each.name) and wallet in (None, each.wallet)]
        if not asked:
            fail(Exit.FAILED, f"no such step is planned for {at.programme.slug}", as_json=as_json)
        async with at.connection.transaction(isolation="repeatable_read", readonly=True):
            return coming, asked[0], await by_tier(at.connection, scope, asked_by(asked[0], at.now))

    coming, chosen, shares = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        told = {"step": _told_step(chosen), "shares": [each._asdict() for each in shares]}
        screen.write_json(told | {"coming": [_told_step(each) for each in coming]})
        return
    rows = [(_text(each.due_at), each.wallet, each.name, str(each.local_date), _audience(each)) for each in coming]
    screen.write_table("Steps ahead", rows[:_SHOWN], ("due", "wallet", "step", "valid to", "for"))
    title = f"Whom {chosen.name} of {chosen.wallet} reaches at {_text(chosen.due_at)}"
    screen.write_table(title, _rows(shares), _HEADS)


@app.command()
def status(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the steps that came due, the latest first, and whom each has reached."""

    async def work(at: AtProgramme) -> list[ReminderSeen]:
        return await load_reminders(at.connection, at.programme.tenant_id, at.programme.programme_id)

    found = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"reminders": [_told(each) for each in found]})
        return
    rows = [
        (_text(each.due_at), each.wallet, each.step, str(each.local_date), each.state, f"{each.members:,}")
        for each in found
    ]
    screen.write_table("Reminders", rows, ("due", "wallet", "step", "valid to", "state", "members"))


def _rows(shares: list[TierLoss]) -> list[tuple[str, ...]]:
    rows = [(each.tier or "", f"{each.members:,}", f"{each.lots:,}", f"{each.points:,}") for each in shares]
    members, lots, points = (sum(getattr(each, name) for each in shares) for name in _HEADS[1:])
    return [*rows, ("all", f"{members:,}", f"{lots:,}", f"{points:,}")]


def _audience(step: Step) -> str:
    asked = step.audience
    parts = [f"at least {asked.min_points:,} points"] if asked.min_points else []
    parts += [f"tier {' or '.join(asked.tiers)}"] if asked.tiers else []
    parts += [f"segment {' or '.join(asked.segments)}"] if asked.segments else []
    return ", ".join(parts) or "everybody who loses something"


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _told_step(step: Step) -> dict[str, Any]:
    return {
        "wallet": step.wallet,
        "boundary": _text(step.boundary),
        "last_day": step.local_date.isoformat(),
        "step": step.name,
        "days": step.days,
        "due_at": _text(step.due_at),
        "audience": step.audience.model_dump(mode="json"),
        "programme_version": step.version,
    }


def _told(seen: ReminderSeen) -> dict[str, Any]:
    return {
        "wallet": seen.wallet,
        "boundary": _text(seen.boundary),
        "last_day": seen.local_date.isoformat(),
        "step": seen.step,
        "days": seen.days,
        "due_at": _text(seen.due_at),
        "state": seen.state,
        "members": seen.members,
        "told": [each._asdict() for each in seen.told],
        "started_at": None if seen.started_at is None else _text(seen.started_at),
        "ended_at": None if seen.ended_at is None else _text(seen.ended_at),
    }


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="reminders")
