"""What the API answers about pools, codes of members and the money on gift cards."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field, RootModel
from pydantic.config import JsonDict

from libs.contracts.codes import CodeUseView, CodeView
from libs.contracts.gift_cards import CardEntryView, GiftCardView
from services.gateway.views import View

_POOL: JsonDict = {
    "name": "spring",
    "programme": "main",
    "kind": "coupon",
    "generated": True,
    "rules": {"uses": 1, "currency": "EUR", "benefit": {"amount_minor": 500}},
    "revision": 1,
    "paused": False,
    "codes": 1000,
    "counts": {"created": 400, "assigned": 250, "published": 200, "redeemed": 149, "void": 1},
    "available": True,
    "created_at": "2024-02-20T09:00:00Z",
    "changed_at": "2024-03-01T09:00:00Z",
}


def _page_of(one: JsonDict) -> ConfigDict:
    return ConfigDict(frozen=True, json_schema_extra={"example": {"data": [one]}})


def _example(model: Any) -> JsonDict:
    found: JsonDict = model.model_json_schema()["example"]
    return found


class PoolView(View):
    """A pool of codes."""

    model_config = ConfigDict(json_schema_extra={"example": _POOL})

    name: str = Field(description="Its name.")
    programme: str = Field(description="The programme.")
    kind: Literal["coupon", "voucher"] = Field(description="What its codes are.")
    generated: bool = Field(description="Whether its codes are generated; else they were brought along.")
    rules: dict[str, Any] = Field(description="When they count, and what they take off.")
    revision: int = Field(description="How often that was said.")
    paused: bool = Field(description="Whether its codes are stopped for now.")
    codes: int = Field(description="How many were ever put in.")
    counts: dict[str, int] = Field(description="How many are in which state.")
    available: bool = Field(description="Whether there is one to hand out.")
    created_at: datetime
    changed_at: datetime


class PoolsView(View):
    """All pools of the company, by name."""

    model_config = _page_of(_POOL)

    data: tuple[PoolView, ...]


class CodeDetail(CodeView):
    """A code with what became of it, the last first."""

    model_config = ConfigDict(
        frozen=True, json_schema_extra={"example": {**_example(CodeView), "redemptions": [_example(CodeUseView)]}}
    )

    redemptions: tuple[CodeUseView, ...] = Field(description="Its redemptions, 100 at most.")


class MemberCodes(View):
    """The codes of a member, with their texts, the last first."""

    model_config = _page_of({**_example(CodeView), "code": "SPRING-3F7K-9QRT-XCW4-H"})

    data: tuple[CodeView, ...]


class MemberCards(View):
    """The gift cards of a member, the newest first."""

    model_config = _page_of({**_example(GiftCardView), "entry": None})

    data: tuple[GiftCardView, ...]


class Statement(View):
    """What happened to a card's money, the last first."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_example(CardEntryView)], "next_below": None}})

    data: tuple[CardEntryView, ...]
    next_below: int | None = Field(description="Give it as `below` for what came before; null where that is all.")


class CardLiability(View):
    """What is on cards of a programme, currency and law. What came in equals what is there and what went."""

    programme: str
    currency: str = Field(description="ISO 4217; all amounts are its minor units.")
    law: str = Field(description="The jurisdiction.")
    cards: int = Field(description="How many cards had been issued.")
    outstanding_minor: int = Field(description="What was on them.")
    sold_minor: int = Field(description="What somebody had paid for.")
    granted_minor: int = Field(description="What had been given away.")
    spent_minor: int = Field(description="What they had paid for, less what went back.")
    transferred_minor: int = Field(description="What had gone to cards under another law.")
    cashed_out_minor: int = Field(description="What had been paid out.")
    expired_minor: int = Field(description="What had lapsed.")


class CardLiabilities(View):
    """What is owed on gift cards, apart from points."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "at": "2024-03-31T22:00:00Z",
                "data": [
                    {
                        "programme": "main", "currency": "EUR", "law": "DE", "cards": 12, "outstanding_minor": 34500,
                        "sold_minor": 60000, "granted_minor": 1500, "spent_minor": 27000, "transferred_minor": 0,
                        "cashed_out_minor": 0, "expired_minor": 0,
                    }
                ],
            }
        }
    )  # fmt: skip

    at: datetime
    data: tuple[CardLiability, ...]


class WalletPass(RootModel[dict[str, Any]]):
    """The data of a pass in the form of its wallet, to be signed by whoever issues it."""

    model_config = ConfigDict(json_schema_extra={"example": {"formatVersion": 1, "serialNumber": "5b1c0a52"}})
