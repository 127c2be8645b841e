"""Debt is repaid before anything else is done with points."""

from __future__ import annotations

from datetime import datetime

from libs.ledger.decide import burn_order, take
from libs.ledger.model import Account, Kind, MemberLedger, Movement


def repay(
    ledger: MemberLedger, wallet: str, recorded_at: datetime, not_before: datetime | None = None
) -> tuple[Movement, ...]:
    """What the free points of a wallet repay of its debt, one movement a lot, in burn order; nothing without debt.

    A lot repays from when it is here, active and the debt is there, whichever is last, and `not_before` points came
    back; not when it has lapsed by then.
    """
    debt = next((debt for debt in ledger.debts if debt.wallet == wallet and debt.amount), None)
    if debt is None:
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
        for seq, part in enumerate(take(usable.values(), debt.amount), start=ledger.seq + 1)
    )
