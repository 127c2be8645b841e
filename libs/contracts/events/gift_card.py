"""Gift cards: money that was put on them, spent, moved, paid out, and what lapsed. A card is told by its id alone."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import Ge, Le
from pydantic import Field

from libs.contracts.primitives import CurrencyCode, Instant, MoneyDue, Payload, Sequence, Text64

Amount = Annotated[int, Ge(1), Le(10**12)]


class _GiftCard(Payload):
    """What happened to a card's money; its number stands in no event."""

    card_id: UUID = Field(description="Names the card.")
    seq: Sequence = Field(description="The card's number of the entry, without a gap.")
    currency: CurrencyCode = Field(description="ISO 4217.")
    amount_minor: Amount = Field(description="How much, in minor units.")
    balance_minor: MoneyDue = Field(description="What is on the card then.")
    member_id: UUID | None = Field(default=None, description="Whose card it is, where that is known.")
    reference: Text64 | None = Field(default=None, description="What the caller calls it.")


class GiftCardIssuedV1(_GiftCard):
    """A gift card was sold or given away."""

    event_type: ClassVar[str] = "org.pointstream.gift_card.issued.v1"

    paid: bool = Field(description="Whether somebody paid for it.")
    expires_at: Instant | None = Field(default=None, description="When it lapses; null for never.")


class GiftCardToppedUpV1(_GiftCard):
    """Money was added to a card."""

    event_type: ClassVar[str] = "org.pointstream.gift_card.topped_up.v1"

    expires_at: Instant | None = Field(default=None, description="When it lapses now; null for never.")


class GiftCardUsedV1(_GiftCard):
    """A card paid for something."""

    event_type: ClassVar[str] = "org.pointstream.gift_card.used.v1"


class GiftCardRefundedV1(_GiftCard):
    """What a card had paid, or a part of it, went back onto it."""

    event_type: ClassVar[str] = "org.pointstream.gift_card.refunded.v1"

    of_seq: Sequence = Field(description="The entry that is undone.")


class GiftCardTransferredV1(_GiftCard):
    """Money went from one card to another; each of the two tells it."""

    event_type: ClassVar[str] = "org.pointstream.gift_card.transferred.v1"

    direction: Literal["out", "in"] = Field(description="Which way, seen from this card.")
    other_card_id: UUID = Field(description="The other card.")


class GiftCardCashedOutV1(_GiftCard):
    """What was left on a card was paid out in cash."""

    event_type: ClassVar[str] = "org.pointstream.gift_card.cashed_out.v1"


class GiftCardExpiredV1(_GiftCard):
    """A card's date passed, and what was left on it lapsed."""

    event_type: ClassVar[str] = "org.pointstream.gift_card.expired.v1"
