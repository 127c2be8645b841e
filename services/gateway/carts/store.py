"""Carts as the gateway reads them."""

from __future__ import annotations

from uuid import UUID

import msgspec
import orjson

from libs.codes.proof import CartProofs, SignedCart
from libs.contracts.carts import CartCard, CartCode, CartPointsView, CartView
from libs.runtime import sql
from services.gateway.store import Reading

_SQL = sql.load("services.gateway", "carts.sql")
_OF_CART = ("cart_id", "receipt_number", "store", "state", "held_until", "currency", "total_minor", "returned_minor")


async def one_cart(reading: Reading, proofs: CartProofs, cart_id: UUID) -> CartView | None:
    """Return a cart of the tenant, with the token for its receipt."""
    rows = await reading.fetch(_SQL["cart"], cart_id)
    if not rows:
        return None
    row, parts = rows[0], orjson.loads(rows[0]["parts"])
    codes = msgspec.convert(parts["codes"], tuple[CartCode, ...])
    cards = msgspec.convert(parts["cards"], tuple[CartCard, ...])
    signed = SignedCart(cart_id, row["held_until"], tuple(sorted({code.pool for code in codes})), row["member_id"])
    points = parts["points"]
    return CartView(
        **{name: row[name] for name in _OF_CART},
        token=proofs.sign(row["receipt_key"], signed),
        codes=tuple(msgspec.to_builtins(codes)),
        gift_cards=tuple(msgspec.to_builtins(cards)),
        points=None if points is None else CartPointsView(points=points["points"], paid_minor=points["paid_minor"]),
        quote=None,
    )
