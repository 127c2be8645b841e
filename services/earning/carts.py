"""Receipts that codes, points or gift cards were set aside for: whether they buy them, how much stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import structs

from libs.codes.proof import CartProofs, read_verified
from libs.judging.verdict import Verdict
from libs.runtime.batch import Outgoing
from services.earning.announcements import Announcer
from services.earning.arrivals import BOUGHT, Arrival, with_cart
from services.earning.cases import Case
from services.earning.verdict import Standing

_KEPT: Mapping[str, str | None] = MappingProxyType({"bought": None, "spent": "cart-spent"})
"""What a cart became that its receipt brings, and why its codes do not count."""


class Became(NamedTuple):
    """What a cart became for a receipt, in the words of `redemption.buy_carts`, and whose it is."""

    word: str
    whose: UUID | None


def carried(fresh: Sequence[Arrival]) -> list[int]:
    """Which of a batch are receipts with a cart, by their places."""
    return [place for place, new in enumerate(fresh) if new.kind in BOUGHT and new.event.data.cart is not None]


def cart_of(arrival: Arrival) -> UUID:
    """The cart of a receipt that has one."""
    return read_verified(arrival.event.data.cart).cart_id


def settle_cart(arrival: Arrival, became: Became, proofs: CartProofs) -> Arrival:
    """A receipt with its cart as it became: a receipt that may not have it is like one without."""
    data: Any = arrival.event.data
    if became.word not in _KEPT:
        return with_cart(arrival, None, (), f"cart-{became.word}")
    signed, refusal = read_verified(data.cart), _KEPT[became.word]
    if refusal is None and became.whose == signed.member_id:
        return arrival
    assert arrival.receipt_key is not None
    token = proofs.sign(arrival.receipt_key, signed._replace(member_id=became.whose))  # they were merged since
    return with_cart(arrival, token, data.codes if refusal is None else (), refusal)


def explained(arrival: Arrival, verdict: Verdict) -> Verdict:
    """What a receipt came to, with why its cart does not count, unless there is something else to be told of it."""
    if arrival.refusal is None or verdict.reason is not None:
        return verdict
    return structs.replace(verdict, reason=arrival.refusal)


def bought(arrival: Arrival) -> Mapping[str, Any]:
    """What is told of a plain purchase with a cart."""
    purchase = arrival.event.data
    return _told(purchase, cart_of(arrival), purchase.total_minor, arrival.event.time)


def settled(announcer: Announcer, arrival: Arrival, standing: Standing | None, case: Case) -> list[Outgoing]:
    """The events about the carts of a receipt of which something was said; none where it never had one.

    A cart stands with the content that says it; what was corrected without it has given it back.
    """
    carts = {read_verified(cart).cart_id: each for each in case.story.contents if (cart := each.purchase.cart)}
    if not carts:
        return []
    stands = case.standing()
    left, counts = stands.purchase(), stands.content
    told = []
    for number, (cart_id, content) in enumerate(carts.items()):
        if left is None or counts is None or cart_id != stands.cart_id:
            data = _told(content.purchase, cart_id, 0, content.purchased_at, stands=False)
        else:
            data = _told(counts.purchase, cart_id, left.total_minor, counts.purchased_at)
        told.append(announcer.cart_settled(arrival, standing, data, number))
    return told


def _told(
    purchase: Any, cart_id: UUID, kept_minor: int, bought_at: datetime, *, stands: bool = True
) -> Mapping[str, Any]:
    return {
        "cart_id": cart_id,
        "receipt_number": purchase.receipt_number,
        "store": purchase.store,
        "currency": purchase.currency,
        "total_minor": purchase.total_minor,
        "kept_minor": kept_minor,
        "stands": stands,
        "bought_at": bought_at,
    }
