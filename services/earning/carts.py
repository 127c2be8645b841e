"""What is told of a receipt that codes, points or gift cards were set aside for: how much of it stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from libs.codes.proof import read_verified
from libs.runtime.batch import Outgoing
from services.earning.announcements import Announcer
from services.earning.arrivals import Arrival
from services.earning.cases import Case
from services.earning.verdict import Standing


def bought(arrival: Arrival) -> Mapping[str, Any]:
    """What is told of a plain purchase with a cart."""
    purchase = arrival.event.data
    return _told(purchase, purchase.cart, purchase.total_minor, arrival.event.time)


def settled(announcer: Announcer, arrival: Arrival, standing: Standing | None, case: Case) -> list[Outgoing]:
    """The event about a receipt of which something was said; none where none of its contents has a cart."""
    with_cart = [each for each in case.story.contents if each.purchase.cart is not None]
    if not with_cart:
        return []
    stands, last = case.standing(), with_cart[-1]
    left = stands.purchase()
    counts = stands.content or last
    kept_minor = 0 if left is None else left.total_minor
    told = _told(counts.purchase, last.purchase.cart, kept_minor, counts.purchased_at)
    return [announcer.cart_settled(arrival, standing, told)]


def _told(purchase: Any, cart: str, kept_minor: int, bought_at: datetime) -> Mapping[str, Any]:
    return {
        "cart_id": read_verified(cart).cart_id,
        "receipt_number": purchase.receipt_number,
        "store": purchase.store,
        "currency": purchase.currency,
        "total_minor": purchase.total_minor,
        "kept_minor": kept_minor,
        "bought_at": bought_at,
    }
