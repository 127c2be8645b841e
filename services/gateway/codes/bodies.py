"""The bodies of requests about codes and gift cards."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from annotated_types import Len
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.codes import rules
from libs.contracts.primitives import CurrencyCode, Money, MoneyDue, Name32, Name64, Text64

Identifier = Annotated[str, Field(pattern="^[a-z_]{1,32}:[^\\x00-\\x1f]{1,128}$")]
Typed = Annotated[str, Field(min_length=1, max_length=128)]
Amount = Annotated[int, Field(strict=True, ge=1, le=10**12)]
Reference = Annotated[Name64 | None, Field(description="What you call it, such as an order: it is kept and shown.")]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WhoBody(_Body):
    """Whom it is for: a member by id or by identifier, or nobody who is known."""

    member_id: UUID | None = Field(default=None, description="Whose it is.")
    identifier: Identifier | None = Field(default=None, description="Instead of the id: `card:98123456`.")

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if self.member_id is not None and self.identifier is not None:
            raise PydanticCustomError("member", "the member is named by member_id or by identifier, not by both")
        return self


class MemberBody(WhoBody):
    """The same, where a member has to be named."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.member_id is None and self.identifier is None:
            raise PydanticCustomError("member", "the member is named by member_id or by identifier")
        return self


class OrderLine(_Body):
    """A line of an order."""

    sku: Name64 = Field(description="The article.")
    amount_minor: Money = Field(strict=True, description="What it costs, in minor units.")
    category: Text64 | None = Field(default=None, description="Its category, where codes ask for one.")
    brand: Text64 | None = Field(default=None, description="Its brand, where codes ask for one.")


class OrderBody(_Body):
    """What a code is to count for; money in minor units."""

    total_minor: MoneyDue = Field(default=0, strict=True, description="What is to pay, without the code.")
    currency: CurrencyCode | None = Field(default=None, description="ISO 4217.")
    store: Name64 | None = Field(default=None, description="The store where it is bought, by your name for it.")
    channel: Name32 | None = Field(default=None, description="How: `store`, `web`, `app` or a name of your own.")
    lines: Annotated[tuple[OrderLine, ...], Len(0, 5_000)] = Field(
        default=(), description="What is bought, for codes that count for some articles alone."
    )

    def order(self) -> rules.Order:
        """It as rules judge it."""
        lines = tuple(rules.Line(**line.model_dump()) for line in self.lines)
        return rules.Order(self.total_minor, self.currency, self.store, self.channel, lines)


class ValidateBody(WhoBody):
    """A code as it was typed or scanned, and what it is to count for."""

    code: Typed = Field(description="The code, in any case, with or without spaces and dashes.")
    order: OrderBody = OrderBody()


class RedeemCodeBody(ValidateBody):
    """The same, to be redeemed."""

    reference: Name64 | None = Field(default=None, description="What you call the order: it is kept and shown.")


class IssueBody(WhoBody):
    """A gift card to be sold or given away."""

    amount_minor: Amount = Field(description="What is put on it, in minor units.")
    currency: CurrencyCode = Field(description="ISO 4217.")
    law: str = Field(
        default="none",
        pattern="^[A-Za-z-]{2,8}$",
        description="The jurisdiction where it is sold, such as `US-CA`; `none` has no rules of its own.",
    )
    expires_at: AwareDatetime | None = Field(
        default=None, description="When it lapses, if the law allows; null: never."
    )
    paid: bool = Field(
        default=True, strict=True, description="Whether somebody pays for it; else it takes the scope `points:adjust`."
    )
    reference: Reference = None


class NumberBody(WhoBody):
    """The number of a card, as it was typed or scanned."""

    number: Typed = Field(description="With or without spaces and dashes.")


class UseCardBody(WhoBody):
    """A payment by card, by its number, or by its id where that is known."""

    number: Typed | None = Field(default=None, description="The card's number, with or without spaces and dashes.")
    card_id: UUID | None = Field(default=None, description="Instead of the number: the card's id.")
    amount_minor: Amount = Field(description="How much, up to its balance.")
    currency: CurrencyCode | None = Field(default=None, description="To be sure that it is the card's.")
    reference: Name64 | None = Field(default=None, description="What you call the order.")

    @model_validator(mode="after")
    def _one_card(self) -> Self:
        if (self.number is None) == (self.card_id is None):
            raise PydanticCustomError("card", "the card is named by number or by card_id, one of the two")
        return self


class TopUpBody(_Body):
    """Money to be added to a card."""

    amount_minor: Amount = Field(description="How much is added, in minor units of the card's currency.")
    paid: bool = Field(default=True, strict=True, description="Else it takes the scope `points:adjust`.")
    reference: Reference = None


class RefundBody(_Body):
    """What of a payment goes back onto its card."""

    of_seq: int = Field(strict=True, ge=1, description="The entry by which the card paid.")
    amount_minor: Amount | None = Field(default=None, description="Default: all that has not gone back.")
    reference: Reference = None


class TransferBody(_Body):
    """Money that goes to another card of the same currency."""

    amount_minor: Amount = Field(description="How much goes over, in minor units of the cards' currency.")
    to_number: Typed | None = Field(default=None, description="The other card's number, as it was typed or scanned.")
    to_card_id: UUID | None = Field(default=None, description="Instead of its number: the other card's id.")
    reference: Reference = None

    @model_validator(mode="after")
    def _one_card(self) -> Self:
        if (self.to_number is None) == (self.to_card_id is None):
            raise PydanticCustomError("card", "the other card is named by to_number or by to_card_id, one of the two")
        return self


class CashOutBody(_Body):
    """What is left is paid out in cash."""

    goodwill: bool = Field(
        default=False, strict=True, description="Also where the law does not ask for it; takes `points:adjust`."
    )
    reference: Reference = None


class StateBody(_Body):
    """Whether a card can be used."""

    state: Literal["active", "blocked"] = Field(
        description="A card that is `blocked` can't be used until it is `active` again."
    )
