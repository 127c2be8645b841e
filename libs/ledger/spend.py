"""Points are spent, or held for a while to be spent: which lots go, and why not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from msgspec.structs import replace

from libs.ledger.decide import burn_order, take
from libs.ledger.model import Account, Allocation, Kind, Lot, MemberLedger, Movement

SpendingRefusal = Literal["in-debt", "insufficient-points"]


class Spending(NamedTuple):
    """What spending so many points makes: one movement a wallet in burn order, or why there is none.

    `spendable` is what there was to spend in the wallets asked for, whatever came of it.
    """

    movements: tuple[Movement, ...]
    spendable: int
    refused: SpendingRefusal | None = None


def redeem(ledger: MemberLedger, points: int, wallets: Sequence[str], at: datetime) -> Spending:
    """Give points for a reward at once, never a part of them; record what time has done first.

    They come from the wallets listed, in this order, within each in burn order. A wallet in which the member owes has
    nothing to spend; when that is why too little is there, the refusal says so.

    Raises:
        ValueError: a bug of the caller: nothing to spend, or a wallet named twice or none at all.
    """
    return _spend(ledger, points, wallets, at, Kind.REDEEM, Account.REDEEMED)


def hold(ledger: MemberLedger, points: int, wallets: Sequence[str], at: datetime) -> Spending:
    """Reserve points as `redeem` would take them; their lots keep them, across a boundary too, until the hold ends.

    Raises:
        ValueError: a bug of the caller, as in `redeem`.
    """
    return _spend(ledger, points, wallets, at, Kind.HOLD, Account.HELD)


def spendable(ledger: MemberLedger, wallets: Collection[str], at: datetime) -> int:
    """What there is to spend in these wallets: nothing in one in which the member owes."""
    return sum([lot.free for lot in _usable(ledger, wallets, at)])


def rested(ledger: MemberLedger, rest: timedelta, now: datetime) -> MemberLedger:
    """The ledger as far as it may be spent: without what came from another member less than so long ago."""
    if not rest:
        return ledger
    lots = tuple(lot for lot in ledger.lots if lot.opened_by is not Kind.TRANSFER or lot.recorded_at + rest <= now)
    return replace(ledger, lots=lots)


def _usable(ledger: MemberLedger, wallets: Collection[str], at: datetime) -> list[Lot]:
    open_ = wallets if not ledger.debts else [wallet for wallet in wallets if not ledger.debt(wallet)]
    return [lot for lot in ledger.lots if lot.wallet in open_ and not lot.pending and lot.in_force(at)]


def _spend(
    ledger: MemberLedger, points: int, wallets: Sequence[str], at: datetime, kind: Kind, target: Account
) -> Spending:
    if points <= 0 or not wallets or len(set(wallets)) < len(wallets):
        raise ValueError("what is spent is positive, from wallets that are each named once")
    usable = burn_order(_usable(ledger, wallets, at), wallets)
    there = sum([lot.free for lot in usable])
    if there < points:
        in_debt = any(ledger.debt(wallet) for wallet in wallets)
        return Spending((), there, "in-debt" if in_debt else "insufficient-points")
    by_wallet: dict[str, list[Allocation]] = {}
    named = {lot.seq: lot.wallet for lot in usable}
    for part in take(usable, points):
        by_wallet.setdefault(named[part.lot_seq], []).append(part)
    movements = tuple(
        Movement(
            seq=seq,
            wallet=wallet,
            kind=kind,
            from_account=Account.ACTIVE,
            to_account=target,
            amount=sum(part.amount for part in parts),
            effective_at=at,
            recorded_at=at,
            allocations=tuple(parts),
        )
        for seq, (wallet, parts) in enumerate(by_wallet.items(), start=ledger.seq + 1)
    )
    return Spending(movements, there)
