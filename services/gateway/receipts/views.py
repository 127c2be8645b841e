"""What the API answers about a receipt: its decision in words and numbers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from libs.promotions.pages import Outcome
from services.gateway.members.fact_views import Facts, ReceiptFacts
from services.gateway.views import EXAMPLE_MEMBER, View


class WalletPoints(View):
    """Points granted to a wallet."""

    wallet: str
    points: int


class PaidCampaign(View):
    """A campaign that paid. Exact amounts are texts, since they may have any number of decimals."""

    campaign: str
    name: str
    wallet: str
    arithmetic: str = Field(examples=["4510 minor units × 1 / 100 = 45.1"])  # noqa: RUF001
    before_caps: str
    points: str = Field(description="The exact amount that it paid, before rounding.")


class UnpaidCampaign(View):
    """A campaign that came into question and did not pay."""

    campaign: str
    name: str
    condition: str = Field(examples=["min_total_minor"])
    words: str = Field(examples=["the receipt's total is too low"])


class CappedCampaign(View):
    """A campaign whose amount was cut by a limit; a discount's has the currency as its wallet."""

    campaign: str
    name: str
    wallet: str
    limit: str
    arithmetic: str
    before: str
    after: str


class DiscountView(View):
    """What a campaign takes off a line, or off the whole (null), in minor units of the programme's currency."""

    campaign: str
    name: str
    line: int | None
    amount_minor: int
    reason: str = Field(examples=["percent_off"])


class GrantedView(View):
    """What a campaign grants beside points."""

    campaign: str
    name: str
    kind: str = Field(examples=["coupon"])
    reference: str
    quantity: int


class Rounding(View):
    """How a wallet's exact points became whole ones."""

    wallet: str
    mode: str
    exact: str
    points: int
    remainder: str


class LotView(View):
    """A lot that the receipt made."""

    lot: int
    wallet: str
    points: int
    expires_at: datetime | None
    carried: bool = Field(description="Whether it came too late for its own date and got the next one.")


class MovedView(View):
    """A movement that the event made beside its lots."""

    seq: int = Field(description="The member's own number of the movement.")
    kind: str = Field(examples=["reverse", "activate", "repay"])
    words: str
    wallet: str
    from_account: str
    to_account: str
    points: int = Field(description="How many it moved, always above 0.")
    corrects: int | None = Field(description="The movement that it takes back.")


class RateUsed(View):
    """The exchange rate that the receipt was converted by; its corrections and returns use the same."""

    version: int
    rate: str = Field(description="What one unit was worth in the programme's currency.", examples=["1.0525"])


class ReceiptLink(View):
    """The receipt number that an event is about, where everything that was said about it is told."""

    number: str
    store: str | None
    href: str = Field(examples=["/v1/receipts/by-number?number=000123&store=12"])


class ArmView(View):
    """The arm of an experiment that had a say in it."""

    experiment: str
    arm: str = Field(description="The member's arm, drawn by lot; `control` gets nothing.", examples=["control"])
    words: str


class Explanation(View):
    """How the programme judged it."""

    summary: str
    programme_version: int
    local_time: datetime | None = Field(description="The instant that it was judged by, in the programme's zone.")
    points: tuple[WalletPoints, ...]
    campaigns: tuple[PaidCampaign, ...]
    not_paid: tuple[UnpaidCampaign, ...]
    caps: tuple[CappedCampaign, ...]
    rounding: tuple[Rounding, ...]
    discounts: tuple[DiscountView, ...]
    granted: tuple[GrantedView, ...]
    experiments: tuple[ArmView, ...]


class TillText(View):
    """A short text for the member, to be shown at the till or printed with the receipt."""

    id: UUID = Field(description="The message's id.")
    text: str = Field(
        description="160 characters at most.", examples=["Welcome back: today every coffee counts twice."]
    )
    expires_at: datetime | None = Field(description="Until when it is of use.")


TILL_EXAMPLE: dict[str, JsonValue] = {
    "id": "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50",
    "text": "Welcome back: today every coffee counts twice.",
    "expires_at": "2024-03-31T22:00:00Z",
}


