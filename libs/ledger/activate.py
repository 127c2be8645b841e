"""Pending points become active: when their day comes, or earlier because something happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType

from libs.ledger.evolve import apply, apply_all
from libs.ledger.model import Account, Allocation, Kind, Lot, MemberLedger, Movement, NewExpiry
from libs.ledger.repay import repay

_AS_OPENED: Mapping[int, datetime | None] = MappingProxyType({})


def activate(
    ledger: MemberLedger,
    lot_seqs: Iterable[int],
    at: datetime,
    recorded_at: datetime,
    new_expiry: Mapping[int, datetime | None] = _AS_OPENED,
) -> tuple[Movement, ...]:
    """The activation of lots at an instant, and what their points repay at once; record what time has done first.

    Lots named in `new_expiry` get that date with it (None: never); the others keep theirs, and so does one whose new
    date does not lie after its activation. What is not pending or has nothing left is passed over, so it may be asked
    twice. No lot is activated before it was earned, nor later than its own day. One movement for what shares wallet,
    instant and date.
    """
    wanted = frozenset(lot_seqs)
    groups: dict[tuple[str, datetime, datetime | None, bool], list[Lot]] = {}
    for lot in sorted(ledger.lots, key=attrgetter("wallet", "seq")):
        if lot.seq in wanted and lot.pending and lot.remaining:
            instant = max(lot.opened_at, min(at, lot.active_from))
            expires_at = new_expiry.get(lot.seq, lot.expires_at)
            moves = lot.seq in new_expiry and (expires_at is None or expires_at > instant)
            expires_at = expires_at if moves else lot.expires_at
            groups.setdefault((lot.wallet, instant, expires_at, moves), []).append(lot)
    movements = [
        Movement(
            seq=seq,
            wallet=wallet,
            kind=Kind.ACTIVATE,
            from_account=Account.PENDING,
            to_account=Account.ACTIVE,
            amount=sum(lot.remaining for lot in lots),
            effective_at=instant,
            recorded_at=recorded_at,
            allocations=tuple(Allocation(lot.seq, lot.remaining) for lot in lots),
            new_expiry=NewExpiry(expires_at) if moves else None,
        )
        for seq, ((wallet, instant, expires_at, moves), lots) in enumerate(groups.items(), start=ledger.seq + 1)
    ]
    return (*movements, *_repaid(apply_all(ledger, movements), groups.values(), recorded_at))


def _repaid(ledger: MemberLedger, activated: Iterable[Sequence[Lot]], recorded_at: datetime) -> Iterator[Movement]:
    by_wallet: dict[str, list[int]] = {}
    for lot in (lot for lots in activated for lot in lots):
        by_wallet.setdefault(lot.wallet, []).append(lot.seq)
    for wallet in sorted(by_wallet):
        for movement in repay(ledger, wallet, recorded_at, credited=by_wallet[wallet]):
            ledger = apply(ledger, movement)
            yield movement
