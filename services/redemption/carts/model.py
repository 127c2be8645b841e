"""A cart as it stands, the names of what is done for it, and what of it comes back with a part of the receipt. Pure."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from libs.codes.proof import SignedCart
from libs.codes.rules import Order
from libs.contracts.carts import CartCard, CartCode, CartState
from libs.promotions.paying import due_back
from services.redemption.deciding import RequestName, id_of

CREDENTIAL = "carts"
"""Under which the parts of carts are asked for: nobody else uses it."""


class HeldPoints(Struct, frozen=True):
    """Points that pay so much of a bill, by a redemption."""

    points: int
    paid_minor: int
    bill_minor: int
    redemption_id: UUID | None = None


class Parts(Struct, frozen=True):
    """What is set aside for a cart, and the order that its codes count for."""

    codes: tuple[CartCode, ...] = ()
    cards: tuple[CartCard, ...] = ()
    points: HeldPoints | None = None
    order: Order = Order()


class Cart(Struct, frozen=True):
    """A cart. `late` when its parts were taken anew as its receipt came; `whole` once all of them were had.

    Its `state` is what was done. Whether a receipt has bought it or nobody may any more is said by a word (`store.say`)
    before anything is done about it.
    """

    tenant_id: int
    programme_id: int
    cart_id: UUID
    member_id: UUID | None
    receipt_key: UUID
    receipt_number: str
    store: str | None
    state: CartState
    fingerprint: bytes
    held_until: datetime
    currency: str
    total_minor: int
    parts: Parts
    told: str
    whole: bool = False
    late: bool = False
    returned_minor: int = 0

    @property
    def signed(self) -> SignedCart:
        """What its token tells."""
        pools = tuple(sorted({each.pool for each in self.parts.codes}))
        return SignedCart(self.cart_id, self.held_until, pools, self.member_id)

    @property
    def uses(self) -> tuple[UUID, ...]:
        """The names of the redemptions of its codes."""
        return tuple(self.name_of("code-redeem", each.code_id) for each in self.parts.codes)

    def key(self, what: str, of: UUID | str = "") -> bytes:
        """The key of what is done for it, the same whenever it is done again."""
        return sha256(f"{self.cart_id}\x1f{what}\x1f{of}\x1f{'late' if self.late else ''}".encode()).digest()

    def name_of(self, operation: Literal["code-redeem", "card-use", "hold"], of: UUID | str = "") -> UUID:
        """The name of the redemption of a code or points, or of the payment by a card, that it made."""
        return id_of(RequestName(self.tenant_id, CREDENTIAL, operation, self.key(operation, of)))


class CardBack(NamedTuple):
    """What goes back onto a card."""

    card_id: UUID
    amount_minor: int


class Back(NamedTuple):
    """What comes back with a part of the receipt: so much of the bill that points paid, money of cards, whole codes."""

    bill_minor: int
    cards: tuple[CardBack, ...]
    codes: tuple[CartCode, ...]


def back(cart: Cart, returned_minor: int, *, ended: bool) -> Back:
    """What is to come back once so much of the total did, beside what came back before.

    In proportion, rounded down on the cumulative figure, so that it does not matter in how many parts; all that is
    left, and the codes, when the receipt has `ended`, whatever was paid.
    """

    def more(amount: int) -> int:
        return (amount if ended else _share(cart, amount, returned_minor)) - _share(cart, amount, cart.returned_minor)

    points = cart.parts.points
    cards = tuple(CardBack(each.card_id, more(each.amount_minor)) for each in cart.parts.cards)
    return Back(
        0 if points is None else more(points.bill_minor),
        tuple(each for each in cards if each.amount_minor),
        cart.parts.codes if ended else (),
    )


def _share(cart: Cart, amount: int, returned_minor: int) -> int:
    return due_back(amount, cart.total_minor, returned_minor) if cart.total_minor else 0


class Stands(NamedTuple):
    """What stands of a receipt: of its total, which may have been corrected, so much; or nothing at all."""

    total_minor: int
    kept_minor: int
    anything: bool


def returned(cart: Cart, stands: Stands) -> int:
    """How much of what it was bought for came back."""
    total_minor, kept_minor, anything = stands
    if not anything or kept_minor <= 0 or not total_minor:
        return cart.total_minor
    return cart.total_minor * max(total_minor - kept_minor, 0) // total_minor
