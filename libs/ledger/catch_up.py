"""What time does to points: they become active, pay what is owed, lapse or are spared; and loans fall due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from libs.ledger.activate import activate
from libs.ledger.evolve import apply_all
from libs.ledger.keeping import Part, next_boundary, reason_of, share_out
from libs.ledger.lend import fall_due
from libs.ledger.model import Account, Allocation, Kind, Lot, MemberLedger, Movement, NewExpiry, Span


class Due(NamedTuple):
    """When time will next do something to a ledger: make points active or a loan due, let points lapse; None: never."""

    activates_at: datetime | None
    lapses_at: datetime | None


def due(ledger: MemberLedger) -> Due:
    """When the next pending lot becomes active or what is lent falls due, and when the next free points lapse.

    Pending points are among these.
    """
    activates_at = lapses_at = None
    for lot in ledger.lots:
        if lot.pending and lot.remaining and (activates_at is None or lot.active_from < activates_at):
            activates_at = lot.active_from
        if lot.expires_at is not None and lot.free and (lapses_at is None or lot.expires_at < lapses_at):
            lapses_at = lot.expires_at
    for debt in ledger.debts:
        if debt.due_at is not None and (activates_at is None or debt.due_at < activates_at):
            activates_at = debt.due_at
    return Due(activates_at, lapses_at)


def catch_up(ledger: MemberLedger, now: datetime, recorded_at: datetime) -> tuple[Movement, ...]:
    """All that time has done up to `now` and nobody has recorded, in the order in which it happened.

    At each instant lots become active, then repay debt, then loans fall due, then lots lapse: what is free of them, for
    a hold keeps its points, and what `ledger.keeps` spares at that instant gets the date of the next boundary instead.
    Whoever writes to a member records this first. Asked in two steps it gives the same as in one.
    """
    movements: list[Movement] = []
    while (instant := _next(due(ledger), now)) is not None:
        ready = [lot.seq for lot in ledger.lots if lot.pending and lot.active_from <= instant]
        activated = activate(ledger, ready, instant, recorded_at)
        ledger = apply_all(ledger, activated)
        fallen = fall_due(ledger, instant, recorded_at)
        ledger = apply_all(ledger, fallen)
        ended = ends(ledger, ledger.lots, instant, instant, recorded_at)
        ledger = apply_all(ledger, ended)
        movements += [*activated, *fallen, *ended]
    return tuple(movements)


def _next(ahead: Due, now: datetime) -> datetime | None:
    instants = [instant for instant in ahead if instant is not None and instant <= now]
    return min(instants) if instants else None


def ends(
    ledger: MemberLedger, lots: Iterable[Lot], boundary: datetime, at: datetime, recorded_at: datetime
) -> tuple[Movement, ...]:
    """What becomes of those of these lots whose date the boundary is: a movement a wallet for all that lapses, one a
    reason for what is spared.

    It counts from `at`: from the boundary, or from when points came back into lots past their date.
    """
    ended: dict[str, list[Lot]] = {}
    for lot in lots:
        if lot.expires_at == boundary and lot.free:
            ended.setdefault(lot.wallet, []).append(lot)
    movements: list[Movement] = []
    for wallet in sorted(ended):
        shared = share_out(ledger.keeps, wallet, ended[wallet], boundary)
        parts: list[tuple[Span | None, Sequence[Part]]] = [(None, shared.lapsing)] if shared.lapsing else []
        for span, of_span in (*parts, *shared.spared):
            seq = ledger.seq + len(movements) + 1
            expiry = None if span is None else NewExpiry(next_boundary(span, boundary))
            movements.append(_end(seq, wallet, of_span, at, recorded_at, span, expiry))
    return tuple(movements)


def _end(
    seq: int,
    wallet: str,
    parts: Sequence[Part],
    at: datetime,
    recorded_at: datetime,
    span: Span | None,
    expiry: NewExpiry | None,
) -> Movement:
    return Movement(
        seq=seq,
        wallet=wallet,
        kind=Kind.EXPIRE if span is None else Kind.WAIVE,
        from_account=Account.ACTIVE,
        to_account=Account.EXPIRED if span is None else Account.ACTIVE,
        amount=sum(part.points for part in parts),
        effective_at=at,
        recorded_at=recorded_at,
        allocations=tuple([Allocation(part.lot.seq, part.points) for part in parts]),
        new_expiry=expiry,
        spared=None if span is None else reason_of(span),
    )
