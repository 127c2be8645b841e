"""Lots get other dates: an activity keeps them alive, or another policy takes the place of the one that made them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter

from libs.ledger.model import Account, Allocation, Kind, Lot, MemberLedger, Movement, NewExpiry


def redate(
    ledger: MemberLedger, dates: Mapping[int, datetime | None], at: datetime, recorded_at: datetime
) -> tuple[Movement, ...]:
    """Give what is free of lots the dates that are named by their numbers, None for never; record what is due first.

    A lot that is pending, has nothing free, or has that date already is passed over, so it may be asked twice. A lot
    is not touched before it was there. One movement for what shares wallet, instant, old and new date, so that what is
    told of it holds for all of its lots; it moves no points.
    """
    groups: dict[tuple[str, datetime, datetime | None, datetime | None], list[Lot]] = {}
    for lot in sorted(ledger.lots, key=attrgetter("wallet", "seq")):
        if lot.seq in dates and dates[lot.seq] != lot.expires_at and lot.free and not lot.pending:
            instant = max(at, lot.opened_at, lot.active_from)
            groups.setdefault((lot.wallet, instant, lot.expires_at, dates[lot.seq]), []).append(lot)
    return tuple(
        Movement(
            seq=seq,
            wallet=wallet,
            kind=Kind.WAIVE,
            from_account=Account.ACTIVE,
            to_account=Account.ACTIVE,
            amount=sum(lot.free for lot in lots),
            effective_at=instant,
            recorded_at=recorded_at,
            allocations=tuple(Allocation(lot.seq, lot.free) for lot in lots),
            new_expiry=NewExpiry(expires_at),
        )
        for seq, ((wallet, instant, _, expires_at), lots) in enumerate(groups.items(), start=ledger.seq + 1)
    )
