"""What the API answers about a member's shopping."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from services.gateway.views import EXAMPLE_MEMBER, View


class BasketValues(View):
    """What purchases in one currency were worth, returns left out; in its minor units."""

    currency: str = Field(examples=["EUR"])
    purchases: int
    total_minor: int
    mean_minor: int = Field(description="Rounded half up.")
    median_minor: int = Field(description="Of an even number the mean of the two in the middle, rounded half up.")
    largest_minor: int


class MonthOfPurchases(View):
    """A calendar month in the programme's zone."""

    month: str = Field(examples=["2024-02"])
    purchases: int


class Frequency(View):
    """How often the member buys."""

    purchases: int
    by_month: tuple[MonthOfPurchases, ...] = Field(description="Every month of the span, oldest first.")
    a_month: float | None = Field(description="Purchases a month over the span; null when it was cut.")
    days_between: float | None = Field(description="Mean days from one purchase to the next; null below two.")
    last_at: datetime | None


class Product(View):
    """A product that the member bought."""

    sku: str
    category: str | None
    brand: str | None
    purchases: int = Field(description="On how many receipts it stands.")
    quantity: int = Field(description="Pieces, or whatever the shop counts it in.")
    amount_minor: dict[str, int] = Field(description="What was paid for it, by currency, in minor units.")


class ShoppingView(View):
    """What and how a member buys, as far as their receipts tell."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "since": "2023-03-02T10:00:00Z",
                "until": "2024-03-02T10:00:00Z",
                "cut": False,
                "baskets": [
                    {
                        "currency": "EUR",
                        "purchases": 2,
                        "total_minor": 6510,
                        "mean_minor": 3255,
                        "median_minor": 3255,
                        "largest_minor": 4510,
                    }
                ],
                "frequency": {
                    "purchases": 2,
                    "by_month": [{"month": "2024-02", "purchases": 1}, {"month": "2024-03", "purchases": 1}],
                    "a_month": 0.2,
                    "days_between": 20.0,
                    "last_at": "2024-03-01T17:31:09Z",
                },
                "most_often": [
                    {
                        "sku": "coffee-500g",
                        "category": "GROCERY",
                        "brand": None,
                        "purchases": 2,
                        "quantity": 3,
                        "amount_minor": {"EUR": 2697},
                    }
                ],
                "most_pieces": [],
            }
        }
    )

    member_id: UUID
    programme: str
    since: datetime
    until: datetime
    cut: bool = Field(description="Whether only the newest receipts were looked at, because there are too many.")
    baskets: tuple[BasketValues, ...] = Field(description="One for each currency.")
    frequency: Frequency
    most_often: tuple[Product, ...] = Field(description="Products on the most receipts, at most 20.")
    most_pieces: tuple[Product, ...] = Field(description="Products of the greatest quantity, at most 20.")
