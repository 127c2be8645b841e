"""What is asked of redemption about carts over HTTP, and what it answers; never on a topic."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from libs.codes.rules import Order

PATH = "/carts"
"""Where redemption answers, on its web port."""
Operation = Literal["known", "hold", "release"]
CartState = Literal["held", "bought", "returned", "released", "expired"]


class CartCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code of a cart, its pool, and what it takes off, in minor units."""

    code_id: UUID
    pool: str
    worth_minor: int


class CartCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gift card that pays so much, in minor units."""

    card_id: UUID
    amount_minor: int


class CartPoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points that pay so much of a bill, in minor units."""

    points: int
    paid_minor: int
    bill_minor: int


class CartAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One request of a caller who was let in.

    What begins a cart says whose it is and for which receipt, with the parts as a quote has found them and that quote,
    which is answered again; `known` asks whether the key was used before. What follows names the cart. `credential`,
    `key` and `fingerprint` are as for redemptions.
    """

    operation: Operation
    tenant_id: int
    credential: str
    key: bytes = b""
    fingerprint: bytes = b""
    cart_id: UUID | None = None
    programme_id: int | None = None
    member_id: UUID | None = None
    receipt_key: UUID | None = None
    receipt_number: str = ""
    store: str | None = None
    currency: str = ""
    total_minor: int = 0
    order: Order = Order()
    codes: tuple[CartCode, ...] = ()
    cards: tuple[CartCard, ...] = ()
    points: CartPoints | None = None
    told: msgspec.Raw = msgspec.Raw(b"null")


read_cart_ask = msgspec.json.Decoder(CartAsk).decode


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class CartCodeView(_View):
    """A code that counts for a cart."""

    code_id: UUID = Field(description="Names the code.")
    pool: str = Field(description="Name of its pool.")
    worth_minor: int = Field(description="What it takes off by itself, in minor units.")


class CartCardView(_View):
    """A gift card that pays for a cart."""

    card_id: UUID = Field(description="Names the card.")
    amount_minor: int = Field(description="How much it pays, in minor units.")


class CartPointsView(_View):
    """Points that pay for a cart."""

    points: int = Field(description="How many, in the wallet's minor unit.")
    paid_minor: int = Field(description="What they pay, in minor units.")


_CART: JsonDict = {
    "cart_id": "4b7e0c55-6a0e-5f4e-9a55-3f0d1c7be0aa",
    "token": "jmqPv2kU0YmTq3WcH1s8MpPEELyG8Q",
    "state": "held",
    "held_until": "2024-03-01T17:46:09Z",
    "receipt_number": "12-3-0042",
    "store": "12",
    "currency": "EUR",
    "total_minor": 4500,
    "codes": [{"code_id": "5b1c0a52-8a0e-5f4e-9a55-3f0d1c7be0aa", "pool": "spring", "worth_minor": 500}],
    "points": {"points": 1000, "paid_minor": 1000},
    "gift_cards": [{"card_id": "3c9d0f7e-2b1a-5e6f-8c4d-9a7b6c5d4e3f", "amount_minor": 2000}],
    "returned_minor": 0,
    "quote": None,
}


class CartView(_View):
    """A cart as it stands. Its token goes with the receipt, whose event commits it."""

    model_config = ConfigDict(json_schema_extra={"example": _CART})

    cart_id: UUID = Field(description="Names it.")
    token: str = Field(description="What `purchase.completed` says as its `cart`; good for the same member.")
    state: CartState = Field(description="Whether it is held, was bought, is all back, was let go, or over.")
    held_until: datetime = Field(description="Purchases up to then bring its codes.")
    receipt_number: str = Field(description="The receipt that it is for.")
    store: str | None = Field(description="The store of that.")
    currency: str = Field(description="ISO 4217.")
    total_minor: int = Field(description="What is to be paid, or was, in minor units; points and gift cards included.")
    codes: tuple[CartCodeView, ...] = Field(description="The codes that count for it.")
    points: CartPointsView | None = Field(description="The points that pay for it.")
    gift_cards: tuple[CartCardView, ...] = Field(description="The gift cards that pay for it.")
    returned_minor: int = Field(description="How much of it came back.")
    quote: Any | None = Field(description="The quote that it was set aside by, in the answer to that; else null.")
