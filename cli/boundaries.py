"""`pointstream boundaries`: when periods end in a zone, to the instant; only --changed needs a platform."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfoNotFoundError

import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.moved_boundaries import show_changed
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from libs.ledger.boundary import Boundary, Period, boundary_after
from libs.ledger.zones import load_zone

_DAY = timedelta(days=1)
_PERIODS = {period.value.replace("_", "-"): period for period in Period}
_LAST_YEAR = 9_000
_MOST = 1_200


def boundaries(
    zone: Annotated[
        str | None, typer.Option("--zone", metavar="ZONE", help="An IANA zone, such as Europe/Rome.")
    ] = None,
    period: Annotated[
        str | None, typer.Option("--period", metavar="PERIOD", help=f"One of {', '.join(_PERIODS)}.")
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option("--from", metavar="DATE", formats=["%Y-%m-%d"], help="The first period is the one with this day."),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=_MOST, help="How many boundaries.")] = 12,
    changed: Annotated[
        bool, typer.Option("--changed", help="Which lots have a date that newer zone data made no boundary.")
    ] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show when periods end: the instant, the period's last day, and the release of the zone data it follows from.

    With --changed, what a newer release means for a running platform; it changes nothing.
    """
    if changed:
        show_changed(Connections(data, as_json, dsn), tenant, programme)
        return
    if zone is None or period is None or start is None:
        fail(Exit.USAGE, "name --zone, --period and --from, or ask with --changed", as_json=as_json)
    if period not in _PERIODS:
        fail(Exit.USAGE, f"--period {period}: one of {', '.join(_PERIODS)}", as_json=as_json)
    if start.year > _LAST_YEAR:
        fail(Exit.USAGE, f"--from {start:%Y-%m-%d}: no later than the year {_LAST_YEAR}", as_json=as_json)
    try:
        found = following(zone, _PERIODS[period], start.date(), count)
    except ZoneInfoNotFoundError:
        fail(Exit.USAGE, f"--zone {zone}: no time zone is named so", as_json=as_json)
    if as_json:
        screen.write_json({"boundaries": [_told(each) for each in found]})
        return
    rows = [(told["instant"], told["local_date"], told["days"]) for told in _with_days(found)]
    title = f"{period} boundaries in {zone}, by tzdata {found[0].tzdata}"
    screen.write_table(title, rows, ("instant", "last day", "days since the one before"))


def following(zone: str, period: Period, start: date, count: int) -> list[Boundary]:
    """Return the boundary of the period that a local day lies in, and those after it.

    Raises:
        ZoneInfoNotFoundError: the pinned data has no such zone.
    """
    where = load_zone(zone)
    found = [boundary_after(start, where, period)]
    while len(found) < count:
        found.append(boundary_after(found[-1].local_date + _DAY, where, period))
    return found


def _with_days(found: list[Boundary]) -> list[dict[str, str]]:
    days = ["", *(f"{(after.instant - before.instant) / _DAY:g}" for before, after in pairwise(found))]
    return [_told(each) | {"days": count} for each, count in zip(found, days, strict=True)]


def _told(boundary: Boundary) -> dict[str, str]:
    return {
        "instant": boundary.instant.isoformat().replace("+00:00", "Z"),
        "local_date": boundary.local_date.isoformat(),
        "zone": boundary.zone,
        "tzdata": boundary.tzdata,
    }


def register(app: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    app.command()(boundaries)
