"""Points of a purchase that came back are taken back; what is not there any more is settled by policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from libs.ledger.decide import burn_order
from libs.ledger.model import Account, Allocation, Kind, Lot, MemberLedger, Movement


class Shortfall(StrEnum):
    """What becomes of points that are to be taken back and are not there.

    `debt`: they are owed. `pending_only`: only what is still pending is taken, the rest is forgiven. `up_to_balance`:
    what cannot be had is forgiven. `operator`: it waits for a person's word.
    """

    DEBT = "debt"
    PENDING_ONLY = "pending_only"
    UP_TO_BALANCE = "up_to_balance"
    OPERATOR = "operator"


class Credit(Struct, frozen=True):
    """A credit of the purchase: the lot that it opened, and how much of it has not been taken back yet.

    Lot 0 is what was credited in another ledger and did not come into this one: it corrects no movement here.
    """

    lot_seq: int
    points_left_to_correct: int


class Reversal(Struct, frozen=True):
    """How points were taken back: the movements, and what they leave of the points asked for.

    `short` waits for an operator, `forgiven` is given up by policy, `lapsed` had gone with the purchase's own lots.
    Together with the amounts of the movements they are the points asked for.
    """

    movements: tuple[Movement, ...]
    short: int
    forgiven: int = 0
    lapsed: int = 0


@dataclass(slots=True)
class _Taking:
    """What is still to be taken back, from which credits, what is free of each lot, and what has been found so far."""

    points: int
    credits: dict[int, int]
    lots: dict[int, Lot]
    free: dict[int, int] = field(default_factory=dict)
    found: dict[tuple[Account, int], dict[int, int]] = field(default_factory=dict)

    def take(self, account: Account, corrects: int, lot: Lot | None = None) -> None:
        """Take points, as far as the credit, the lot that they are taken from and what is asked for go."""
        number, part = 0, min(self.points, self.credits[corrects])
        if lot is not None:
            number = lot.seq
            part = min(part, self.free.setdefault(number, lot.free))
        if part > 0:
            self.points -= part
            self.credits[corrects] -= part
            if number:
                self.free[number] -= part
            parts = self.found.setdefault((account, corrects), {})
            parts[number] = parts.get(number, 0) + part


def reverse(
    ledger: MemberLedger,
    wallet: str,
    points: int,
    credits: Sequence[Credit],
    *,
    effective_at: datetime,
    recorded_at: datetime,
    policy: Shortfall,
    lapsed: int = 0,
) -> Reversal:
    """Take back points of a purchase that came back; record what time has done first.

    They come from the pending lots of the purchase, then its active ones, then other active lots in burn order; the
    rest by policy. `credits` are those of the purchase in this wallet. `lapsed` is what lapsed of their lots and was
    not counted by an earlier reversal: that is gone already, and is not taken again from elsewhere.

    One movement for each account and credit that it corrects. None counts before what it touches was there.

    Raises:
        ValueError: a bug of the caller: nothing to take back, or more than those credits gave.
    """
    if not 0 < points <= sum(credit.points_left_to_correct for credit in credits):
        raise ValueError("what is taken back is positive and no more than was credited")
    lots = {lot.seq: lot for lot in ledger.lots if lot.wallet == wallet}
    taking = _Taking(points, {credit.lot_seq: credit.points_left_to_correct for credit in credits}, lots)
    _from_own(taking, pending=True)
    if policy is not Shortfall.PENDING_ONLY:
        _from_own(taking, pending=False)
    gone = 0
    if policy is not Shortfall.PENDING_ONLY:
        gone = min(lapsed, taking.points)
        taking.points -= gone
        if taking.points:
            at = max(effective_at, recorded_at)
            _from_others(taking, burn_order(lot for lot in lots.values() if not lot.pending and not lot.lapsed(at)))
    if policy is Shortfall.DEBT and taking.points:
        for credit in credits:
            taking.take(Account.DEBT, credit.lot_seq)
    movements = tuple(_movements(taking, ledger.seq, wallet, effective_at, recorded_at))
    if policy is Shortfall.OPERATOR:
        return Reversal(movements, taking.points, 0, gone)
    return Reversal(movements, 0, taking.points, gone)


def _from_own(taking: _Taking, *, pending: bool) -> None:
    account = Account.PENDING if pending else Account.ACTIVE
    for seq in taking.credits:
        lot = taking.lots.get(seq)
        if lot is not None and lot.pending is pending:
            taking.take(account, seq, lot)


def _from_others(taking: _Taking, lots: Iterable[Lot]) -> None:
    for lot in lots:
        for seq in taking.credits:
            taking.take(Account.ACTIVE, seq, lot)


_ORDER = (Account.PENDING, Account.ACTIVE, Account.DEBT)


def _movements(
    taking: _Taking, head_seq: int, wallet: str, effective_at: datetime, recorded_at: datetime
) -> Iterator[Movement]:
    found = sorted(taking.found.items(), key=lambda item: _ORDER.index(item[0][0]))
    for seq, ((account, corrects), parts) in enumerate(found, start=head_seq + 1):
        touched = [taking.lots[lot_seq] for lot_seq in parts if lot_seq]
        yield Movement(
            seq=seq,
            wallet=wallet,
            kind=Kind.REVERSE,
            from_account=account,
            to_account=Account.REVERSED,
            amount=sum(parts.values()),
            effective_at=_counts_from(account, effective_at, touched),
            recorded_at=recorded_at,
            allocations=tuple([Allocation(lot_seq, part) for lot_seq, part in parts.items() if lot_seq]),
            corrects=corrects or None,
        )


def _counts_from(account: Account, effective_at: datetime, lots: Sequence[Lot]) -> datetime:
    """Pending points are taken while they are pending, active ones once they are active, so the past can be folded."""
    if account is Account.PENDING:
        (lot,) = lots
        return max(lot.opened_at, min(effective_at, lot.active_from))
    return max((effective_at, *(max(lot.active_from, lot.opened_at) for lot in lots)))
