"""The exact forecast: what of everything free lapses when, if nothing else happens. Only stores and commands import it.

It is what `catch_up` gives for every member: for most by the sums that the expiry service keeps (`foreseen`), and
where these are not there, set by set wherever it is plain: without a debt that an activation would repay, and without
anything that spares, each lot lapses at its date.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

import asyncpg

from libs.ledger.boundary import day_ends
from libs.ledger.zones import load_zone
from libs.runtime import sql
from libs.sweeps.adding import Adding, Sums
from libs.sweeps.earnings import add_kept, add_origins, add_some
from libs.sweeps.foreseen import Since, add_sums, load_since
from libs.sweeps.origins import Earned, Origins
from libs.sweeps.outlook import Outlook
from libs.sweeps.preview import load_ledgers

_QUERIES = sql.load("libs.sweeps", "forecast.sql")
_PAGE = 500
_PATIENCE = 600.0
"""Seconds for a statement that reads the lots of a whole programme."""
_FIRST_YEAR = 2000
BEHIND = 50_000
"""Where more members moved since it was added up what they have, all lots are read instead."""
Scope = tuple[int, int]


async def forecast(
    connection: asyncpg.Connection,
    scope: Scope,
    as_of: datetime,
    zone: str,
    *,
    origins: bool = True,
    behind: int = BEHIND,
) -> Outlook:
    """Return what lapses when, by tier and by the month in `zone` that it was earned in, and where it came from.

    Without `origins` it is not told where points came from: a decision is read for each lot of which it is not kept
    yet. Where more than `behind` members are not as the kept sums have them, it is told without these.
    It changes nothing and locks nothing. To be called in a transaction of one snapshot.
    """
    adding, found = Adding(as_of, months(zone, as_of.year)), Origins()
    await connection.execute(_QUERIES["room"])
    since = await load_since(connection, scope, as_of, behind)
    if since is None:
        await _add_all(connection, scope, adding, found if origins else None, as_of)
    else:
        await _add_kept(connection, scope, adding, found if origins else None, since)
    return Outlook(as_of, adding.slices(), found.told(), adding.standing())


async def _add_kept(
    connection: asyncpg.Connection, scope: Scope, adding: Adding, origins: Origins | None, since: Since
) -> None:
    """Add the sums that are kept, and what happened since."""
    await add_sums(connection, scope, adding, origins, since)
    for first in range(0, len(since.apart), _PAGE):
        await _add_members(connection, scope, adding, origins, since.apart[first : first + _PAGE])


async def _add_all(
    connection: asyncpg.Connection, scope: Scope, adding: Adding, origins: Origins | None, as_of: datetime
) -> None:
    """Read all lots, and what is kept of where they came from."""
    starts = [start for start, _ in adding.months]
    for row in await connection.fetch(_QUERIES["plain"], *scope, as_of, starts, timeout=_PATIENCE):
        cohort = adding.months[row["month"] - 1][1] if row["month"] else None
        counted = (row["lots"], row["points"], 0, 0, row["held"])
        adding.add(Sums(row["lapses_at"], row["wallet"], row["tier"], cohort, *counted))
        adding.wait(row["wallet"], row["pending"])
    after = UUID(int=0)
    while heads := await connection.fetch(_QUERIES["owing"], *scope, after, _PAGE):
        after = heads[-1]["member_id"]
        await _add_members(connection, scope, adding, origins, heads)
    if origins is not None and not await add_kept(connection, origins, scope):
        await add_origins(connection, origins, scope[0], _QUERIES["earned"], *scope)


async def _add_members(
    connection: asyncpg.Connection,
    scope: Scope,
    adding: Adding,
    origins: Origins | None,
    heads: Sequence[asyncpg.Record],
) -> None:
    """Add members one by one, and where what they have came from."""
    tiers = {head["member_id"]: head["tier"] for head in heads}
    ends = [
        (ledger.member_id, end)
        for ledger in await load_ledgers(connection, scope, heads)
        for end in adding.add_member(ledger, tiers[ledger.member_id])
    ]
    if origins is None:
        return
    sources = {
        (row["member_id"], row["seq"]): (row["page"], row["cause"])
        for row in await connection.fetch(_QUERIES["earned_of"], *scope, list(tiers))
    }
    earned = [Earned(*sources[member, end.lot.seq], end.lapses_at, end.lot.wallet, end.points) for member, end in ends]
    await add_some(connection, origins, scope[0], earned)


@lru_cache(maxsize=64)
def months(zone: str, year: int) -> tuple[tuple[datetime, date], ...]:
    """Return the instants at which months begin in a zone, with their first days, up to the year after this one."""
    found = []
    for number in range(_FIRST_YEAR * 12, (year + 2) * 12):
        first = date(number // 12, number % 12 + 1, 1)
        found.append((day_ends(date.fromordinal(first.toordinal() - 1), load_zone(zone)), first))
    return tuple(found)
