"""Balances at an instant, from the dates of the lots: right whether or not a sweep has run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import Lot, MemberLedger


class NextExpiry(NamedTuple):
    """What lapses first unless it is spent before."""

    instant: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's points in one wallet at an instant.

    `active` is what is left of the lots in force, `available` the part of it that is not held, `pending` what is not
    active yet, `held` all that is reserved (also in lots past their date: a hold keeps them until it ends), `debt` what
    is owed. `next_expiry` is the earliest date among the available points, and how many of them it takes.
    """

    available: int
    pending: int
    active: int
    held: int
    debt: int
    next_expiry: NextExpiry | None

    @property
    def spendable(self) -> int:
        """What may be redeemed now: nothing while there is debt."""
        return 0 if self.debt else self.available


def balance(ledger: MemberLedger, wallet: str, at: datetime) -> Balance:
    """What the ledger says of one wallet at an aware instant.

    For an instant before the ledger's last movement, fold the journal up to there first (`evolve.as_of`). What became
    active while the member owes has repaid its part, recorded or not.
    """
    if ledger.debt(wallet):
        ledger = apply_all(ledger, catch_up(ledger, at, at))
    lots = [lot for lot in ledger.lots if lot.wallet == wallet]
    in_force = [lot for lot in lots if lot.in_force(at)]
    return Balance(
        available=sum(lot.free for lot in in_force),
        pending=sum(lot.remaining for lot in lots if lot.active_from > at),
        active=sum(lot.remaining for lot in in_force),
        held=sum(lot.held for lot in lots),
        debt=ledger.debt(wallet),
        next_expiry=_next_expiry(in_force),
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
