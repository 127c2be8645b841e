"""What the API answers about games, badges, and what members have of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.contracts.games import GAME_EXAMPLE, BadgeView, GameView, TicketsView
from services.gateway.views import EXAMPLE_MEMBER, View


def _example(model: Any) -> JsonDict:
    found: JsonDict = model.model_json_schema()["example"]
    return found


class GamesView(View):
    """Games."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [GAME_EXAMPLE]}})

    data: tuple[GameView, ...]


class BadgesView(View):
    """Badges."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_example(BadgeView)]}})

    data: tuple[BadgeView, ...]


class WinView(View):
    """Something that was won."""

    game: str = Field(description="The game.")
    kind: Literal["lottery", "wheel", "auction"] = Field(description="What it is.")
    number: int = Field(description="The ticket or spin that won.")
    prize: str | None = Field(description="What the game calls it; null for a substitute.")
    title: str = Field(description="It in words.")
    at: datetime = Field(description="When.")


class MemberBidView(View):
    """A bid of a member."""

    bid_id: UUID = Field(description="Names it.")
    game: str = Field(description="The auction.")
    points: int = Field(description="How much.")
    state: Literal["best", "outbid", "won", "lost"] = Field(description="What became of it.")
    at: datetime = Field(description="When it was taken.")
    closes_at: datetime = Field(description="When the auction ends, as it stands.")


class MemberGamesView(View):
    """What a member has of games."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "tickets": [_example(TicketsView)],
                "wins": [
                    {
                        "game": "summer",
                        "kind": "lottery",
                        "number": 19,
                        "prize": "bicycle",
                        "title": "A bicycle",
                        "at": "2024-07-01T00:00:00Z",
                    }
                ],
                "bids": [
                    {
                        "bid_id": "2c1d7e5a-9b3f-5a60-8d11-7e6f5a4b3c2d",
                        "game": "helmet",
                        "points": 1200,
                        "state": "best",
                        "at": "2024-06-20T10:00:00Z",
                        "closes_at": "2024-06-20T10:05:00Z",
                    }
                ],
            }
        }
    )

    member_id: UUID
    programme: str
    tickets: tuple[TicketsView, ...] = Field(description="Tickets, the last first; of a wheel they are free spins.")
    wins: tuple[WinView, ...] = Field(description="What was won, the last first.")
    bids: tuple[MemberBidView, ...] = Field(description="Bids, the last first.")


class MemberBadgeView(View):
    """A badge of a member, and how far the next level is."""

    badge: str = Field(description="What the programme calls it.")
    title: str = Field(description="It in words.")
    picture: str | None = Field(description="Where its picture is.")
    times: int = Field(description="How often it was given.")
    level: str | None = Field(description="The level that this comes to.")
    next_level: str | None = Field(description="The level above it.")
    missing: int = Field(description="How often it is to be given until then; 0 where there is none above.")
    first_at: datetime = Field(description="When it was given first.")
    last_at: datetime = Field(description="When it was given last.")


class MemberBadgesView(View):
    """The badges of a member."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "data": [
                    {
                        "badge": "barista",
                        "title": "Barista",
                        "picture": None,
                        "times": 6,
                        "level": "silver",
                        "next_level": "gold",
                        "missing": 4,
                        "first_at": "2024-02-01T10:00:00Z",
                        "last_at": "2024-06-20T10:00:00Z",
                    }
                ],
            }
        }
    )

    member_id: UUID
    programme: str
    data: tuple[MemberBadgeView, ...]