class ReceiptView(View):
    """What became of a receipt, or of another event, in words and numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "purchase.completed",
                "source": "/acme/pos/12/3",
                "id": "R-1",
                "programme": "main",
                "outcome": "credited",
                "reason": None,
                "words": "45 points by base.",
                "member_id": EXAMPLE_MEMBER,
                "occurred_at": "2024-03-01T17:31:09Z",
                "arrived_at": "2024-03-01T17:31:10Z",
                "judged_at": "2024-03-01T17:31:09Z",
                "points": [{"wallet": "points", "points": 45}],
                "lots": [
                    {
                        "lot": 42,
                        "wallet": "points",
                        "points": 45,
                        "expires_at": "2024-06-30T22:00:00Z",
                        "carried": False,
                    }
                ],
                "moved": [],
                "rate": None,
                "receipt": {
                    "number": "000123",
                    "store": "12",
                    "href": "/v1/receipts/by-number?number=000123&store=12&programme=main",
                },
                "judged": None,
                "explanation": {
                    "summary": "45 points by base.",
                    "programme_version": 3,
                    "local_time": "2024-03-01T18:31:09+01:00",
                    "points": [{"wallet": "points", "points": 45}],
                    "campaigns": [
                        {
                            "campaign": "base",
                            "name": "A point for every euro",
                            "wallet": "points",
                            "arithmetic": "4510 minor units × 1 / 100 = 45.1",  # noqa: RUF001
                            "before_caps": "45.1",
                            "points": "45.1",
                        }
                    ],
                    "not_paid": [
                        {
                            "campaign": "big-basket",
                            "name": "50 points from 100 euros",
                            "condition": "min_total_minor",
                            "words": "the receipt's total is too low",
                        }
                    ],
                    "caps": [],
                    "rounding": [
                        {"wallet": "points", "mode": "floor", "exact": "45.1", "points": 45, "remainder": "0.1"}
                    ],
                    "discounts": [],
                    "granted": [
                        {
                            "campaign": "base",
                            "name": "A point for every euro",
                            "kind": "lottery_ticket",
                            "reference": "summer-draw",
                            "quantity": 1,
                        }
                    ],
                    "experiments": [
                        {
                            "experiment": "double-weekend",
                            "arm": "double",
                            "words": "In arm 'double' of 'double-weekend', drawn by lot.",
                        }
                    ],
                },
                "till": [TILL_EXAMPLE],
                "inputs": {
                    "type": "purchase",
                    "number": "000123",
                    "identifiers": [{"kind": "card", "masked": "••••3456"}],
                    "store": "12",
                    "till": "3",
                    "channel": "store",
                    "partner": None,
                    "payment": "cash",
                    "currency": "EUR",
                    "total_minor": 4510,
                    "lines": [
                        {
                            "line": 1,
                            "sku": "coffee-500g",
                            "category": "GROCERY",
                            "brand": None,
                            "labels": [],
                            "quantity": 1,
                            "amount_minor": 4510,
                        }
                    ],
                    "purchased_at": None,
                },
            }
        }
    )

    kind: str = Field(description="What was said or done.", examples=["purchase.completed", "purchase.returned"])
    source: str
    id: str
    programme: str | None
    outcome: Outcome
    reason: str | None
    words: str = Field(description="The outcome in a sentence or two.")
    member_id: UUID | None
    occurred_at: datetime = Field(description="When it happened, as the till said.")
    arrived_at: datetime
    judged_at: datetime = Field(description="The instant that rules and dates were taken of.")
    points: tuple[WalletPoints, ...] = Field(description="What was credited.")
    lots: tuple[LotView, ...]
    moved: tuple[MovedView, ...] = Field(description="What else it moved: points taken back, activated, repaid.")
    rate: RateUsed | None
    receipt: ReceiptLink | None = Field(description="The receipt number that it is about; null when about none.")
    judged: ReceiptFacts | None = Field(
        description="What was judged, where that is not what the event said: what is left of a purchase, converted."
    )
    explanation: Explanation | None = Field(description="Null when no rule was asked, as for a receipt without member.")
    inputs: Facts = Field(description="What the event said.")
    till: tuple[TillText, ...] = Field(
        default=(), description="Short texts that wait for the member at the till; in lists of receipts there are none."
    )
