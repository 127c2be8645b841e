"""What the API answers about receipts that wait, and about exchange rates."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from services.gateway.views import Page, ReceiptReference, View


class WaitingReceipt(View):
    """A receipt that waits for somebody or something."""

    programme: str
    number: str = Field(description="As printed on the receipt.")
    store: str | None = Field(description="Null where it is not kept with what waits; the receipt tells it.")
    reason: str = Field(description="Why it waits.", examples=["no-exchange-rate", "period-closed", "unclaimed"])
    words: str = Field(description="The same in words.")
    way_on: str = Field(description="What can be done about it.")
    member_id: UUID | None
    currency: str | None
    occurred_at: datetime
    recorded_at: datetime = Field(description="Since when it waits.")
    receipt: ReceiptReference | None = Field(description="Where it is told whole; null when that is kept no longer.")


class ParkedPage(Page[WaitingReceipt]):
    """A page of receipts that wait."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [
                    {
                        "programme": "main",
                        "number": "000123",
                        "store": "12",
                        "reason": "no-exchange-rate",
                        "words": "It is in another currency than the programme, and no rate is known.",
                        "way_on": "Record a rate that was valid at the receipt's time, and let it be tried again.",
                        "member_id": None,
                        "currency": "CHF",
                        "occurred_at": "2024-03-01T17:31:09Z",
                        "recorded_at": "2024-03-01T17:31:10Z",
                        "receipt": {
                            "kind": "purchase.completed",
                            "source": "/acme/pos/12/3",
                            "id": "R-1",
                            "number": "000123",
                            "href": "/v1/receipts/acme/pos/12/3/R-1",
                        },
                    }
                ],
                "next_cursor": None,
                "has_more": False,
            }
        }
    )


class RateView(View):
    """A version of an exchange rate."""

    programme: str
    currency: str = Field(description="What is converted.", examples=["CHF"])
    into: str = Field(description="The programme's own currency.", examples=["EUR"])
    version: int = Field(description="A correction is a new version; of several the highest counts.")
    rate: str = Field(description="What one unit is worth, exact.", examples=["1.0525"])
    rate_e9: int = Field(description="The same times 1,000,000,000.")
    valid_from: datetime
    recorded_at: datetime


class RatesPage(Page[RateView]):
    """A page of exchange rates, by currency, the newest version first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [
                    {
                        "programme": "main",
                        "currency": "CHF",
                        "into": "EUR",
                        "version": 2,
                        "rate": "1.0525",
                        "rate_e9": 1052500000,
                        "valid_from": "2024-03-01T00:00:00Z",
                        "recorded_at": "2024-02-29T16:00:00Z",
                    }
                ],
                "next_cursor": None,
                "has_more": False,
            }
        }
    )
