"""What a quote answers of codes, points and gift cards, and what a cart is that was set aside."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from services.gateway.views import View


class ReasonView(View):
    """Why something does not count, or does not pay."""

    code: str = Field(description="Which reason, for programs.", examples=["expired"])
    detail: str = Field(description="It in words.")


class QuotedCode(View):
    """A code that was shown."""

    code_id: UUID | None = Field(description="Names it; null where there is no such code.")
    pool: str | None = Field(description="Name of its pool.")
    counts: bool = Field(description="Whether it counts for this cart.")
    worth_minor: int = Field(description="What it takes off by itself; a campaign that asks for it may take off more.")
    reasons: tuple[ReasonView, ...] = Field(description="Everything that speaks against it.")


class QuotedPayment(View):
    """What the member's points pay."""

    points: int = Field(description="How many, in the wallet's minor unit.")
    paid_minor: int = Field(description="What they pay.")
    tax: Literal["payment", "discount"] | None = Field(description="What they are for the tax on the cart.")
    reason: ReasonView | None = Field(description="Why they do not pay; null when they do.")


class QuotedCard(View):
    """What a gift card pays, those first that lapse first."""

    card_id: UUID | None = Field(description="Names it; null where there is no such card.")
    paid_minor: int = Field(description="What it pays.")
    reason: ReasonView | None = Field(description="Why it does not pay; null when it does.")


class CartQuote(View):
    """What codes, points and gift cards come to together, in minor units of the cart's currency."""

    codes: tuple[QuotedCode, ...]
    discount_minor: int = Field(description="What campaigns and codes take off in all.")
    to_pay_minor: int = Field(description="What is to be paid: the receipt's `total_minor`.")
    points: QuotedPayment | None = Field(description="Null when points were not to pay.")
    gift_cards: tuple[QuotedCard, ...]
    left_minor: int = Field(description="What is left to be paid otherwise.")
    taxable_minor: int = Field(
        description="What tax is reckoned on: what is to be paid, less points that count as a discount for it."
    )
    possible: bool = Field(description="Whether all that was asked for counts and pays, so that it can be set aside.")
