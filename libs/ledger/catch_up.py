"""What time does to a member's points: they become active, pay what is owed, and lapse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from libs.ledger.activate import activate
from libs.ledger.evolve import apply_all
from libs.ledger.model import Account, Allocation, Kind, Lot, MemberLedger, Movement


class Due(NamedTuple):
    """When time will next do something to a ledger: make points active, or let them lapse; None for never."""

    activates_at: datetime | None
    lapses_at: datetime | None


def due(ledger: MemberLedger) -> Due:
    """When the next pending lot becomes active, and when the next free points lapse, pending ones included."""
    activates_at = lapses_at = None
    for lot in ledger.lots:
        if lot.pending and lot.remaining and (activates_at is None or lot.active_from < activates_at):
            activates_at = lot.active_from
        if lot.expires_at is not None and lot.free and (lapses_at is None or lot.expires_at < lapses_at):
            lapses_at = lot.expires_at
    return Due(activates_at, lapses_at)


def catch_up(ledger: MemberLedger, now: datetime, recorded_at: datetime) -> tuple[Movement, ...]:
    """All that time has done up to `now` and nobody has recorded, in the order in which it happened.

    At each instant lots become active, then repay debt, then lots lapse: what is free of them, for a hold keeps its
    points. Whoever writes to a member records this first. Asked in two steps it gives the same as in one.
    """
    movements: list[Movement] = []
    while (instant := _next(due(ledger), now)) is not None:
        ready = [lot.seq for lot in ledger.lots if lot.pending and lot.active_from <= instant]
        activated = activate(ledger, ready, instant, recorded_at)
        ledger = apply_all(ledger, activated)
        lapsed = tuple(_expiries(ledger, instant, recorded_at))
        ledger = apply_all(ledger, lapsed)
        movements += [*activated, *lapsed]
    return tuple(movements)


def _next(ahead: Due, now: datetime) -> datetime | None:
    instants = [instant for instant in ahead if instant is not None and instant <= now]
    return min(instants) if instants else None


def _expiries(ledger: MemberLedger, boundary: datetime, recorded_at: datetime) -> Iterator[Movement]:
    """One movement a wallet for all that lapses at the boundary."""
    lapsed: dict[str, list[Lot]] = {}
    for lot in ledger.lots:
        if lot.expires_at == boundary and lot.free:
            lapsed.setdefault(lot.wallet, []).append(lot)
    for seq, wallet in enumerate(sorted(lapsed), start=ledger.seq + 1):
        yield Movement(
            seq=seq,
            wallet=wallet,
            kind=Kind.EXPIRE,
            from_account=Account.ACTIVE,
            to_account=Account.EXPIRED,
            amount=sum(lot.free for lot in lapsed[wallet]),
            effective_at=boundary,
            recorded_at=recorded_at,
            allocations=tuple(Allocation(lot.seq, lot.free) for lot in lapsed[wallet]),
        )
