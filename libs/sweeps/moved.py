"""Boundaries that newer zone data moved: remembered as computed, compared, and which lots keep the old instant.

Only stores and the command line import this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import asyncpg

from libs.ledger.boundary import Boundary
from libs.runtime import sql

_QUERIES = sql.load("libs.sweeps", "moved.sql")
AHEAD = timedelta(days=366 * 10)
"""How far ahead boundaries are remembered."""
_PATIENCE = 600.0
"""Seconds for the statement that reads the lots of a whole programme."""


class Moved(NamedTuple):
    """The end of a period that was at one instant by the zone data of its time, and is at another one by today's.

    `members`, `lots` and `points` have the old date still; `versions` of the programme made them.
    """

    zone: str
    local_date: date
    was: datetime
    was_by: str
    now_at: datetime
    now_by: str
    wallet: str
    members: int
    lots: int
    points: int
    versions: tuple[int, ...]


class News(NamedTuple):
    """An instant that is new for a period's end which had another one before."""

    zone: str
    local_date: date
    was: datetime
    now_at: datetime


async def remember(
    connection: asyncpg.Connection, scope: tuple[int, int], boundaries: Sequence[Boundary], now: datetime
) -> list[News]:
    """Store boundaries as they are computed today; return those that are new and had another instant before."""
    rows = await connection.fetch(_QUERIES["remember"], *scope, now, *_columns(boundaries))
    return [News(*row) for row in rows]


async def moved(
    connection: asyncpg.Connection, scope: tuple[int, int], boundaries: Sequence[Boundary], now: datetime
) -> list[Moved]:
    """Return the lots that are dated by an instant which is no boundary any more, by boundary and wallet."""
    rows = await connection.fetch(_QUERIES["moved"], *scope, now, *_columns(boundaries), timeout=_PATIENCE)
    return [Moved(**{**row, "versions": tuple(row["versions"])}) for row in rows]


def _columns(boundaries: Sequence[Boundary]) -> list[list[object]]:
    names = ("zone", "local_date", "instant", "tzdata")
    return [[getattr(each, name) for each in boundaries] for name in names]
