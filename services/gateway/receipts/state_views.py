"""What the API answers about a receipt number: the purchase, what came of it, and what is left."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from libs.promotions.pages import Outcome
from services.gateway.members.fact_views import ReceiptFacts
from services.gateway.views import EXAMPLE_MEMBER, View

State = Literal["stands", "partly_returned", "returned", "voided", "awaited"]


class WalletOfReceipt(View):
    """What a receipt did to one wallet of its member."""

    wallet: str
    credited: int
    reversed: int = Field(description="Taken back since.")
    forgiven: int = Field(description="Would have been taken back, but was given up.")
    lapsed: int = Field(description="Would have been taken back, but had lapsed.")
    short: int = Field(description="Is to be taken back, and waits for an operator's word.")
    left: int = Field(description="What the member has of it, spent or not.")


class WaitsFor(View):
    """Why a receipt waits."""

    reason: str
    words: str
    way_on: str


class ReceiptEvent(View):
    """Something that was said under the receipt's number."""

    kind: str = Field(examples=["purchase.completed", "purchase.returned"])
    source: str
    id: str
    occurred_at: datetime
    arrived_at: datetime
    outcome: Outcome
    words: str
    credited: int = Field(description="Points that it brought, over all wallets.")
    reversed: int = Field(description="Points that it took back, over all wallets.")
    href: str = Field(description="Where its decision is explained.")


class ReceiptState(View):
    """What stands under a receipt number."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "number": "000123",
                "store": "12",
                "programme": "main",
                "member_id": EXAMPLE_MEMBER,
                "state": "partly_returned",
                "words": "Part of the purchase came back. 45 points credited, 30 taken back, 15 left.",
                "waits_for": None,
                "content": None,
                "remaining": None,
                "wallets": [
                    {
                        "wallet": "points",
                        "credited": 45,
                        "reversed": 30,
                        "forgiven": 0,
                        "lapsed": 0,
                        "short": 0,
                        "left": 15,
                    }
                ],
                "events": [
                    {
                        "kind": "purchase.returned",
                        "source": "/acme/pos/12/3",
                        "id": "B-1",
                        "occurred_at": "2024-03-02T09:00:00Z",
                        "arrived_at": "2024-03-02T09:00:01Z",
                        "outcome": "reversed",
                        "words": "30 points were taken back.",
                        "credited": 0,
                        "reversed": 30,
                        "href": "/v1/receipts/acme/pos/12/3/B-1",
                    }
                ],
            }
        }
    )

    number: str
    store: str | None
    programme: str
    member_id: UUID | None
    state: State = Field(description="`awaited`: something was said of it, but its purchase has not arrived.")
    words: str = Field(description="The state in a sentence or two.")
    waits_for: WaitsFor | None = Field(description="Why it waits; null when it does not.")
    content: ReceiptFacts | None = Field(description="The purchase that counts, corrections included.")
    remaining: ReceiptFacts | None = Field(description="What is left of it; null when nothing is.")
    wallets: tuple[WalletOfReceipt, ...]
    events: tuple[ReceiptEvent, ...] = Field(description="All that was said, by its own time.")
