"""Receipts: what a till or a shop says that it sold, and what became of it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import MaxLen
from pydantic import FailFast, Field

from libs.contracts.primitives import (
    CurrencyCode,
    LineNumber,
    Money,
    MoneyDue,
    Name64,
    Name128,
    Name256,
    Payload,
    Points,
    ProgrammeVersion,
    Quantity,
    Text32,
    Text64,
)


class Identifier(Payload):
    """One way in which a shop knows a member."""

    kind: Literal["card", "virtual_card", "nfc", "invoice", "phone", "email", "account"] = Field(
        description="What `value` is; an invoice is known by the number that the shop bills the member under."
    )
    value: Name64 = Field(description="As the shop writes it.")


class ReceiptLine(Payload):
    """One line of a receipt. Quantity 0 and negative amounts are data, not errors."""

    line: LineNumber = Field(description="Number of the line on the receipt.")
    sku: Name64 = Field(description="The shop's article number.")
    category: Text64 | None = Field(default=None, description="The shop's category of the article.")
    brand: Text64 | None = Field(default=None, description="Brand of the article.")
    labels: Annotated[tuple[Text64, ...], MaxLen(64), FailFast()] = Field(default=(), description="Further marks.")
    quantity: Quantity = Field(description="Pieces or the smallest unit in which the article is weighed.")
    amount_minor: Money = Field(description="What the line costs, in minor units of the currency, discounts included.")


class PurchaseCompletedV1(Payload):
    """A purchase was paid for."""

    event_type: ClassVar[str] = "org.pointstream.purchase.completed.v1"

    receipt_number: Name64 = Field(description="As printed on the receipt.")
    identifiers: Annotated[tuple[Identifier, ...], MaxLen(8), FailFast()] = Field(
        default=(), description="Who bought it, in the order in which the shop trusts them; empty when nobody is known."
    )
    store: Text64 | None = Field(default=None, description="The shop's number of the store.")
    till: Text64 | None = Field(default=None, description="The shop's number of the till.")
    channel: Text32 = Field(default="store", description="Where it was bought: store, web, app or a name of your own.")
    partner: Text64 | None = Field(default=None, description="The partner of a coalition who sold it.")
    payment: Text32 | None = Field(default=None, description="How it was paid.")
    currency: CurrencyCode = Field(description="ISO 4217.")
    total_minor: MoneyDue = Field(
        description="What was paid, in minor units; equals the sum of the lines when there are any."
    )
    lines: Annotated[tuple[ReceiptLine, ...], MaxLen(5000), FailFast()] = Field(description="What was bought.")


class PurchaseEvaluatedV1(Payload):
    """A receipt was decided: it brought points, or it did not and says why."""

    event_type: ClassVar[str] = "org.pointstream.purchase.evaluated.v1"

    receipt_source: Name256 = Field(description="`source` of the receipt's event.")
    receipt_id: Name128 = Field(description="`id` of the receipt's event.")
    receipt_number: Name64 = Field(description="As printed on the receipt.")
    member_id: UUID | None = Field(default=None, description="Who gets the points; null when nobody is known.")
    outcome: Literal["credited", "no_points", "unclaimed", "no_member", "awaiting_operator"] = Field(
        description="What became of it."
    )
    reason: Text64 | None = Field(default=None, description="Why, when it is not plainly credited.")
    points: Points = Field(description="Sum of the points over all wallets, each in its minor unit.")
    campaigns: Annotated[tuple[Name64, ...], MaxLen(1000), FailFast()] = Field(description="The campaigns that paid.")
    programme_version: ProgrammeVersion | None = Field(
        default=None, description="The version of the programme that decided; null when none was asked."
    )
