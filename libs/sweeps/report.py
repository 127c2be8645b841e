"""What became of a boundary, from the ledger alone. Only stores and the command line import this module.

Asked at any later time it tells the same of what lapsed and what was spared; what is given back is added as it comes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import asyncpg

from libs.promotions.programme import Programme
from libs.runtime import sql
from libs.sweeps.earnings import add_origins
from libs.sweeps.origins import Origins
from libs.sweeps.outlook import Origin

_QUERIES = sql.load("libs.sweeps", "report.sql")
_PATIENCE = 600.0
"""Seconds for a statement that reads a whole boundary."""
Happened = Literal["lapsed", "spared", "reinstated"]
_KINDS: dict[str, Happened] = {"expire": "lapsed", "waive": "spared", "restore": "reinstated"}


class Happening(NamedTuple):
    """What happened to points of one wallet of the members who had one tier at the boundary."""

    what: Happened
    tier: str | None
    wallet: str
    members: int
    points: int


class BoundaryReport(NamedTuple):
    """What lapsed at a boundary, was spared, and was given back since; and where what lapsed came from."""

    boundary: datetime
    happenings: tuple[Happening, ...]
    origins: tuple[Origin, ...]


async def boundary_report(
    connection: asyncpg.Connection, scope: tuple[int, int], boundary: datetime, tier_set: str | None
) -> BoundaryReport:
    """Return what the ledger says of a boundary; `tier_set` is the one whose tiers members are told by.

    To be called in a transaction of one snapshot.
    """
    rows = await connection.fetch(_QUERIES["moved"], *scope, boundary, tier_set, timeout=_PATIENCE)
    origins = Origins()
    await add_origins(connection, origins, scope[0], _QUERIES["earned"], *scope, boundary)
    happenings = tuple([Happening(_KINDS[row["kind"]], *list(row.values())[1:]) for row in rows])
    return BoundaryReport(boundary, happenings, origins.told())


def driving_tiers(document: Programme) -> str | None:
    """Return the tier set whose levels are the tier of a version's members; None where no set drives it."""
    return next((tiers.name for tiers in document.tier_sets if tiers.drives_tier), None)
