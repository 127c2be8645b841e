"""How many of the open points will lapse unspent: an estimate, and said to be one. Only stores and commands import it.

Of the points of past cohorts whose date has come, so many lapsed and so many were redeemed; the same share is taken of
what is open. It knows nothing of seasons, of campaigns ahead, or of how much of an open cohort is spent already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from libs.runtime import sql
from libs.sweeps.forecast import months
from libs.sweeps.outlook import Outlook

_QUERIES = sql.load("libs.sweeps", "breakage.sql")
_PATIENCE = 600.0
"""Seconds for a statement that reads a whole programme."""
METHOD = (
    "An estimate: of the points of past cohorts whose date has come, the share that lapsed of all that lapsed or were "
    "redeemed, taken of the points that are open, rounded down."
)


class Ended(NamedTuple):
    """What became of the points of a wallet that were earned in a month and whose date has come."""

    wallet: str
    cohort: date | None
    lapsed: int
    redeemed: int


class Estimate(NamedTuple):
    """How much of a wallet's open points, which lapse at some time, will lapse unspent; None without any experience."""

    wallet: str
    lapsed: int
    redeemed: int
    open: int
    expected: int | None


async def load_ended(connection: asyncpg.Connection, scope: tuple[int, int], as_of: datetime, zone: str) -> list[Ended]:
    """Return what became of past cohorts."""
    starts = months(zone, as_of.year)
    rows = await connection.fetch(_QUERIES["ended"], *scope, as_of, [start for start, _ in starts], timeout=_PATIENCE)
    return [
        Ended(row["wallet"], starts[row["month"] - 1][1] if row["month"] else None, row["lapsed"], row["redeemed"])
        for row in rows
    ]


def estimates(outlook: Outlook, ended: Sequence[Ended]) -> list[Estimate]:
    """Estimate the breakage of each wallet that has points which lapse."""
    found = []
    for wallet in sorted({each.wallet for each in outlook.slices if each.lapses_at is not None}):
        lapsed = sum(each.lapsed for each in ended if each.wallet == wallet)
        redeemed = sum(each.redeemed for each in ended if each.wallet == wallet)
        still_open = sum(
            each.points
            for each in outlook.slices
            if each.wallet == wallet and each.lapses_at is not None and each.lapses_at > outlook.as_of
        )
        known = lapsed + redeemed
        found.append(Estimate(wallet, lapsed, redeemed, still_open, still_open * lapsed // known if known else None))
    return found
