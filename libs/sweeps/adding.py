"""Adds up what lapses when: sums as they are read, and members one by one by what the pure function says. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from libs.ledger.balance import balances
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import Allocation, Kind, Lot, MemberLedger, Movement
from libs.sweeps.outlook import Slice, Standing

_AHEAD = timedelta(days=431)


def horizon(as_of: datetime) -> datetime:
    """How far members are looked at one by one; what lapses later does so at the dates that their lots have then.

    It is more than four hundred days, and the same all month, so that what a member comes to stays true up to then.
    """
    return month_of(as_of) + _AHEAD


def month_of(at: datetime) -> datetime:
    """When the month of an instant began, in UTC."""
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


class End(NamedTuple):
    """What becomes of a lot at an instant, or never: so much lapses, is spared, or repays what its member owes."""

    lot: Lot
    lapses_at: datetime | None
    points: int = 0
    spared: int = 0
    repays: int = 0


class Sums(NamedTuple):
    """Lots that share when they lapse, their wallet, tier and month, and what they come to; or what to take off."""

    lapses_at: datetime | None
    wallet: str
    tier: str | None
    cohort: date | None
    lots: int
    points: int
    spared: int
    repays: int
    held: int


class Ahead(NamedTuple):
    """A member, and what time has done and will do to what they have."""

    ledger: MemberLedger
    past: tuple[Movement, ...]
    now: MemberLedger
    to_come: tuple[Movement, ...]

    def ends(self) -> Iterator[End]:
        """Give what becomes of every lot that has something free."""
        for movement in (*self.past, *self.to_come):
            if movement.kind is Kind.EXPIRE:
                for part in movement.allocations:
                    yield End(self._lot(part), movement.effective_at, points=part.amount)
        for movement in self.to_come:
            for part in movement.allocations:
                if movement.kind is Kind.WAIVE:
                    yield End(self._lot(part), movement.effective_at, spared=part.amount)
                elif movement.kind is Kind.REPAY:
                    yield End(self._lot(part), None, repays=part.amount)
        for lot in apply_all(self.now, self.to_come).lots:
            if lot.free:
                yield End(lot, lot.expires_at, points=lot.free)

    def _lot(self, part: Allocation) -> Lot:
        lot = self.ledger.lot(part.lot_seq)
        assert lot is not None, "movements name lots of their member"
        return lot


def look_ahead(ledger: MemberLedger, as_of: datetime) -> Ahead:
    """Say what time does to a member, by the pure function."""
    past = catch_up(ledger, as_of, as_of)
    now = apply_all(ledger, past)
    ahead = [lot.active_from for lot in now.lots if lot.pending]
    ahead += [debt.due_at for debt in now.debts if debt.due_at is not None]
    if ledger.keeps:
        ahead.append(horizon(as_of))
    # Without anything that spares, what is left once all is active and due lapses at the dates that its lots have.
    return Ahead(ledger, past, now, catch_up(now, max(as_of, *ahead), as_of) if ahead else ())


class Adding:
    """Adds lots up as they are read; `months` are the instants at which months begin, with their first days."""

    def __init__(self, as_of: datetime, months: tuple[tuple[datetime, date], ...]) -> None:
        self.months = months
        self._as_of = as_of
        self._slices: dict[tuple[datetime | None, str, str | None, date | None], tuple[int, int, int]] = {}
        self._standing: dict[str, dict[str, int]] = {}

    def add(self, sums: Sums) -> None:
        """Add lots of which nothing waits to become active; what does is told by `wait`."""
        overdue = sums.points if sums.lapses_at is not None and sums.lapses_at <= self._as_of else 0
        available = sums.points + sums.repays - overdue
        self._stand(sums.wallet, available=available, held=sums.held, overdue=overdue, repays=sums.repays)
        self._slice((sums.lapses_at, sums.wallet, sums.tier, sums.cohort), sums.lots, sums.points, sums.spared)

    def wait(self, wallet: str, points: int) -> None:
        """Tell that so many of the points that were added are not active yet."""
        self._stand(wallet, available=-points, pending=points)

    def add_member(self, ledger: MemberLedger, tier: str | None) -> Iterator[End]:
        """Add a member by the pure function; give what lapses of which lot."""
        ahead = look_ahead(ledger, self._as_of)
        for wallet, balance in balances(ahead.now, self._as_of).items():
            self._stand(wallet, available=balance.available, pending=balance.pending, held=balance.held)
        for movement in ahead.past:
            if movement.kind is Kind.EXPIRE:
                self._stand(movement.wallet, overdue=movement.amount)
        for end in ahead.ends():
            if end.repays:
                self._stand(end.lot.wallet, repays=end.repays)
                continue
            key = (end.lapses_at, end.lot.wallet, tier, self.cohort(end.lot.earned_at))
            self._slice(key, 1 if end.points else 0, end.points, end.spared)
            if end.points:
                yield end

    def cohort(self, earned_at: datetime) -> date | None:
        """Return the first day of the month in which something was earned; None for long ago."""
        return next((first for start, first in reversed(self.months) if start <= earned_at), None)

    def _slice(
        self, key: tuple[datetime | None, str, str | None, date | None], lots: int, points: int, spared: int
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
                if any(sums.values())
            ]
        )
