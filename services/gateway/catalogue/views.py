"""What is told of rewards, stock and wishes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.catalogue.standing import Now
from libs.contracts.orders import ORDER_EXAMPLE, OrderView, PriceView, ReasonView
from services.gateway.views import EXAMPLE_MEMBER, View

_PRICE: JsonDict = {"plan": "standard", "points": 300, "wallet": None, "money_minor": 0, "currency": None}
_OFFER: JsonDict = {
    "reference": "mug",
    "version": 1,
    "category": "home",
    "kind": "merchandise",
    "title": "A mug",
    "summary": "Of stoneware.",
    "text": "",
    "terms": "",
    "terms_version": "1",
    "media": [{"link": "https://shop.example/mug.jpg", "alt": "A blue mug", "form": "picture"}],
    "in_reach": False,
    "price": _PRICE,
    "prices": [_PRICE],
    "missing": 60,
    "reasons": [{"code": "insufficient-points", "text": "60 points are missing.", "figures": {"missing": 60}}],
    "left": 12,
    "wished": True,
    "score": 450,
    "because": ["It is on your wish list.", "You have nearly enough points."],
    "asks": {"type": "object", "properties": {"variant": {"type": "string"}}},
}
_DOCUMENT: JsonDict = {
    "reference": "mug",
    "category": "home",
    "what": {"kind": "merchandise", "article": "A-4711", "variants": ["blue", "white"]},
    "texts": {"en": {"title": "A mug", "summary": "Of stoneware."}},
    "stock": "global",
    "prices": [{"name": "standard", "points": 300}],
}
EXAMPLE_DOCUMENT: dict[str, Any] = dict(_DOCUMENT)
_KEPT: JsonDict = {
    "reward": _DOCUMENT,
    "version": 1,
    "author": "key 0123456789abcdef",
    "recorded_at": "2024-03-01T08:00:00Z",
}


class MediaView(View):
    """A picture, a film or a document."""

    link: str = Field(description="Where it is.")
    alt: str = Field(description="The same in words.")
    form: str = Field(description="`picture`, `film` or `document`.")


class OfferView(View):
    """A reward as it is to the member who asks; without a member, as it is to anybody."""

    model_config = ConfigDict(json_schema_extra={"example": _OFFER})

    reference: str = Field(description="Names it.")
    version: int = Field(description="Its version.")
    category: str = Field(description="Its category.")
    kind: str = Field(description="Which of the sixteen kinds it is.")
    title: str
    summary: str
    text: str
    terms: str = Field(description="The terms in the language that was asked for.")
    terms_version: str = Field(description="The version of the terms.")
    media: tuple[MediaView, ...]
    in_reach: bool | None = Field(description="Whether the member can have it now; null without a member.")
    price: PriceView | None = Field(description="What one piece costs this member.")
    prices: tuple[PriceView, ...] = Field(description="All prices there are, the cheapest first.")
    missing: int = Field(description="How many points are missing.")
    reasons: tuple[ReasonView, ...] = Field(description="Everything that bars it.")
    left: int | None = Field(description="How many pieces are left; null where that is not counted.")
    wished: bool = Field(description="Whether it is on the member's wish list.")
    score: int = Field(description="How high it stands in `sort=recommended`.")
    because: tuple[str, ...] = Field(description="Why it stands there.")
    asks: dict[str, Any] = Field(description="JSON Schema of the `answers` that an order of it needs.")


class OffersPage(View):
    """A page of rewards."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"data": [_OFFER], "categories": {"home": 1}, "next_cursor": None, "has_more": False}
        }
    )

    data: tuple[OfferView, ...]
    categories: dict[str, int] = Field(description="How many rewards each category has, whatever is filtered.")
    next_cursor: str | None
    has_more: bool


class RewardView(View):
    """A reward as it is kept, with who wrote this version, and when."""

    model_config = ConfigDict(json_schema_extra={"example": _KEPT})

    reward: dict[str, Any] = Field(description="The document: see /schemas/reward.schema.json.")
    version: int
    author: str
    recorded_at: datetime


