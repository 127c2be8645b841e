"""Redemptions as the gateway reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from libs.catalogue import postgres as catalogue
from libs.contracts.orders import OrderView
from libs.contracts.redemption import BillView, RedeemedLot, RedemptionView
from libs.runtime import sql
from services.gateway.catalogue.order_reading import order_views
from services.gateway.door.cursors import Place
from services.gateway.store import Member, Reading
from services.gateway.trades.store import trade_view

_APART = ("lots", "lapsed", "bill", "order", "trade")
_OWNER = 5
"""The place of the owner in a share, where there is one."""
_SQL = sql.load("services.gateway", "redemptions.sql")


async def one(reading: Reading, redemption_id: UUID) -> RedemptionView | None:
    """Return a redemption of the tenant."""
    rows = await reading.fetch(_SQL["redemption"], redemption_id)
    return (await _views(reading, rows))[0] if rows else None


async def of_member(reading: Reading, member: Member, after: Place | None, count: int) -> list[RedemptionView]:
    """Return so many redemptions of a member that come after a place, newest first."""
    place = (None, None) if after is None else (after.recorded_at, after.receipt)
    rows = await reading.fetch(_SQL["of_member"], member.programme_id, member.member_id, *place, count)
    return await _views(reading, rows)


async def _views(reading: Reading, rows: Sequence[Any]) -> list[RedemptionView]:
    """Show redemptions, all of one member, with the dates that their lots have now; some may be others' lots."""
    orders = await _orders(reading, rows)
    shares = [msgspec.json.decode(row["shares"]) for row in rows]
    wanted: dict[UUID, set[int]] = {}
    for row, each in zip(rows, shares, strict=True):
        for share in each:
            wanted.setdefault(_owner(share) or row["member_id"], set()).add(share[2])
    lots = {}
    for owner, numbers in wanted.items():
        for lot in await reading.fetch(_SQL["lots"], rows[0]["programme_id"], owner, sorted(numbers)):
            lots[owner, lot["seq"]] = lot
    return [
        RedemptionView(
            **{name: row[name] for name in RedemptionView.model_fields if name not in _APART},
            lots=tuple(_lot(share, lots[_owner(share) or row["member_id"], share[2]]) for share in each),
            bill=_bill(row),
            order=orders.get(row["redemption_id"]),
            trade=trade_view(row),
        )
        for row, each in zip(rows, shares, strict=True)
    ]


def _owner(share: Sequence[Any]) -> UUID | None:
    """Whose lot it is, where that is another member's of the household."""
    return UUID(share[_OWNER]) if len(share) > _OWNER else None


def _lot(share: Sequence[Any], lot: Any) -> RedeemedLot:
    _, wallet, number, points, restored = share[:_OWNER]
    return RedeemedLot(
        lot=number,
        wallet=wallet,
        points=points,
        restored=restored,
        earned_at=lot["earned_at"],
        expires_at=lot["expires_at"],
        owner_id=_owner(share),
    )


async def _orders(reading: Reading, rows: Sequence[Any]) -> dict[UUID, OrderView]:
    """The orders that redemptions pay for, by id; most pay for none."""
    documents = [row["order_row"] for row in rows if row["order_row"] is not None]
    found = await catalogue.with_steps(reading.connection, documents)
    return {view.order_id: view for view in await order_views(reading.connection, found)}


def _bill(row: Any) -> BillView | None:
    if row["currency"] is None:
        return None
    amounts = {name: row[name] for name in BillView.model_fields if name != "rest_minor"}
    return BillView(**amounts, rest_minor=row["amount_minor"] - row["paid_minor"])
