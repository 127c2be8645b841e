"""Points that come into a ledger otherwise than by earning: bought, or out of another programme."""

from __future__ import annotations

from datetime import datetime

from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.evolve import apply
from libs.ledger.model import MemberLedger, Movement
from libs.ledger.repay import repay


def issue(
    ledger: MemberLedger, wallet: str, points: int, *, at: datetime, expires_at: datetime | None, policy_version: int
) -> tuple[Movement, ...]:
    """Open a lot of so many points that counts from now, and repay what is owed out of it at once.

    Record what time has done first.

    Raises:
        ValueError: a bug of the caller: nothing to issue, or a lot that would lapse at once.
    """
    lot = decide_credit(
        ledger.seq,
        wallet,
        points,
        earned_at=at,
        recorded_at=at,
        active_from=at,
        expires_at=expires_at,
        policy_version=policy_version,
    )
    opening = opening_movement(lot)
    return opening, *repay(apply(ledger, opening), wallet, at, credited=(lot.seq,))