class VersionsView(View):
    """The versions of a reward, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_KEPT]}})

    data: tuple[RewardView, ...]


class StockView(View):
    """How much of a reward there is in a store."""

    model_config = ConfigDict(json_schema_extra={"example": {"store": "", "free": 12, "reserved": 1}})

    store: str = Field(description="The store; empty for the stock of all together.")
    free: int = Field(description="Pieces that can be had.")
    reserved: int = Field(description="Pieces that are held.")


class StocksView(View):
    """How much of a reward there is."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"reference": "mug", "data": [{"store": "", "free": 12, "reserved": 1}]}}
    )

    reference: str
    data: tuple[StockView, ...]


class RowFault(View):
    """What is wrong with a row."""

    line: int = Field(description="The row: of CSV the line, of JSON the place in the list from 1.")
    pointer: str = Field(description="Where.")
    detail: str = Field(description="What is wrong.")


class ImportedView(View):
    """What came of an import."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rows": 3,
                "created": 1,
                "changed": 1,
                "unchanged": 0,
                "rejected": 1,
                "faults": [{"line": 3, "pointer": "/prices", "detail": "Field required"}],
                "dry_run": False,
            }
        }
    )

    rows: int
    created: int
    changed: int
    unchanged: int
    rejected: int
    faults: tuple[RowFault, ...]
    dry_run: bool


class OrderOnBoard(OrderView):
    """An order as who works on it sees it, with what the member said about themselves."""

    model_config = ConfigDict(json_schema_extra={"example": {**ORDER_EXAMPLE, "personal": {"address": "Hauptstr. 1"}}})

    personal: dict[str, Any] = Field(description="What was answered about the member, such as an address.")


class OrdersPage(View):
    """A page of orders, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [ORDER_EXAMPLE], "next_cursor": None, "has_more": False}}
    )

    data: tuple[OrderView, ...]
    next_cursor: str | None
    has_more: bool


class StatesImported(View):
    """What came of a supplier's states."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rows": 2,
                "advanced": 1,
                "rejected": 1,
                "faults": [{"line": 3, "pointer": "/state", "detail": "This state does not follow."}],
                "dry_run": False,
            }
        }
    )

    rows: int
    advanced: int
    rejected: int
    faults: tuple[RowFault, ...]
    dry_run: bool


_STANDING: JsonDict = {
    "reference": "song",
    "title": "A song",
    "at_points": 500,
    "repeats": True,
    "on": True,
    "asked_at": "2024-03-01T10:00:00Z",
    "done": 2,
    "order_id": "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50",
    "done_at": "2024-03-20T18:30:00Z",
    "barred": None,
    "barred_at": None,
    "now": "wait",
    "missing": 120,
    "reasons": [],
}


class StandingOrderView(View):
    """A member's word that so many points become a reward as soon as they are there, and what it would do now."""

    model_config = ConfigDict(json_schema_extra={"example": _STANDING})

    reference: str = Field(description="The reward.")
    title: str = Field(description="How the catalogue calls it.")
    at_points: int = Field(description="It is ordered once so many may be spent, and no fewer than it costs.")
    repeats: bool = Field(description="Whether it is ordered each time, or once.")
    on: bool = Field(description="Whether it is switched on.")
    asked_at: datetime = Field(description="When it was switched on or off last.")
    done: int = Field(description="How often it has ordered.")
    order_id: UUID | None = Field(description="The last order.")
    done_at: datetime | None = Field(description="When that was.")
    barred: str | None = Field(description="Why it could not be done when it was tried last: `reward-sold-out`, …")
    barred_at: datetime | None = Field(description="Since when that is so.")
    now: Now = Field(
        description="What it would do now if it were on: redeem, wait for points, or nothing, for the reasons told."
    )
    missing: int = Field(description="How many points are missing.")
    reasons: tuple[ReasonView, ...] = Field(description="What bars it now.")


class StandingOrdersView(View):
    """A member's standing orders."""

    model_config = ConfigDict(json_schema_extra={"example": {"member_id": EXAMPLE_MEMBER, "data": [_STANDING]}})

    member_id: UUID
    data: tuple[StandingOrderView, ...]


class WishesView(View):
    """What a member wishes for, as it is offered."""

    model_config = ConfigDict(json_schema_extra={"example": {"member_id": EXAMPLE_MEMBER, "data": [_OFFER]}})

    member_id: str
    data: tuple[OfferView, ...]
