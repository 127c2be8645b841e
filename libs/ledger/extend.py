"""Points get a later date: which lots of a member, and up to which boundary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Literal, NamedTuple

from libs.ledger.boundary import ExpiryCalendar
from libs.ledger.model import Lot, MemberLedger, Movement
from libs.ledger.redate import redate

ExtensionRefusal = Literal["never-lapses", "nothing-to-extend"]


class Wish(NamedTuple):
    """What is to be extended, and how far.

    `pooled` takes what lapses first, all of that date; else all lots that have a date. Only lots earned at least
    `older_than` and at most `younger_than` ago are taken. They get the boundary that comes `boundaries` later, or the
    end of the period that lies so many `days` ahead: counted from each lot's own date, or with `from_now` from the
    present, so that asking again in the same period changes nothing. No lot lives `most` longer than since it was
    earned. Of more than `most_points`, lots are taken whole, what lapses first first, as far as each still fits.
    """

    wallet: str
    boundaries: int | None = None
    days: int | None = None
    pooled: bool = True
    from_now: bool = False
    older_than: timedelta | None = None
    younger_than: timedelta | None = None
    most: timedelta | None = None
    most_points: int | None = None


class Extension(NamedTuple):
    """The movements, one for lots that share their old and their new date; or why there are none."""

    movements: tuple[Movement, ...]
    refused: ExtensionRefusal | None = None

    @property
    def points(self) -> int:
        """How many got a later date."""
        return sum(movement.amount for movement in self.movements)


def extend(
    ledger: MemberLedger, wish: Wish, calendar: ExpiryCalendar, at: datetime, recorded_at: datetime | None = None
) -> Extension:
    """Give free points in force a later date; record what time has done first. No date is ever put forward.

    Only lots that were there before that are taken. `recorded_at` is when it is recorded, where it is told late.

    Raises:
        ValueError: a bug of the caller: neither boundaries nor days, or both, or not ahead.
    """
    if (wish.boundaries is None) == (wish.days is None) or (wish.boundaries or wish.days or 0) <= 0:
        raise ValueError("either so many boundaries or so many days, at least one")
    if calendar.next_boundary(at) is None:
        return Extension((), "never-lapses")
    dates: dict[int, datetime | None] = {}
    for lot in _chosen(ledger, wish, at):
        assert lot.expires_at is not None, "those that never lapse are not chosen"
        later = _later(lot, lot.expires_at, wish, calendar, at)
        if later is not None:
            dates[lot.seq] = later
    dates = _fitting(ledger, dates, wish.most_points)
    movements = redate(ledger, dates, at, recorded_at or at)
    return Extension(movements, None if movements else "nothing-to-extend")


def _chosen(ledger: MemberLedger, wish: Wish, at: datetime) -> list[Lot]:
    dated = [
        lot
        for lot in ledger.lots
        if lot.wallet == wish.wallet
        and lot.free
        and not lot.pending
        and lot.opened_at < at
        and lot.expires_at is not None
        and lot.in_force(at)
    ]
    if wish.pooled and dated:
        first = min(lot.expires_at for lot in dated if lot.expires_at is not None)
        dated = [lot for lot in dated if lot.expires_at == first]
    return [
        lot
        for lot in dated
        if (wish.older_than is None or at - lot.earned_at >= wish.older_than)
        and (wish.younger_than is None or at - lot.earned_at <= wish.younger_than)
    ]


def _fitting(
    ledger: MemberLedger, dates: dict[int, datetime | None], most_points: int | None
) -> dict[int, datetime | None]:
    """Leave out lots with which it would be too many points."""
    if most_points is None:
        return dates
    found, left = {}, most_points
    chosen = [lot for lot in ledger.lots if lot.seq in dates]
    for lot in sorted(chosen, key=attrgetter("expires_at", "earned_at", "seq")):
        if lot.free <= left:
            found[lot.seq], left = dates[lot.seq], left - lot.free
    return found


def _later(lot: Lot, expires_at: datetime, wish: Wish, calendar: ExpiryCalendar, at: datetime) -> datetime | None:
    """The new date of a lot: the latest that its limit allows, if that is later than the old one."""
    base = at if wish.from_now else expires_at
    limit = None if wish.most is None else lot.earned_at + wish.most
    found = [date for date in _dates(base, wish, calendar) if date > expires_at and (limit is None or date <= limit)]
    return max(found, default=None)


def _dates(base: datetime, wish: Wish, calendar: ExpiryCalendar) -> Iterator[datetime]:
    if wish.days is not None:
        boundary = calendar.next_boundary(base + timedelta(wish.days))
        if boundary is not None:
            yield boundary.instant
        return
    for _ in range((wish.boundaries or 0) + wish.from_now):
        boundary = calendar.next_boundary(base)
        if boundary is not None:
            base = boundary.instant
            yield base
