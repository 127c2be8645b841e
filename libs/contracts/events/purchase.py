"""Receipts: what a till or a shop says that it sold, and what became of it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import MaxLen
from pydantic import FailFast, Field

from libs.contracts.primitives import (
    NO_NUL,
    CurrencyCode,
    Instant,
    LineNumber,
    Money,
    MoneyDue,
    Name64,
    Name128,
    Name256,
    Payload,
    Pieces,
    Points,
    ProgrammeVersion,
    Quantity,
    Text32,
    Text64,
    Text256,
)


class Identifier(Payload):
    """One way in which a shop knows a member."""

    kind: Literal["card", "virtual_card", "nfc", "invoice", "phone", "email", "account"] = Field(
        description="What `value` is; an invoice is known by the number that the shop bills the member under."
    )
    value: Name64 = Field(description="As the shop writes it.")


Identifiers = Annotated[tuple[Identifier, ...], MaxLen(8), FailFast()]
Labels = Annotated[tuple[Text64, ...], MaxLen(64), FailFast()]
CampaignNames = Annotated[tuple[Name64, ...], MaxLen(1000), FailFast()]


class ReceiptLine(Payload):
    """One line of a receipt. Quantity 0 and negative amounts are data, not errors."""

    line: LineNumber = Field(description="Number of the line on the receipt.")
    sku: Name64 = Field(description="The shop's article number.")
    category: Text64 | None = Field(default=None, description="The shop's category of the article.")
    brand: Text64 | None = Field(default=None, description="Brand of the article.")
    labels: Labels = Field(default=(), description="Further marks.")
    quantity: Quantity = Field(description="Pieces or the smallest unit in which the article is weighed.")
    amount_minor: Money = Field(description="What the line costs, in minor units of the currency, discounts included.")


class DiscountGiven(Payload):
    """Money off that the till gave, as a quote told it or by itself; the amounts of the receipt are those after it."""

    campaign: Name64 = Field(description="Id of the campaign in the programme.")
    line: LineNumber | None = Field(default=None, description="The line that got cheaper; null for the whole receipt.")
    amount_minor: MoneyDue = Field(description="How much, in minor units of the currency.")


class _Receipt(Payload):
    """The content of a receipt: whatever tells of a whole one has the same fields in the same order."""

    receipt_number: Name64 = Field(description="As printed on the receipt.")
    identifiers: Identifiers = Field(
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
    discounts: Annotated[tuple[DiscountGiven, ...], MaxLen(1000)] | None = Field(
        default=None,
        description="Which campaigns' discounts the till gave: these count. Null when it does not say; then those "
        "count that the campaigns would give for this receipt.",
    )
    cart: Annotated[str, MaxLen(2048), NO_NUL] | None = Field(
        default=None,
        description="The `token` of the cart that was set aside for it: its codes count, and what pays is redeemed.",
    )
    codes: Annotated[tuple[Name64, ...], MaxLen(16), FailFast()] = Field(
        default=(), description="Pools whose codes count for it; those that its cart does not name are passed over."
    )


class PurchaseCompletedV1(_Receipt):
    """A purchase was paid for."""

    event_type: ClassVar[str] = "org.pointstream.purchase.completed.v1"


class PurchaseCorrectedV1(_Receipt):
    """A receipt was wrong: this is its whole content, in place of what was known under its number.

    The event's time is that of the correction. Without the `cart` that it had, what was set aside for it comes back.
    """

    event_type: ClassVar[str] = "org.pointstream.purchase.corrected.v1"

    purchased_at: Instant = Field(description="When the goods were bought; the rules of that time count.")


class _AboutReceipt(Payload):
    """Names the receipt that something is said about; it may arrive before its purchase."""

    receipt_number: Name64 = Field(description="As printed on the receipt of the purchase.")
    store: Text64 | None = Field(default=None, description="The store of the purchase, as its receipt said it.")


class PurchaseVoidedV1(_AboutReceipt):
    """A receipt never counted: the cashier cancelled it. A later receipt may bear its number again."""

    event_type: ClassVar[str] = "org.pointstream.purchase.voided.v1"

    reason: Text64 | None = Field(default=None, description="Why, in the shop's words or codes.")


class ReturnedLine(Payload):
    """What of one line came back; without quantity and amount the whole line."""

    line: LineNumber = Field(description="Number of the line on the receipt of the purchase.")
    quantity: Pieces | None = Field(default=None, description="How much of the line's quantity came back.")
    amount_minor: MoneyDue | None = Field(
        default=None, description="How much of the line's price was paid back, when it is not in proportion."
    )


class PurchaseReturnedV1(_AboutReceipt):
    """Goods or money of a purchase went back. Without lines and amount it is the whole receipt."""

    event_type: ClassVar[str] = "org.pointstream.purchase.returned.v1"

    return_number: Name64 | None = Field(default=None, description="As printed on the receipt of the return.")
    identifiers: Identifiers = Field(default=(), description="Who brought it back, as far as the shop knows.")
    lines: Annotated[tuple[ReturnedLine, ...], MaxLen(5000), FailFast()] = Field(
        default=(), description="What came back."
    )
    amount_minor: MoneyDue | None = Field(
        default=None, description="What was paid back without being tied to a line, in minor units of the currency."
    )
    exchange_receipt_number: Name64 | None = Field(
        default=None, description="The purchase that it was exchanged for; informative."
    )


class PurchaseClaimedV1(_AboutReceipt):
    """A member says that a receipt, which names nobody whom we know, is theirs."""

    event_type: ClassVar[str] = "org.pointstream.purchase.claimed.v1"

    member_id: UUID = Field(description="Whose it is.")
    total_minor: MoneyDue | None = Field(
        default=None, description="The total as printed; when given, it has to match the receipt."
    )


class PurchaseResolvedV1(_AboutReceipt):
    """An operator decided what the rules could not decide about a receipt."""

    event_type: ClassVar[str] = "org.pointstream.purchase.resolved.v1"

    decision: Literal["award", "refuse", "debt", "forgive", "retry"] = Field(
        description="What to do: award or refuse the points; owe or forgive what is short; try again."
    )
    reason: Text256 = Field(description="Why.")
    decided_by: Name64 = Field(description="Who decided.")


class PurchaseEvaluatedV1(Payload):
    """Something said about a receipt was decided: it brought or took points, or it did not and says why."""

    event_type: ClassVar[str] = "org.pointstream.purchase.evaluated.v1"

    receipt_source: Name256 = Field(description="`source` of the receipt's event.")
    receipt_id: Name128 = Field(description="`id` of the receipt's event.")
    receipt_number: Name64 = Field(description="As printed on the receipt.")
    member_id: UUID | None = Field(default=None, description="Who gets the points; null when nobody is known.")
    outcome: Literal[
        "credited",
        "no_points",
        "unclaimed",
        "no_member",
        "awaiting_operator",
        "reversed",
        "unchanged",
        "awaiting_purchase",
        "refused",
    ] = Field(description="What became of it.")
    reason: Text64 | None = Field(default=None, description="Why, when it is not plainly credited.")
    points: Points = Field(description="Sum of the points credited over all wallets, each in its minor unit.")
    campaigns: CampaignNames = Field(description="The campaigns that paid.")
    programme_version: ProgrammeVersion | None = Field(
        default=None, description="The version of the programme that decided; null when none was asked."
    )
    reversed: Points = Field(
        default=0, description="Sum of the points taken back over all wallets, each in its minor unit."
    )
