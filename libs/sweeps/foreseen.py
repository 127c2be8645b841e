"""What is added up ahead of a forecast, and what happened since. Only stores and commands import this module.

The expiry service keeps, member by member, what their lots come to, and the sums of it. Of members whose head is not as
it was then, that is taken off, and what they have now is added.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.runtime import sql
from libs.sweeps.adding import Adding, Sums
from libs.sweeps.earnings import add_some, load_known
from libs.sweeps.origins import Earned, Origins

_QUERIES = sql.load("libs.sweeps", "foreseen.sql")
_PATIENCE = 600.0
"""Seconds for a statement that reads the heads of a whole programme."""
_SUMS = ("lapses_at", "wallet", "tier", "month", "lots", "points", "spared", "repays", "held")
Scope = tuple[int, int]


class Since(NamedTuple):
    """What the kept sums do not have: members to whom something happened, and the heads of those told one by one."""

    as_of: datetime
    behind: list[UUID]
    apart: list[asyncpg.Record]


async def members_behind(connection: asyncpg.Connection, scope: Scope, as_of: datetime, most: int) -> list[UUID]:
    """Return members of whom the kept sums do not have what is so at `as_of`; at most so many."""
    rows = await connection.fetch(_QUERIES["behind"], *scope, as_of, most, timeout=_PATIENCE)
    return [row["member_id"] for row in rows]


async def load_since(connection: asyncpg.Connection, scope: Scope, as_of: datetime, most: int) -> Since | None:
    """Return what the kept sums do not have; None where that is more than `most` members."""
    behind = await members_behind(connection, scope, as_of, most + 1)
    if len(behind) > most:
        return None
    return Since(as_of, behind, await connection.fetch(_QUERIES["apart"], *scope, behind, timeout=_PATIENCE))


async def add_sums(
    connection: asyncpg.Connection, scope: Scope, adding: Adding, origins: Origins | None, since: Since
) -> None:
    """Add what the sums have, and what happened since to members who are not told one by one."""
    places, mixes = await load_known(connection, scope) if origins is not None else ({}, {})
    for row in await connection.fetch(_QUERIES["sums"], *scope, origins is not None):
        if row["split"] == "slice":
            adding.add(_sums(row, 1))
        elif origins is not None and row["split"] == "place":
            origins.add_place(places[row["number"]], (row["lapses_at"], row["wallet"]), row["points"])
        elif origins is not None:
            origins.add_mix(mixes[row["number"]], (row["lapses_at"], row["wallet"]), row["points"])
    if since.behind:
        starts, firsts = zip(*adding.months, strict=True)
        asked = (*scope, since.behind)
        for row in await connection.fetch(_QUERIES["counted"], *asked):
            adding.add(_sums(row, -1))
            if origins is not None:
                lapsing = (row["lapses_at"], row["wallet"])
                origins.add_known(places[row["place"]], mixes[row["mix"]], lapsing, -row["points"])
        for row in await connection.fetch(_QUERIES["plain"], *asked, starts, firsts, since.as_of):
            adding.add(_sums(row, 1))
            adding.wait(row["wallet"], row["pending"])
            if origins is not None and row["place"] is not None:
                lapsing = (row["lapses_at"], row["wallet"])
                origins.add_known(places[row["place"]], mixes[row["mix"]], lapsing, row["points"])
        if origins is not None:
            earned = [Earned(*row) for row in await connection.fetch(_QUERIES["untraced"], *asked)]
            await add_some(connection, origins, scope[0], earned)
    for wallet, points in await connection.fetch(_QUERIES["pending"], *scope, since.as_of, since.behind):
        adding.wait(wallet, points)


def _sums(row: asyncpg.Record, sign: int) -> Sums:
    lapses_at, wallet, tier, month, *counted = [row[name] for name in _SUMS]
    return Sums(lapses_at, wallet, tier, month, *[sign * each for each in counted])


async def forget(connection: asyncpg.Connection) -> None:
    """Forget what is added up, of every programme: the expiry service adds it up anew."""
    async with connection.transaction():
        for query in ("forget_sums", "forget_members", "forget_lots"):
            await connection.execute(_QUERIES[query], timeout=_PATIENCE)
