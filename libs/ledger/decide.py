"""Decisions about points: pure functions of what is known, whose results somebody else stores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from libs.ledger.model import OPENED_FROM, Account, Allocation, Kind, Lot, Movement

_NEVER = datetime.max.replace(tzinfo=UTC)


def decide_credit(
    ledger_head_seq: int,
    wallet: str,
    points: int,
    *,
    earned_at: datetime,
    recorded_at: datetime,
    active_from: datetime,
    expires_at: datetime | None,
    policy_version: int,
    contributor: UUID | None = None,
    opened_by: Kind = Kind.CREDIT,
) -> Lot:
    """The lot that a credit opens as the member's next movement; `opening_movement` gives the movement that it is.

    `ledger_head_seq` is the number of the member's last movement. The lot is pending when it becomes active later than
    it was earned.

    Raises:
        ValueError: a bug of the caller: nothing to credit, or a lot that would lapse before it is active.
    """
    if points <= 0 or (expires_at is not None and expires_at <= active_from):
        raise ValueError("a credit is positive and active before it lapses")
    return Lot(
        ledger_head_seq + 1,
        wallet,
        points,
        points,
        0,
        earned_at,
        active_from,
        expires_at,
        recorded_at,
        policy_version,
        contributor,
        active_from > earned_at,
        opened_by,
    )


def opening_movement(lot: Lot) -> Movement:
    """The credit, adjustment or transfer that a lot was opened by, told from the lot as it was then.

    It counts from `opened_at`, and its points are pending when the lot becomes active only later than that.
    """
    return Movement(
        seq=lot.seq,
        wallet=lot.wallet,
        kind=lot.opened_by,
        from_account=OPENED_FROM[lot.opened_by],
        to_account=Account.PENDING if lot.active_from > lot.opened_at else Account.ACTIVE,
        amount=lot.amount,
        effective_at=lot.opened_at,
        recorded_at=lot.recorded_at,
        allocations=(Allocation(lot.seq, lot.amount),),
        opens=lot,
    )


def burn_order(lots: Iterable[Lot], wallets: Sequence[str] = ()) -> list[Lot]:
    """The order in which lots are spent: wallets as listed, then soonest expiry, never last, then earliest earned.

    Wallets that are not listed come after those that are, all alike.
    """
    rank = {wallet: position for position, wallet in enumerate(wallets)}
    return sorted(
        lots,
        key=lambda lot: (rank.get(lot.wallet, len(rank)), lot.expires_at or _NEVER, lot.earned_at, lot.seq),
    )


def take(lots: Iterable[Lot], points: int) -> tuple[Allocation, ...]:
    """The parts of lots that make up so many points, or all that is free in them; in the order given."""
    parts = []
    for lot in lots:
        if part := min(lot.free, points):
            parts.append(Allocation(lot.seq, part))
            points -= part
    return tuple(parts)
