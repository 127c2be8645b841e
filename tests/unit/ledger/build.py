"""Short ways to write instants, lots and movements in the ledger's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.model import LOT_ACCOUNTS, Account, Allocation, Kind, Lot, MemberLedger, Movement, NewExpiry

MEMBER = UUID("018f3c1a-0000-7000-8000-000000000001")
EMPTY = MemberLedger(MEMBER)
START = datetime(2024, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """So many days after the start of the tests' time."""
    return START + timedelta(days=number)


def lot(
    seq: int,
    points: int,
    earned: float = 0,
    active: float | None = None,
    expires: float | None = None,
    wallet: str = "points",
    kind: Kind = Kind.CREDIT,
) -> Lot:
    """A fresh lot; times in days."""
    return decide_credit(
        seq - 1,
        wallet,
        points,
        earned_at=day(earned),
        recorded_at=day(earned),
        active_from=day(earned if active is None else active),
        expires_at=None if expires is None else day(expires),
        policy_version=1,
        opened_by=kind,
    )


def credit(
    seq: int,
    points: int,
    earned: float = 0,
    active: float | None = None,
    expires: float | None = None,
    wallet: str = "points",
) -> Movement:
    """The credit of a fresh lot; times in days."""
    return opening_movement(lot(seq, points, earned, active, expires, wallet))


def move(
    seq: int,
    kind: Kind,
    pair: str,
    parts: dict[int, int] | int,
    at: float = 1,
    corrects: int | None = None,
    opens: Lot | None = None,
    new_expiry: NewExpiry | None = None,
    wallet: str = "points",
) -> Movement:
    """A movement written `from>to` with amounts by lot, or one amount where no lot is touched."""
    source, target = (Account(name) for name in pair.split(">"))
    lots = parts if isinstance(parts, dict) else {}
    assert bool(lots) == bool(LOT_ACCOUNTS & {source, target})
    return Movement(
        seq=seq,
        wallet=wallet,
        kind=kind,
        from_account=source,
        to_account=target,
        amount=sum(parts.values()) if isinstance(parts, dict) else parts,
        effective_at=day(at),
        recorded_at=day(at),
        allocations=tuple(Allocation(lot_seq, amount) for lot_seq, amount in lots.items()),
        corrects=corrects,
        opens=opens,
        new_expiry=new_expiry,
    )
