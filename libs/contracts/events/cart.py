"""Carts: what became of the receipts that codes, points and gift cards were set aside for."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import CurrencyCode, Instant, MoneyDue, Name64, Payload, Text64


class CartSettledV1(Payload):
    """The receipt of a cart was bought, or something of it came back: so much of it stands now."""

    event_type: ClassVar[str] = "org.pointstream.cart.settled.v1"

    cart_id: UUID = Field(description="Names the cart.")
    member_id: UUID | None = Field(default=None, description="Whose receipt it is, where that is known.")
    receipt_number: Name64 = Field(description="As printed on the receipt.")
    store: Text64 | None = Field(default=None, description="The store, as the receipt says it.")
    currency: CurrencyCode = Field(description="ISO 4217.")
    total_minor: MoneyDue = Field(description="What was paid, in minor units.")
    kept_minor: MoneyDue = Field(description="What of that stands: less what came back; 0 when the receipt was voided.")
    stands: bool = Field(
        default=True, description="False when the receipt was voided, or all of it came back: its codes count again."
    )
    bought_at: Instant = Field(description="When it was bought.")
