"""What is asked and told of a trade: points bought, exchanged or donated; its request on a topic is an event."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

TradeOperation = Literal["buy", "exchange_in", "exchange_out", "donate"]
TRADES: frozenset[str] = frozenset({"buy", "exchange_in", "exchange_out", "donate"})
"""The operations that begin a trade."""


class TradeAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a request says of a trade, beside its points: with whom, and what was paid for them.

    `units` are those of the other programme, `paid_minor` money in the programme's currency, `payment` how whoever took
    it calls it.
    """

    partner: str | None = None
    units: int | None = None
    charity: str | None = None
    pool: str | None = None
    paid_minor: int | None = None
    payment: str | None = None


TRADE_EXAMPLE: JsonDict = {
    "kind": "buy",
    "wallet": "points",
    "points": 1000,
    "other": 1200,
    "currency": "EUR",
    "party": None,
    "pool": None,
    "payment": "psp-8812",
    "rate_points": 100,
    "rate_other": 120,
    "programme_version": 4,
    "lot": 17,
}


class TradeView(BaseModel):
    """What points were traded for, and by which rate."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": TRADE_EXAMPLE})

    kind: TradeOperation = Field(description="What was done.")
    wallet: str = Field(description="The wallet that they came into or left.", examples=["points"])
    points: int = Field(description="How many points came or went.", examples=[1000])
    other: int = Field(
        description="What they stand for: money in minor units of `currency`, or units of the other programme.",
        examples=[1200],
    )
    currency: str | None = Field(description="The currency, where it is money.", examples=["EUR"])
    party: str | None = Field(description="The other programme, or the charity.")
    pool: str | None = Field(description="The charity's campaign that it went to.")
    payment: str | None = Field(description="How whoever took the money, or the other programme, calls it.")
    rate_points: int = Field(description="By the rate of so many points …", examples=[100])
    rate_other: int = Field(description="… for so much.", examples=[120])
    programme_version: int = Field(description="The version of the programme whose rate it is.", examples=[4])
    lot: int | None = Field(description="The member's number of the lot that was opened; null where points left.")


def receipt_number(redemption_id: UUID, at: datetime) -> str:
    """The number of a donation's receipt: the year, and twelve characters that follow from its id."""
    return f"{at.year}-{redemption_id.hex[:12].upper()}"
