"""What the gateway asks of redemption over HTTP, and what it is answered; never on a topic."""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from libs.contracts.orders import OrderAsk, OrderView, PriceView, ReasonView
from libs.contracts.trades import TradeAsk, TradeOperation, TradeView

PATH = "/redemptions"
"""Where redemption answers, on its web port."""
Operation = (
    Literal["quote", "redeem", "hold", "extend", "commit", "release", "cancel", "advance", "grant"] | TradeOperation
)
Doer = Literal["member", "operator", "partner"]
State = Literal["held", "released", "expired", "redeemed", "cancelled"]


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One request of a caller whom the gateway has let in.

    What begins names programme and member, what follows names the redemption. `credential`, `key` and `fingerprint` are
    the caller's key, the digest of its Idempotency-Key and that of the request; a quote has no use for the last two.
    With an `order` it is about a reward: `points` then are those paid for each piece, where the price slides.
    With `bill_minor` points pay a bill, in the currency's minor unit; `returned_minor` is how much of one came back.
    With a `trade` points are not spent but traded; what is quoted with one is a loan. With `household` they are spent
    out of what the member's household shares.
    """

    operation: Operation
    tenant_id: int
    credential: str
    key: bytes = b""
    fingerprint: bytes = b""
    programme_id: int | None = None
    member_id: UUID | None = None
    redemption_id: UUID | None = None
    points: int | None = None
    wallet: str | None = None
    reference: str | None = None
    by: Doer = "member"
    order: OrderAsk | None = None
    language: str = "en"
    bill_minor: int | None = None
    currency: str | None = None
    partial: bool = False
    returned_minor: int | None = None
    trade: TradeAsk | None = None
    household: bool = False


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of it: a body for the caller, or the code of a refusal. `replayed` when it was answered before."""

    body: msgspec.Raw = msgspec.Raw(b"null")
    made: bool = False
    replayed: bool = False
    refused: str | None = None
    detail: str | None = None


read_ask = msgspec.json.Decoder(Ask).decode
read_answer = msgspec.json.Decoder(Answer).decode
write = msgspec.json.Encoder().encode


def read_body(answer: Answer) -> Any:
    """What an answer tells, as JSON has it."""
    return msgspec.json.decode(answer.body)


def door_token(seal_key: bytes) -> str:
    """The word by which redemption knows the gateway: both derive it from the seal key of the installation."""
    return hmac.new(seal_key, b"pointstream redemption door", sha256).hexdigest()


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class RedeemedLot(_View):
    """The part of a redemption that lies on one lot."""

    lot: int = Field(description="Its owner's number of the lot.")
    wallet: str = Field(description="Name of its wallet.")
    points: int = Field(description="How many of its points, in the wallet's minor unit.")
    restored: int = Field(description="How many of these came back.")
    earned_at: datetime = Field(description="When they were earned.")
    expires_at: datetime | None = Field(description="When what is there of the lot lapses; null for never.")
    owner_id: UUID | None = Field(
        default=None, description="Whose lot it is, where it is another member's of the household."
    )


Tax = Literal["payment", "discount"]
_BILL_EXAMPLE: JsonDict = {
    "currency": "EUR",
    "amount_minor": 2500,
    "paid_minor": 1500,
    "rest_minor": 1000,
    "rate_points": 10,
    "rate_minor": 100,
    "tax": "payment",
    "returned_minor": 0,
}


class BillView(_View):
    """What points pay of a bill."""

    model_config = ConfigDict(json_schema_extra={"example": _BILL_EXAMPLE})

    currency: str = Field(description="The currency of the amounts.", examples=["EUR"])
    amount_minor: int = Field(description="The whole bill, in the currency's minor unit.", examples=[2500])
    paid_minor: int = Field(description="How much of it the points pay.", examples=[1500])
    rest_minor: int = Field(description="What is left to be paid otherwise.", examples=[1000])
    rate_points: int = Field(description="By the rate of so many points …", examples=[10])
    rate_minor: int = Field(description="… for so much.", examples=[100])
    tax: Tax = Field(
        description="What points are for the tax on the bill: a `payment` leaves it as it is, a `discount` lessens it."
    )
    returned_minor: int = Field(description="How much of the bill came back since.", examples=[0])


_LOT_EXAMPLE: JsonDict = {
    "lot": 3,
    "wallet": "points",
    "points": 150,
    "restored": 0,
    "earned_at": "2024-02-10T09:30:00Z",
    "expires_at": "2024-03-31T22:00:00Z",
}
_VIEW_EXAMPLE: JsonDict = {
    "redemption_id": "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50",
    "member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11",
    "programme": "main",
    "state": "held",
    "points": 150,
    "restored": 0,
    "hold_until": "2024-03-02T10:15:00Z",
    "extended": False,
    "reference": "till-7/4711",
    "asked_at": "2024-03-02T10:00:00Z",
    "changed_at": "2024-03-02T10:00:00Z",
    "lots": [_LOT_EXAMPLE],
}


class RedemptionView(_View):
    """Points that a member holds for a reward, or gave for one."""

    model_config = ConfigDict(json_schema_extra={"example": _VIEW_EXAMPLE})

    redemption_id: UUID = Field(description="Names it.")
    member_id: UUID = Field(description="Whose points.")
    programme: str = Field(description="The programme.", examples=["main"])
    state: State = Field(
        description="`held`, then `redeemed`, `released` or `expired`; `cancelled` once all came back."
    )
    points: int = Field(description="How many are held, or were redeemed.", examples=[150])
    restored: int = Field(description="How many of them came back.", examples=[0])
    hold_until: datetime | None = Field(description="When a hold ends by itself.")
    extended: bool = Field(description="Whether its end was put off; that is possible once.")
    reference: str | None = Field(description="What the caller calls it.", examples=["till-7/4711"])
    asked_at: datetime = Field(description="When it began.")
    changed_at: datetime = Field(description="When it changed last.")
    lots: tuple[RedeemedLot, ...] = Field(description="Which lots the points were taken from, in this order.")
    bill: BillView | None = Field(default=None, description="What the points pay, where they pay a bill.")
    lapsed: int | None = Field(
        default=None,
        description="Of the points that came back by this request: how many lapsed at once.",
    )
    order: OrderView | None = Field(default=None, description="The order, where they are for a reward.")
    trade: TradeView | None = Field(default=None, description="The trade, where points were traded.")


class RedemptionQuote(_View):
    """What a redemption would take now; nothing is held by it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11",
                "programme": "main",
                "points": 150,
                "possible": True,
                "reason": None,
                "spendable": 420,
                "lots": [_LOT_EXAMPLE],
            }
        }
    )

    member_id: UUID = Field(description="Whose points.")
    programme: str = Field(description="The programme.", examples=["main"])
    points: int = Field(description="How many were asked for, or would pay the bill.", examples=[150])
    possible: bool = Field(description="Whether so many can be redeemed.")
    reason: str | None = Field(
        description="Why not: `insufficient-points`, `in-debt`, …; of a reward the first reason."
    )
    spendable: int = Field(description="How many can be redeemed.")
    bill: BillView | None = Field(default=None, description="What they would pay, where a bill was asked about.")
    lots: tuple[RedeemedLot, ...] = Field(description="Which lots they would be taken from, in this order.")
    price: PriceView | None = Field(default=None, description="Of a reward: its price for all pieces.")
    prices: tuple[PriceView, ...] = Field(default=(), description="Of a reward: all prices there are, cheapest first.")
    reasons: tuple[ReasonView, ...] = Field(default=(), description="Of a reward: everything that bars it.")
