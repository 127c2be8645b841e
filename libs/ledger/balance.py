"""Balances at an instant, from the dates of the lots: right whether or not a sweep has run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.keeping import reason_of, share_out
from libs.ledger.model import Debt, Kind, Lot, MemberLedger, Spared

_LOOKED_AHEAD = 12
"""Boundaries."""
_NOTHING = Debt("", 0, datetime.min.replace(tzinfo=UTC))


class NextExpiry(NamedTuple):
    """What lapses first unless it is spent before."""

    instant: datetime
    amount: int


class Sparing(NamedTuple):
    """What is spared at a boundary that comes, and would lapse if its reason were gone by then."""

    instant: datetime
    amount: int
    reason: Spared


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's points in one wallet at an instant.

    `active` is what is left of the lots in force, `available` the part of it that is not held, `pending` what is not
    active yet, `held` all that is reserved (also in lots past their date: a hold keeps them until it ends), `debt` what
    is owed, `lent` what is owed from `due_at` on; `share` percent of each credit repay it until then. `next_expiry` is
    the earliest boundary that takes any of the available points, and how many; for a member whose points are spared, as
    far as that is known a dozen boundaries ahead. `sparing` is what is spared at the earliest date among the available
    points, by reason.
    """

    available: int
    pending: int
    active: int
    held: int
    debt: int
    next_expiry: NextExpiry | None
    sparing: tuple[Sparing, ...] = ()
    lent: int = 0
    share: int = 0
    due_at: datetime | None = None

    @property
    def spendable(self) -> int:
        """What may be redeemed now: nothing while there is debt."""
        return 0 if self.debt else self.available


def balance(ledger: MemberLedger, wallet: str, at: datetime) -> Balance:
    """What the ledger says of one wallet at an aware instant.

    For an instant before the ledger's last movement, fold the journal up to there first (`evolve.as_of`). What became
    active while the member owes has repaid its part, and what was spared lives on, recorded or not.
    """
    if ledger.keeps or ledger.debts:
        ledger = apply_all(ledger, catch_up(ledger, at, at))
    lots = [lot for lot in ledger.lots if lot.wallet == wallet]
    in_force = [lot for lot in lots if lot.in_force(at)]
    owed = next((debt for debt in ledger.debts if debt.wallet == wallet), _NOTHING)
    return Balance(
        available=sum(lot.free for lot in in_force),
        pending=sum(lot.free for lot in lots if lot.active_from > at),
        active=sum(lot.remaining for lot in in_force),
        held=sum(lot.held for lot in lots),
        debt=owed.amount,
        next_expiry=_spared_until(ledger, in_force) if ledger.keeps else _next_expiry(in_force),
        sparing=_sparing(ledger, wallet, in_force) if ledger.keeps else (),
        lent=owed.lent,
        share=owed.share,
        due_at=owed.due_at,
    )


def balances(ledger: MemberLedger, at: datetime) -> dict[str, Balance]:
    """The balance of every wallet in which the member ever had points or debt, by name."""
    wallets = {lot.wallet for lot in ledger.lots} | {debt.wallet for debt in ledger.debts}
    return {wallet: balance(ledger, wallet, at) for wallet in sorted(wallets)}


def _next_expiry(in_force: list[Lot]) -> NextExpiry | None:
    dated = [(lot.expires_at, lot.free) for lot in in_force if lot.expires_at is not None and lot.free]
    if not dated:
        return None
    first = min(instant for instant, _ in dated)
    return NextExpiry(first, sum(free for instant, free in dated if instant == first))


def _spared_until(ledger: MemberLedger, in_force: list[Lot]) -> NextExpiry | None:
    """What lapses first of these lots of one wallet, boundary after boundary, while the others are spared."""
    ours = {lot.seq for lot in in_force}
    for _ in range(_LOOKED_AHEAD):
        ends = [lot.expires_at for lot in ledger.lots if lot.seq in ours and lot.free and lot.expires_at is not None]
        if not ends:
            return None
        instant = min(ends)
        made = catch_up(ledger, instant, instant)
        lost = [part for each in made if each.kind is Kind.EXPIRE for part in each.allocations if part.lot_seq in ours]
        if lost:
            return NextExpiry(instant, sum(part.amount for part in lost))
        ledger = apply_all(ledger, made)
    return None


def _sparing(ledger: MemberLedger, wallet: str, in_force: list[Lot]) -> tuple[Sparing, ...]:
    first = _next_expiry(in_force)
    if first is None:
        return ()
    ending = [lot for lot in in_force if lot.expires_at == first.instant and lot.free]
    shared = share_out(ledger.keeps, wallet, ending, first.instant)
    return tuple(
        [Sparing(first.instant, sum(part.points for part in parts), reason_of(span)) for span, parts in shared.spared]
    )
