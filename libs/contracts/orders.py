"""What a caller is told of an order of a reward, and what the gateway asks with one; never on a topic."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict


class OrderAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a request says of a reward: which and how many for a new order, else how many pieces, or the next state."""

    reward: str | None = None
    quantity: int | None = None
    store: str | None = None
    channel: str | None = None
    partner: str | None = None
    country: str | None = None
    plan: str | None = None
    answers: dict[str, Any] = {}
    state: str | None = None
    note: str | None = None
    tracking: str | None = None
    campaign: str | None = None
    cause: str | None = None


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class UsableView(_View):
    """Something that the member can use."""

    shape: Literal["code", "link", "status", "thanks"] = Field(description="What it is.")
    value: str = Field(description="The code, the link or the words.", examples=["DG-7KQM-2XWA-94TN-PRB3"])
    valid_until: date | None = Field(description="The last day on which it is valid; null for ever.")
    code_id: UUID | None = Field(
        default=None,
        description="Of a code from a pool: its id. Its text is in the answer to whoever ordered, and at "
        "`/v1/members/{id}/codes`; else `value` is empty.",
    )


class StepView(_View):
    """Something that happened to an order."""

    number: int = Field(description="Counts from 1.")
    state: str = Field(description="The state that it brought.", examples=["shipped"])
    at: datetime = Field(description="When.")
    by: str = Field(description="Whose doing: `member`, `operator` or `partner`.", examples=["partner"])
    note: str | None = Field(description="What was said with it.")
    tracking: str | None = Field(description="By which the parcel is found.", examples=["DE-4711-0815"])


ORDER_EXAMPLE: JsonDict = {
    "order_id": "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50",
    "member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11",
    "reference": "mug",
    "version": 1,
    "kind": "merchandise",
    "category": "home",
    "state": "shipped",
    "next": ["delivered", "returned", "failed"],
    "quantity": 1,
    "cancelled": 0,
    "plan": "standard",
    "points": 300,
    "wallet": None,
    "money_minor": 0,
    "currency": None,
    "points_back": 0,
    "money_back": 0,
    "store": None,
    "channel": "app",
    "starts_on": None,
    "answers": {"variant": "blue"},
    "usable": [],
    "campaign": None,
    "asked_at": "2024-03-02T10:00:00Z",
    "ordered_at": "2024-03-02T10:00:00Z",
    "changed_at": "2024-03-04T08:00:00Z",
    "steps": [
        {
            "number": 1,
            "state": "ordered",
            "at": "2024-03-02T10:00:00Z",
            "by": "member",
            "note": None,
            "tracking": None,
        }
    ],
}


class OrderView(_View):
    """An order of a reward: what was asked for, what it costs, and how far it is."""

    model_config = ConfigDict(json_schema_extra={"example": ORDER_EXAMPLE})

    order_id: UUID = Field(description="Names it; the redemption of its points goes by the same id.")
    member_id: UUID = Field(description="Whose it is.")
    reference: str = Field(description="The reward.", examples=["mug"])
    version: int = Field(description="The version of the reward that it was ordered by.")
    kind: str = Field(description="Its kind.", examples=["merchandise"])
    category: str = Field(description="Its category.", examples=["home"])
    state: str = Field(description="How far it is.", examples=["shipped"])
    next: tuple[str, ...] = Field(description="The states that may follow, beside `cancelled`.")
    quantity: int = Field(description="How many pieces were asked for.")
    cancelled: int = Field(description="How many of them were given up.")
    plan: str = Field(description="The price plan that it was ordered by.")
    points: int = Field(description="The price of all pieces in points.")
    wallet: str | None = Field(description="The wallet of the price; null: all that count in the first one's unit.")
    money_minor: int = Field(description="What is paid in money beside, in minor units.")
    currency: str | None = Field(description="The money's currency.")
    points_back: int = Field(description="How many points came back.")
    money_back: int = Field(description="How much money is to be paid back.")
    store: str | None = Field(description="Where it was asked for.")
    channel: str | None = Field(description="Through which channel.")
    starts_on: date | None = Field(description="The day on which it takes place, if it does on one.")
    answers: dict[str, Any] = Field(description="What was said with it; personal answers are told by the board alone.")
    usable: tuple[UsableView, ...] = Field(description="What the member can use.")
    campaign: str | None = Field(description="The campaign that granted it.")
    asked_at: datetime = Field(description="When it was asked for.")
    ordered_at: datetime | None = Field(description="When it was ordered, if it was.")
    changed_at: datetime = Field(description="When it changed last.")
    steps: tuple[StepView, ...] = Field(description="What happened to it, step by step.")


class PriceView(_View):
    """A price of a reward."""

    plan: str = Field(description="Its price plan.", examples=["standard"])
    points: int = Field(description="Points, in the wallet's minor unit.", examples=[300])
    wallet: str | None = Field(description="From this wallet; null: from all that count in the first one's unit.")
    money_minor: int = Field(description="Money beside, in minor units.", examples=[0])
    currency: str | None = Field(description="The money's currency.")


class ReasonView(_View):
    """Why a reward can't be had."""

    code: str = Field(description="Names the reason.", examples=["insufficient-points"])
    text: str = Field(description="The same in words.", examples=["60 points are missing."])
    figures: dict[str, int] = Field(description="Its figures.", examples=[{"missing": 60}])
