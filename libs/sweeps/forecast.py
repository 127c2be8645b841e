"""The exact forecast: what of everything free lapses when, if nothing else happens. Only stores and commands import it.

It is what `catch_up` gives for every member, set by set wherever that is plain: without a debt that an activation would
repay, and without anything that spares, each lot lapses at its date.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import asyncpg

from libs.ledger.balance import balances
from libs.ledger.boundary import day_ends
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import Kind, MemberLedger
from libs.ledger.zones import load_zone
from libs.runtime import sql
from libs.sweeps.earnings import add_kept, add_origins, add_some
from libs.sweeps.origins import Earned, Origins
from libs.sweeps.outlook import Outlook, Slice, Standing
from libs.sweeps.preview import load_ledgers

_QUERIES = sql.load("libs.sweeps", "forecast.sql")
_PAGE = 500
_PATIENCE = 600.0
"""Seconds for a statement that reads the lots of a whole programme."""
_FIRST_YEAR = 2000
AHEAD = timedelta(days=400)
"""So far members are looked at one by one; what lapses later does so at the dates that their lots have then."""
Scope = tuple[int, int]


async def forecast(
    connection: asyncpg.Connection, scope: Scope, as_of: datetime, zone: str, *, origins: bool = True
) -> Outlook:
    """Return what lapses when, by tier and by the month in `zone` that it was earned in, and where it came from.

    Without `origins` it is not told where points came from: that takes longer, and a decision is read for each lot of
    which it is not kept yet.
    It changes nothing and locks nothing. To be called in a transaction of one snapshot.
    """
    adding = _Adding(as_of, months(zone, as_of.year))
    starts = [start for start, _ in adding.months]
    await connection.execute(_QUERIES["room"])
    for row in await connection.fetch(_QUERIES["plain"], *scope, as_of, starts, timeout=_PATIENCE):
        adding.add_plain(row)
    earned: list[Earned] = []
    after = UUID(int=0)
    while heads := await connection.fetch(_QUERIES["owing"], *scope, after, _PAGE):
        after = heads[-1]["member_id"]
        tiers = {head["member_id"]: head["tier"] for head in heads}
        members = list(tiers)
        sources = {
            (row["member_id"], row["seq"]): (row["page"], row["cause"])
            for row in await connection.fetch(_QUERIES["earned_of"], *scope, members)
        }
        for ledger in await load_ledgers(connection, scope, heads):
            for lot, lapses_at, wallet, points in adding.add_owing(ledger, tiers[ledger.member_id]):
                earned.append(Earned(*sources[ledger.member_id, lot], lapses_at, wallet, points))
    found = Origins()
    if origins:
        if not await add_kept(connection, found, scope):
            await add_origins(connection, found, scope[0], _QUERIES["earned"], *scope)
        await add_some(connection, found, scope[0], earned)
    return Outlook(as_of, adding.slices(), found.told(), adding.standing())


@lru_cache(maxsize=64)
def months(zone: str, year: int) -> tuple[tuple[datetime, date], ...]:
    """Return the instants at which months begin in a zone, with their first days, up to the year after this one."""
    found = []
    for number in range(_FIRST_YEAR * 12, (year + 2) * 12):
        first = date(number // 12, number % 12 + 1, 1)
        found.append((day_ends(date.fromordinal(first.toordinal() - 1), load_zone(zone)), first))
    return tuple(found)


class _Adding:
    """Adds lots up as they are read."""

    def __init__(self, as_of: datetime, months: tuple[tuple[datetime, date], ...]) -> None:
        self.months = months
        self._as_of = as_of
        self._slices: dict[tuple[datetime | None, str, str | None, date | None], tuple[int, int, int]] = {}
        self._standing: dict[str, dict[str, int]] = {}

    def add_plain(self, row: asyncpg.Record) -> None:
        """Add lots that share when they lapse, their wallet, tier and month."""
        lapses_at, wallet, month = row["lapses_at"], row["wallet"], row["month"]
        cohort = self.months[month - 1][1] if month else None
        overdue = row["points"] if lapses_at is not None and lapses_at <= self._as_of else 0
        available = row["points"] - row["pending"] - overdue
        self._stand(wallet, available=available, pending=row["pending"], held=row["held"], overdue=overdue)
        self._slice((lapses_at, wallet, row["tier"], cohort), row["lots"], row["points"])

    def add_owing(self, ledger: MemberLedger, tier: str | None) -> Iterable[tuple[int, datetime | None, str, int]]:
        """Add a member whose activations repay first, by the pure function; give lot, date, wallet and points."""
        past = catch_up(ledger, self._as_of, self._as_of)
        now = apply_all(ledger, past)
        activations = [lot.active_from for lot in now.lots if lot.pending]
        to_come = catch_up(now, max(self._as_of + AHEAD, *activations, self._as_of), self._as_of)
        for wallet, balance in balances(now, self._as_of).items():
            self._stand(wallet, available=balance.available, pending=balance.pending, held=balance.held)
        for movement in past:
            if movement.kind is Kind.EXPIRE:
                self._stand(movement.wallet, overdue=movement.amount)
        for movement in to_come:
            if movement.kind is Kind.REPAY:
                self._stand(movement.wallet, repays=movement.amount)
            elif movement.kind is Kind.WAIVE:
                for part in movement.allocations:
                    self._of_lot(ledger, tier, part.lot_seq, movement.effective_at, spared=part.amount)
        for movement in (*past, *to_come):
            if movement.kind is Kind.EXPIRE:
                for part in movement.allocations:
                    wallet = self._of_lot(ledger, tier, part.lot_seq, movement.effective_at, lots=1, points=part.amount)
                    yield part.lot_seq, movement.effective_at, wallet, part.amount
        for lot in apply_all(now, to_come).lots:
            if lot.free:
                self._of_lot(ledger, tier, lot.seq, lot.expires_at, lots=1, points=lot.free)
                yield lot.seq, lot.expires_at, lot.wallet, lot.free

    def _of_lot(
        self,
        ledger: MemberLedger,
        tier: str | None,
        seq: int,
        lapses_at: datetime | None,
        *,
        lots: int = 0,
        points: int = 0,
        spared: int = 0,
    ) -> str:
        lot = ledger.lot(seq)
        assert lot is not None, "movements name lots of their member"
        cohort = next((first for start, first in reversed(self.months) if start <= lot.earned_at), None)
        self._slice((lapses_at, lot.wallet, tier, cohort), lots, points, spared)
        return lot.wallet

    def _slice(
        self, key: tuple[datetime | None, str, str | None, date | None], lots: int, points: int, spared: int = 0
    ) -> None:
        before = self._slices.get(key, (0, 0, 0))
        self._slices[key] = (before[0] + lots, before[1] + points, before[2] + spared)

    def _stand(self, wallet: str, **points: int) -> None:
        sums = self._standing.setdefault(wallet, {})
        for name, more in points.items():
            sums[name] = sums.get(name, 0) + more

    def slices(self) -> tuple[Slice, ...]:
        """What was added, in a settled order."""
        ordered = sorted(self._slices.items(), key=lambda item: tuple(map(str, item[0])))
        return tuple([Slice(*key, *sums) for key, sums in ordered if sums[0] or sums[2]])

    def standing(self) -> tuple[Standing, ...]:
        """Where the points of each wallet are."""
        names = Standing.__struct_fields__[1:]
        return tuple(
            [
                Standing(wallet, *[sums.get(name, 0) for name in names])
                for wallet, sums in sorted(self._standing.items())
            ]
        )
