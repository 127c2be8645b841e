"""What the ledger says became of a boundary, as `pointstream sweep report` shows it."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import asyncpg

from cli import screen
from libs.segments.reading import in_force
from libs.sweeps.report import BoundaryReport, boundary_report, driving_tiers

_SHOWN = 12
"""So many origins of each kind are shown, those with most points; `--json` has all."""


async def by_ledger(connection: asyncpg.Connection, scope: tuple[int, int], boundary: datetime) -> BoundaryReport:
    """Return what the ledger says; members are told by the tiers of the version in force at the boundary."""
    found = await in_force(connection, scope, boundary)
    tier_set = None if found is None else driving_tiers(found.compiled.source)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await boundary_report(connection, scope, boundary, tier_set)


def told_report(report: BoundaryReport) -> dict[str, Any]:
    """Return a report as one object."""
    return {
        "happened": [each._asdict() for each in report.happenings],
        "origins": [
            {"split": each.split, "name": each.name, "wallet": each.wallet, "points": each.points}
            for each in report.origins
        ],
    }


def show_report(report: BoundaryReport) -> None:
    """Show a report as tables."""
    rows = [
        (each.what, each.tier or "", each.wallet, f"{each.members:,}", f"{each.points:,}") for each in report.happenings
    ]
    screen.write_table("By the ledger", rows, ("", "tier", "wallet", "members", "points"))
    origins = []
    for _, some in groupby(report.origins, attrgetter("split")):
        most = sorted(some, key=lambda each: -each.points)
        origins += [(each.split, each.name or "none", each.wallet, f"{each.points:,}") for each in most[:_SHOWN]]
        if len(most) > _SHOWN:
            rest = sum(each.points for each in most[_SHOWN:])
            origins.append((most[0].split, f"{len(most) - _SHOWN:,} more", "", f"{rest:,}"))
    screen.write_table("Where what lapsed came from", origins, ("by", "", "wallet", "points"))
