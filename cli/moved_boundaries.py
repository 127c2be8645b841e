"""`pointstream boundaries --changed`: lots that are dated by an instant which newer zone data made no boundary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections
from libs.sweeps.moved import AHEAD, Moved, moved
from libs.sweeps.reading import load_turns
from libs.sweeps.tables import text


def show_changed(connections: Connections, tenant: str | None, programme: str | None) -> None:
    """Tell which lots have a date that is no boundary any more, and where the boundary is now."""

    async def work(at: AtProgramme) -> list[Moved]:
        scope = at.programme[:2]
        coming = await load_turns(at.connection, scope, at.now, at.now + AHEAD)
        return await moved(at.connection, scope, [turn.boundary for turn in coming], at.now)

    found = work_at(connections, tenant, programme, work)
    if connections.as_json:
        screen.write_json({"changed": [_told(each) for each in found], "next": next_steps(found)})
        return
    rows = [
        (
            str(each.local_date), each.zone, text(each.was), text(each.now_at), _meaning(each),
            each.wallet, f"{each.members:,}", f"{each.lots:,}", f"{each.points:,}",
        )
        for each in found
    ]  # fmt: skip
    columns = ("last day", "zone", "lots say", "now at", "they lapse", "wallet", "members", "lots", "points")
    screen.write_table("Boundaries that newer zone data moved", rows, columns)
    if not found:
        screen.out().print("nothing moved: every date is the end of its day", markup=False)
        return
    screen.out().print("They keep these instants until somebody moves them; see first what comes of it:", markup=False)
    for command in next_steps(found):
        screen.out().print(f"  {command} --dry-run", markup=False)


def next_steps(found: Sequence[Moved]) -> list[str]:
    """The commands that give lots the instant at which their last day ends by today's zone data."""
    versions = sorted({version for each in found for version in each.versions})
    return [f"pointstream expiry migrate --from-version {one} --to-version {one}" for one in versions]


def _meaning(each: Moved) -> str:
    seconds = int((each.now_at - each.was).total_seconds())
    minutes = abs(seconds) // 60
    return f"{minutes} min {'early' if seconds > 0 else 'late'}"


def _told(each: Moved) -> dict[str, Any]:
    return {
        name: text(value) if isinstance(value, datetime) else str(value) if name == "local_date" else value
        for name, value in each._asdict().items()
    } | {"seconds": int((each.now_at - each.was).total_seconds())}
