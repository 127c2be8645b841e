"""Points are lent: issued against a debt of their own, which later credits repay, and which falls due one day."""

from __future__ import annotations

from datetime import datetime

from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.evolve import apply_all
from libs.ledger.model import Account, Kind, Loan, MemberLedger, Movement
from libs.ledger.repay import repay


def lend(
    ledger: MemberLedger,
    wallet: str,
    points: int,
    fee: int,
    loan: Loan,
    *,
    at: datetime,
    expires_at: datetime | None,
    policy_version: int,
) -> tuple[Movement, ...]:
    """Lend so many points, which come in a lot of their own, for a fee that is owed with them and may be 0.

    Nothing of the lot repays what was lent before. Record what time has done first. What all is lent then has the
    stricter of the terms: the larger share, and the earlier day.

    Raises:
        ValueError: a bug of the caller: nothing to lend, terms that can't be kept, or a member who owes something.
    """
    if points <= 0 or fee < 0 or not 0 < loan.share <= 100 or loan.due_at <= at or ledger.debt(wallet):
        raise ValueError("a loan is of some points to whoever owes nothing, is repaid by a share, and is due later")
    sums = [(Account.ISSUED, points), (Account.REDEEMED, fee)]
    made = [
        Movement(seq, wallet, Kind.LEND, Account.DEBT, account, amount, at, at, loan=loan)
        for seq, (account, amount) in enumerate([each for each in sums if each[1]], start=ledger.seq + 1)
    ]
    lot = decide_credit(
        ledger.seq + len(made),
        wallet,
        points,
        earned_at=at,
        recorded_at=at,
        active_from=at,
        expires_at=expires_at,
        policy_version=policy_version,
    )
    return *made, opening_movement(lot)


def fall_due(ledger: MemberLedger, at: datetime, recorded_at: datetime) -> tuple[Movement, ...]:
    """What becomes of loans whose day has come: they are owed, and what is free of their wallet repays them at once."""
    movements: list[Movement] = []
    for debt in ledger.debts:
        if debt.due_at is not None and debt.due_at <= at:
            seq = ledger.seq + 1
            due = Movement(
                seq, debt.wallet, Kind.FALL_DUE, Account.DEBT, Account.DEBT, debt.lent, debt.due_at, recorded_at
            )
            ledger = apply_all(ledger, [due])
            repaid = repay(ledger, debt.wallet, recorded_at)
            ledger = apply_all(ledger, repaid)
            movements += [due, *repaid]
    return tuple(movements)
