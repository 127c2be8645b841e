"""What was held ends, and what was spent comes back: into the lots that it came from, with their dates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from libs.ledger.catch_up import ends
from libs.ledger.evolve import apply_all
from libs.ledger.model import Account, Allocation, Kind, MemberLedger, Movement, NewExpiry
from libs.ledger.repay import repay

_NO_GRACE: Mapping[str, datetime] = MappingProxyType({})


class Share(NamedTuple):
    """Points of one lot that a movement held or redeemed, and that are there to be given back: `seq` names it."""

    seq: int
    wallet: str
    lot_seq: int
    amount: int


class GivenBack(NamedTuple):
    """What came of it: the movements in order; of what came back, the points that lapsed at once.

    `shares` are the points that came back, by lot, those that lapsed again included; `later` the new dates of lots
    that had passed theirs.
    """

    movements: tuple[Movement, ...]
    shares: tuple[Share, ...] = ()
    lapsed: int = 0
    later: Mapping[int, datetime] = MappingProxyType({})


def release(ledger: MemberLedger, held: Sequence[Share], at: datetime) -> GivenBack:
    """Free what a hold has reserved; record what time has done first.

    What lies in lots past their date lapses unless it was spared when that came, what is owed is repaid.
    """
    return _came_back(ledger, held, move(ledger.seq, held, Kind.RELEASE, Account.HELD, Account.ACTIVE, at), at)


def commit(ledger: MemberLedger, held: Sequence[Share], points: int, at: datetime) -> GivenBack:
    """Redeem so many of the points held, those first that were held first, and release the rest.

    Raises:
        ValueError: a bug of the caller: nothing to redeem, or more than was held.
    """
    if not 0 < points <= sum(share.amount for share in held):
        raise ValueError("what is committed is positive and no more than was held")
    spent, rest = split(held, points)
    redeemed = move(ledger.seq, spent, Kind.COMMIT, Account.HELD, Account.REDEEMED, at)
    back = release(apply_all(ledger, redeemed), rest, at)
    return back._replace(movements=(*redeemed, *back.movements))


def restore(
    ledger: MemberLedger,
    spent: Sequence[Share],
    points: int,
    at: datetime,
    grace_until: Mapping[str, datetime] = _NO_GRACE,
) -> GivenBack:
    """Undo a redemption or a part of it; record what time has done first.

    `spent` is what is left of it by lot in the order in which it was taken; what was taken last comes back first, so
    that of a part the member has the points that live longest. Lots keep their dates: what is past its date lapses
    again unless it was spared when that came, or its wallet has a date in `grace_until`, which lies ahead and becomes
    the lot's.

    Raises:
        ValueError: a bug of the caller: nothing to restore, more than was spent, or a grace that is over.
    """
    if not 0 < points <= sum(share.amount for share in spent):
        raise ValueError("what is restored is positive and no more than was spent")
    if any(until <= at for until in grace_until.values()):
        raise ValueError("a grace lies ahead")
    back, _ = split(tuple(reversed(spent)), points)
    later = {
        share.lot_seq: grace_until[share.wallet]
        for share in back
        if share.wallet in grace_until and (lot := ledger.lot(share.lot_seq)) is not None and lot.lapsed(at)
    }
    kept = [share for share in back if share.lot_seq not in later]
    moved = move(ledger.seq, kept, Kind.RESTORE, Account.REDEEMED, Account.ACTIVE, at)
    for wallet, until in sorted({(share.wallet, later[share.lot_seq]) for share in back if share.lot_seq in later}):
        shares = [share for share in back if share.lot_seq in later and share.wallet == wallet]
        head = ledger.seq + len(moved)
        moved += move(head, shares, Kind.RESTORE, Account.REDEEMED, Account.ACTIVE, at, NewExpiry(until))
    return _came_back(ledger, back, moved, at)._replace(later=MappingProxyType(later))


def split(shares: Sequence[Share], points: int) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
    """The first so many points, and the rest."""
    first: list[Share] = []
    rest: list[Share] = []
    for share in shares:
        part = min(share.amount, points)
        points -= part
        if part:
            first.append(share._replace(amount=part))
        if part < share.amount:
            rest.append(share._replace(amount=share.amount - part))
    return tuple(first), tuple(rest)


def _came_back(ledger: MemberLedger, shares: Sequence[Share], moved: tuple[Movement, ...], at: datetime) -> GivenBack:
    ledger = apply_all(ledger, moved)
    numbers = {share.lot_seq for share in shares}
    ended = _ended(ledger, numbers, at)
    ledger = apply_all(ledger, ended)
    repaid: tuple[Movement, ...] = ()
    for wallet in sorted({share.wallet for share in shares}):
        more = repay(ledger, wallet, at, not_before=at)
        ledger, repaid = apply_all(ledger, more), (*repaid, *more)
    gone = sum(movement.amount for movement in ended if movement.kind is Kind.EXPIRE)
    return GivenBack((*moved, *ended, *repaid), tuple(shares), gone)


def _ended(ledger: MemberLedger, numbers: Collection[int], at: datetime) -> tuple[Movement, ...]:
    """What becomes of points that came back into lots past their date: it lapses, or is spared, date after date.

    By what spared the member then, but from now: before, the points were held or spent.
    """
    movements: tuple[Movement, ...] = ()
    while True:
        lots = [lot for lot in ledger.lots if lot.seq in numbers and lot.free and lot.lapsed(at)]
        dates = [lot.expires_at for lot in lots if lot.expires_at is not None]
        if not dates:
            return movements
        made = ends(ledger, lots, min(dates), at, at)
        ledger, movements = apply_all(ledger, made), movements + made


def move(
    head: int,
    shares: Iterable[Share],
    kind: Kind,
    source: Account,
    target: Account,
    at: datetime,
    new_expiry: NewExpiry | None = None,
) -> tuple[Movement, ...]:
    """One movement for each that held, redeemed or let lapse the points; it takes that back unless it redeems them."""
    by_origin: dict[tuple[int, str], list[Allocation]] = {}
    for share in shares:
        by_origin.setdefault((share.seq, share.wallet), []).append(Allocation(share.lot_seq, share.amount))
    return tuple(
        Movement(
            seq=seq,
            wallet=wallet,
            kind=kind,
            from_account=source,
            to_account=target,
            amount=sum(part.amount for part in parts),
            effective_at=at,
            recorded_at=at,
            allocations=tuple(parts),
            corrects=None if kind is Kind.COMMIT else origin,
            new_expiry=new_expiry,
        )
        for seq, ((origin, wallet), parts) in enumerate(by_origin.items(), start=head + 1)
    )
