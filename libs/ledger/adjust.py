"""A person's correction up or down, with a reason that is kept elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from libs.ledger.decide import burn_order, decide_credit, opening_movement, take
from libs.ledger.evolve import apply
from libs.ledger.late import CLOCK_TOLERANCE
from libs.ledger.model import Account, Kind, Lot, MemberLedger, Movement
from libs.ledger.repay import repay

AdjustmentRefusal = Literal["earned-ahead", "expiry-passed", "not-enough-points"]


class Adjustment(NamedTuple):
    """What became of a correction: its movement and what that repaid, or why there is none.

    `opened` is the lot of a correction up.
    """

    movements: tuple[Movement, ...]
    opened: Lot | None = None
    refused: AdjustmentRefusal | None = None


def adjust(
    ledger: MemberLedger,
    wallet: str,
    points: int,
    *,
    earned_at: datetime,
    recorded_at: datetime,
    expires_at: datetime | None,
    policy_version: int,
    contributor: UUID | None = None,
) -> Adjustment:
    """Give points in a lot of their own, or with a negative number take them in burn order; never a part of them.

    It counts from `earned_at`, and record what time has done first. What is given repays debt at once. The dates are
    those of the lot; a correction down looks at no expiry.

    Refused are points earned later than now or lapsed already, and taking more than is free and in force.

    Raises:
        ValueError: a bug of the caller: nothing to correct.
    """
    if points == 0:
        raise ValueError("a correction is not of nothing")
    if points < 0:
        return _down(ledger, wallet, -points, earned_at, recorded_at)
    if earned_at - recorded_at > CLOCK_TOLERANCE:
        return Adjustment((), refused="earned-ahead")
    if expires_at is not None and expires_at <= max(earned_at, recorded_at):
        return Adjustment((), refused="expiry-passed")
    lot = decide_credit(
        ledger.seq,
        wallet,
        points,
        earned_at=earned_at,
        recorded_at=recorded_at,
        active_from=earned_at,
        expires_at=expires_at,
        policy_version=policy_version,
        contributor=contributor,
        opened_by=Kind.ADJUST,
    )
    opening = opening_movement(lot)
    repaid = repay(apply(ledger, opening), wallet, recorded_at, credited=(lot.seq,))
    return Adjustment((opening, *repaid), lot)


def _down(ledger: MemberLedger, wallet: str, points: int, effective_at: datetime, recorded_at: datetime) -> Adjustment:
    usable = {
        lot.seq: lot
        for lot in burn_order(ledger.lots)
        if lot.wallet == wallet and not lot.pending and not lot.lapsed(recorded_at)
    }
    parts = take(usable.values(), points)
    if sum(part.amount for part in parts) < points:
        return Adjustment((), refused="not-enough-points")
    movement = Movement(
        seq=ledger.seq + 1,
        wallet=wallet,
        kind=Kind.ADJUST,
        from_account=Account.ACTIVE,
        to_account=Account.ADJUSTED,
        amount=points,
        effective_at=max((effective_at, *(_there_from(usable[part.lot_seq]) for part in parts))),
        recorded_at=recorded_at,
        allocations=parts,
    )
    return Adjustment((movement,))


def _there_from(lot: Lot) -> datetime:
    return max(lot.active_from, lot.opened_at)
