"""What is asked of redemption about gift cards over HTTP, and what it answers; never on a topic."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

PATH = "/gift-cards"
"""Where redemption answers, on its web port."""
Operation = Literal["show", "issue", "use", "refund", "top_up", "transfer", "cash_out", "block", "unblock"]


class CardAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request of a caller who was let in.

    A card is named by its number, as typed, or by its id; so is the other one of a transfer. Amounts are minor units of
    the card's currency. `of_seq` names the payment that a refund undoes.
    """

    operation: Operation
    tenant_id: int
    credential: str
    key: bytes = b""
    fingerprint: bytes = b""
    programme_id: int | None = None
    member_id: UUID | None = None
    number: str | None = None
    card_id: UUID | None = None
    amount_minor: int | None = None
    currency: str | None = None
    law: str = "none"
    expires_at: datetime | None = None
    paid: bool = True
    goodwill: bool = False
    of_seq: int | None = None
    other_number: str | None = None
    other_card_id: UUID | None = None
    reference: str | None = None


read_card_ask = msgspec.json.Decoder(CardAsk).decode


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


_ENTRY: JsonDict = {
    "seq": 2,
    "kind": "use",
    "source": "card",
    "target": "spent",
    "amount_minor": 1990,
    "balance_minor": 3010,
    "at": "2024-03-02T10:00:00Z",
    "reference": "4711",
    "of_seq": None,
    "other_card_id": None,
}
_CARD: JsonDict = {
    "card_id": "3c9d0f7e-2b1a-5e6f-8c4d-9a7b6c5d4e3f",
    "number": None,
    "programme": "main",
    "currency": "EUR",
    "law": "DE",
    "law_version": 1,
    "state": "active",
    "initial_minor": 5000,
    "balance_minor": 3010,
    "member_id": None,
    "issued_at": "2024-03-01T09:00:00Z",
    "expires_at": None,
    "entry": _ENTRY,
}


class CardEntryView(_View):
    """A movement of a card's money."""

    model_config = ConfigDict(json_schema_extra={"example": _ENTRY})

    seq: int = Field(description="The card's number of it.")
    kind: Literal["issue", "top_up", "use", "refund", "transfer_out", "transfer_in", "cash_out", "expire"] = Field(
        description="What it was."
    )
    source: str = Field(description="The account that the money left.")
    target: str = Field(description="The account that it went to.")
    amount_minor: int = Field(description="How much, in minor units.")
    balance_minor: int = Field(description="What was on the card then.")
    at: datetime = Field(description="When.")
    reference: str | None = Field(description="What the caller called it.")
    of_seq: int | None = Field(description="Of a refund: the payment that it undoes.")
    other_card_id: UUID | None = Field(description="Of a transfer: the other card.")


class GiftCardView(_View):
    """A gift card as it stands, and the entry that the request made."""

    model_config = ConfigDict(json_schema_extra={"example": _CARD})

    card_id: UUID = Field(description="Names it.")
    number: str | None = Field(description="Its number, in the answer to whoever issues it; else null.")
    programme: str = Field(description="The programme.", examples=["main"])
    currency: str = Field(description="ISO 4217.")
    law: str = Field(description="The jurisdiction whose rules count.")
    law_version: int = Field(description="The version of the rules under which it was sold.")
    state: Literal["active", "blocked"] = Field(description="Whether it can be used.")
    initial_minor: int = Field(description="What was put on it first.")
    balance_minor: int = Field(description="What is on it.")
    member_id: UUID | None = Field(description="Whose it is, where that is known.")
    issued_at: datetime = Field(description="When it was issued.")
    expires_at: datetime | None = Field(description="When it lapses; null for never.")
    entry: CardEntryView | None = Field(default=None, description="What the request did.")
