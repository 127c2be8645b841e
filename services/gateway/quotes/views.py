"""What the API answers to a quote: points with their dates, who pays them, what is missing for more."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from libs.promotions.pages import Outcome
from services.gateway.carts.views import CartQuote
from services.gateway.receipts.views import TILL_EXAMPLE, Explanation, RateUsed, TillText, WalletPoints
from services.gateway.views import EXAMPLE_MEMBER, View


class QuotedPoints(View):
    """Points of a wallet, and when they count."""

    wallet: str
    scale: int = Field(description="How many decimals people see.")
    points: int
    active_from: datetime = Field(description="When they become active; where an event decides it, at the latest then.")
    expires_at: datetime | None = Field(description="The instant from which they are gone; null for never.")
    last_day: date | None = Field(description="The last day on which they can be spent, in the programme's zone.")


class QuotedLine(View):
    """What a line brings. The lines and `rest` together are all points."""

    line: int = Field(description="Its number on the receipt.")
    points: tuple[WalletPoints, ...]


class QuotedDiscount(View):
    """Money off that a campaign gives at the till."""

    campaign: str
    line: int | None = Field(description="The line that gets cheaper; null for the whole receipt.")
    amount_minor: int = Field(description="How much, above 0, in minor units of the receipt's currency.")
    reason: str | None


class NeedView(View):
    """Something to add."""

    kind: Literal["spend", "pieces"]
    amount_minor: int | None = Field(description="What to spend more, in minor units of the programme's currency.")
    pieces: int | None = Field(description="How many pieces to take more.")
    line: int | None = Field(description="The line whose article counts; null when anything does.")
    of: tuple[str, ...] = Field(description="The articles, categories, brands or labels of which something counts.")


class HintView(View):
    """What is missing for more: whoever adds it, all else equal, gets these points more."""

    campaign: str
    name: str
    words: str = Field(examples=["Spend €4.10 more to get 24 points more."])
    needs: tuple[NeedView, ...]
    gains: tuple[WalletPoints, ...]


class BalanceThen(View):
    """Points of a wallet."""

    available: int
    spendable: int
    pending: int
    debt: int
    lent: int = Field(default=0, description="Lent and to be repaid; a share of what is earned goes into it.")


class BalanceChange(View):
    """A wallet of the member before and after the purchase."""

    wallet: str
    scale: int
    before: BalanceThen
    after: BalanceThen


class QuoteView(View):
    """What a purchase would bring. Nothing was done: no point moved, no limit was used."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "at": "2024-03-01T17:31:09Z",
                "outcome": "credited",
                "reason": None,
                "words": "This would bring 45 points.",
                "member_id": EXAMPLE_MEMBER,
                "tier": "gold",
                "points": [
                    {
                        "wallet": "points",
                        "scale": 0,
                        "points": 45,
                        "active_from": "2024-03-01T17:31:09Z",
                        "expires_at": "2024-06-30T22:00:00Z",
                        "last_day": "2024-06-30",
                    }
                ],
                "lines": [{"line": 1, "points": [{"wallet": "points", "points": 45}]}],
                "rest": [],
                "discounts": [],
                "hints": [
                    {
                        "campaign": "big-basket",
                        "name": "50 points from 50 euros",
                        "words": "Spend €4.90 more to get 55 points more.",
                        "needs": [
                            {"kind": "spend", "amount_minor": 490, "pieces": None, "line": None, "of": []},
                        ],
                        "gains": [{"wallet": "points", "points": 55}],
                    }
                ],
                "balances": [
                    {
                        "wallet": "points",
                        "scale": 0,
                        "before": {"available": 1250, "spendable": 1250, "pending": 0, "debt": 0},
                        "after": {"available": 1295, "spendable": 1295, "pending": 0, "debt": 0},
                    }
                ],
                "till": [TILL_EXAMPLE],
                "rate": None,
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
                            "name": "50 points from 50 euros",
                            "condition": "min_total_minor",
                            "words": "the receipt's total is too low",
                        }
                    ],
                    "caps": [],
                    "rounding": [
                        {"wallet": "points", "mode": "floor", "exact": "45.1", "points": 45, "remainder": "0.1"}
                    ],
                },
            }
        }
    )

    programme: str
    at: datetime = Field(description="The instant that it was judged by.")
    outcome: Outcome = Field(description="What would become of it; `unclaimed` and `no_member` for a guest.")
    reason: str | None
    words: str = Field(description="The outcome in a sentence or two.")
    member_id: UUID | None = Field(description="Whose it would be; null for a guest.")
    tier: str | None
    points: tuple[QuotedPoints, ...] = Field(
        description="What it would bring; to a guest, once the receipt is claimed by whoever has no tier yet."
    )
    lines: tuple[QuotedLine, ...] = Field(description="Which line brings which points.")
    rest: tuple[WalletPoints, ...] = Field(description="Points that no line brings by itself, such as a fixed amount.")
    discounts: tuple[QuotedDiscount, ...]
    hints: tuple[HintView, ...] = Field(description="What is missing for more, the cheapest first, at most five.")
    balances: tuple[BalanceChange, ...] | None = Field(description="Null for a guest.")
    rate: RateUsed | None
    explanation: Explanation | None = Field(description="Null when no rule was asked.")
    till: tuple[TillText, ...] = Field(
        default=(), description="Short texts that wait for the member at the till: newest first, three at most."
    )
    cart: CartQuote | None = Field(default=None, description="Codes, points and gift cards; null when none were named.")
