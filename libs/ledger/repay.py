"""Debt is repaid before anything else is done with points; of what is credited a share repays what is lent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from libs.ledger.decide import burn_order, take
from libs.ledger.model import Account, Allocation, Debt, Kind, Lot, MemberLedger, Movement


def repay(
    ledger: MemberLedger,
    wallet: str,
    recorded_at: datetime,
    not_before: datetime | None = None,
    credited: Collection[int] = (),
) -> tuple[Movement, ...]:
    """What the free points of a wallet repay of its debt, one movement a lot, in burn order; nothing without debt.

    A lot repays from when it is here, active and the debt is there, whichever is last, and `not_before` points came
    back; not when it has lapsed by then. Of the lots that were `credited`, or became active, just now, a share of what
    is left then repays what is lent; a part of a point counts whole.
    """
    debt = next((debt for debt in ledger.debts if debt.wallet == wallet and (debt.amount or debt.lent)), None)
    if debt is None or not (debt.amount or credited):
        return ()
    begins = debt.since if not_before is None else max(debt.since, not_before)
    usable = {
        lot.seq: lot
        for lot in burn_order(lot for lot in ledger.lots if lot.wallet == wallet and not lot.pending)
        if lot.expires_at is None or max(lot.active_from, lot.opened_at, begins) < lot.expires_at
    }
    return tuple(
        Movement(
            seq=seq,
            wallet=wallet,
            kind=Kind.REPAY,
            from_account=Account.ACTIVE,
            to_account=Account.DEBT,
            amount=part.amount,
            effective_at=max(usable[part.lot_seq].active_from, usable[part.lot_seq].opened_at, begins),
            recorded_at=recorded_at,
            allocations=(part,),
        )
        for seq, part in enumerate(_parts(usable.values(), debt, credited), start=ledger.seq + 1)
    )


def _parts(usable: Collection[Lot], debt: Debt, credited: Collection[int]) -> Iterable[Allocation]:
    """What each lot gives: for what is owed all that it has, then for what is lent its share."""
    owed = {part.lot_seq: part.amount for part in take(usable, debt.amount)}
    lent = debt.lent
    for lot in usable:
        share = 0
        if lot.seq in credited:
            left = lot.free - owed.get(lot.seq, 0)
            share = min(lent, -(-left * debt.share // 100))
            lent -= share
        if part := owed.get(lot.seq, 0) + share:
            yield Allocation(lot.seq, part)
