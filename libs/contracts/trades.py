"""What is asked and told of a trade: points bought, exchanged, donated or lent; its request on a topic is an event."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

TradeOperation = Literal["buy", "exchange_in", "exchange_out", "donate", "lend"]
TRADES: frozenset[str] = frozenset({"buy", "exchange_in", "exchange_out", "donate", "lend"})
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
        description="What they stand for: money in minor units of `currency`, units of the other programme, or the "
        "points of a loan to be repaid.",
        examples=[1200],
    )
    currency: str | None = Field(description="The currency, where it is money.", examples=["EUR"])
    party: str | None = Field(description="The other programme, or the charity.")
    pool: str | None = Field(description="The charity's campaign that it went to.")
    payment: str | None = Field(description="How whoever took the money, or the other programme, calls it.")
    rate_points: int = Field(
        description="By the rate of so many points …; of a loan: of so many points of each later credit …",
        examples=[100],
    )
    rate_other: int = Field(description="… for so much; of a loan: … so many repay it.", examples=[120])
    programme_version: int = Field(description="The version of the programme whose rate it is.", examples=[4])
    lot: int | None = Field(description="The member's number of the lot that was opened; null where points left.")
    due_at: datetime | None = Field(default=None, description="Of a loan: when what is left of it is owed.")


class LoanQuote(BaseModel):
    """What a loan of points would be now; nothing is lent by it."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "example": {
                "member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11",
                "programme": "main",
                "wallet": "points",
                "points": 500,
                "fee": 25,
                "to_repay": 525,
                "repays_percent": 50,
                "due_at": "2024-06-20T22:00:00Z",
                "most": 2000,
                "lent": 0,
                "left": 1900,
                "possible": True,
                "reason": None,
                "detail": None,
            }
        },
    )

    member_id: UUID = Field(description="To whom.")
    programme: str = Field(description="The programme.", examples=["main"])
    wallet: str = Field(description="The wallet that they come into.", examples=["points"])
    points: int = Field(description="How many were asked about, in the wallet's minor unit.", examples=[500])
    fee: int = Field(description="What it costs, in points.", examples=[25])
    to_repay: int = Field(description="What would be repaid in all.", examples=[525])
    repays_percent: int = Field(description="So much of each later credit would repay it.", examples=[50])
    due_at: datetime = Field(description="When what is left would be owed; an earlier loan keeps its own day.")
    most: int = Field(description="How much may be lent at a time, fees included.", examples=[2000])
    lent: int = Field(description="How much is lent already, fees included.", examples=[0])
    left: int = Field(description="How many points may be lent now.", examples=[1900])
    possible: bool = Field(description="Whether so many would be lent.")
    reason: str | None = Field(description="Why not: `loan-limit`, `in-debt`, …")
    detail: str | None = Field(description="Why not, in words.")


def receipt_number(redemption_id: UUID, at: datetime) -> str:
    """The number of a donation's receipt: the year, and twelve characters that follow from its id."""
    return f"{at.year}-{redemption_id.hex[:12].upper()}"
