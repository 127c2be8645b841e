"""What is asked of redemption about games and badges over HTTP, and what it answers; never on a topic."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

PATH = "/games"
"""Where redemption answers, on its web port."""
Operation = Literal["put", "open", "end", "buy", "spin", "bid", "put_badge", "give_badge"]
Kind = Literal["lottery", "wheel", "auction"]
State = Literal["draft", "open", "ended"]


class GameAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request of a caller who was let in.

    A game or badge is named by `name` in its programme; `document` is what it is to say, in place of `version` (0: it
    is new). `points` are those of a bid, `word` is what a member adds to chance. `credential`, `key` and `fingerprint`
    are as for redemptions.
    """

    operation: Operation
    tenant_id: int
    credential: str
    programme_id: int
    name: str
    key: bytes = b""
    fingerprint: bytes = b""
    member_id: UUID | None = None
    document: dict[str, Any] | None = None
    version: int | None = None
    quantity: int = 1
    points: int | None = None
    word: str = ""


read_game_ask = msgspec.json.Decoder(GameAsk).decode


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


_GAME_ID = "6a0f7c1d-2b3e-5c4d-8e9f-0a1b2c3d4e5f"
_MEMBER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"
_TICKET = "2c1d7e5a-9b3f-5a60-8d11-7e6f5a4b3c2d"
_HASH = "a3" * 32
GAME_EXAMPLE: JsonDict = {
    "game_id": _GAME_ID,
    "name": "summer",
    "programme": "main",
    "kind": "lottery",
    "version": 2,
    "state": "open",
    "opens_at": "2024-06-01T00:00:00Z",
    "closes_at": "2024-07-01T00:00:00Z",
    "commitment": _HASH,
    "seed": None,
    "entries_digest": None,
    "tickets": 240,
    "spins": 0,
    "best": None,
    "least": None,
    "left": {},
    "ended_at": None,
    "changed_at": "2024-06-20T10:00:00Z",
    "document": {
        "kind": "lottery",
        "texts": {"en": {"title": "Summer lottery"}, "de": {"title": "Sommerlotterie"}},
        "opens_at": "2024-06-01T00:00:00Z",
        "closes_at": "2024-07-01T00:00:00Z",
        "ticket": 100,
        "prizes": [{"name": "bicycle", "reward": "bicycle"}, {"name": "points", "pieces": 10, "points": 500}],
    },
}


class GameView(_View):
    """A game as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": GAME_EXAMPLE})

    game_id: UUID = Field(description="Names it.")
    name: str = Field(description="What the programme calls it.")
    programme: str = Field(description="The programme.", examples=["main"])
    kind: Kind = Field(description="What it is.")
    version: int = Field(description="Counts its changes; once it is open there are none.")
    state: State = Field(description="A draft is not played yet; what has ended was drawn.")
    opens_at: datetime = Field(description="From when it is played.")
    closes_at: datetime = Field(description="Until when; late bids move it.")
    commitment: str | None = Field(description="SHA-256 of the seed, in hex, since it opened; null for an auction.")
    seed: str | None = Field(description="The seed, in hex, once it has ended.")
    entries_digest: str | None = Field(description="What stands for the entries of a lottery that was drawn.")
    tickets: int = Field(description="How many tickets there ever were.")
    spins: int = Field(description="How often it was spun.")
    best: int | None = Field(description="The best bid, in points.")
    least: int | None = Field(description="What a bid must be at least, while the auction is open.")
    left: dict[str, int] = Field(description="How many pieces are left of prizes of a wheel that run out.")
    ended_at: datetime | None = Field(description="When it was drawn.")
    changed_at: datetime = Field(description="When it changed last.")
    document: dict[str, Any] = Field(description="What can be won, by whom, at which price.")


class TicketsView(_View):
    """Tickets of a member with consecutive numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "ticket_id": _TICKET,
                "game": "summer",
                "member_id": _MEMBER,
                "first": 17,
                "count": 3,
                "left": 3,
                "points": 300,
                "campaign": None,
                "issued_at": "2024-06-20T10:00:00Z",
            }
        }
    )

    ticket_id: UUID = Field(description="Names them; the redemption that paid for them goes by the same id.")
    game: str = Field(description="The game.")
    member_id: UUID = Field(description="Whose they are.")
    first: int = Field(description="The number of the first; the others follow.")
    count: int = Field(description="How many there are.")
    left: int = Field(description="How many of them still count: not taken back, and for a wheel not spun.")
    points: int = Field(description="What they cost.")
    campaign: str | None = Field(description="The campaign that granted them; null: they were bought.")
    issued_at: datetime = Field(description="When.")


class PrizeView(_View):
    """What was won."""

    name: str = Field(description="What the game calls it.")
    reward: str | None = Field(default=None, description="A reward of the catalogue.")
    quantity: int = Field(default=1, description="How many pieces of the reward or badge.")
    points: int | None = Field(default=None, description="Points.")
    wallet: str | None = Field(default=None, description="Their wallet.")
    badge: str | None = Field(default=None, description="A badge.")


class SpinView(_View):
    """A turn of a wheel."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "game": "fortune",
                "member_id": _MEMBER,
                "number": 1204,
                "holder": "0f343b0931126a20f133d67c2b018a3b",
                "word": "lucky me",
                "sector": "hundred",
                "prize": {
                    "name": "hundred", "reward": None, "quantity": 1, "points": 100, "wallet": "points", "badge": None,
                },
                "points": 50,
                "at": "2024-06-20T10:00:00Z",
            }
        }
    )  # fmt: skip

    game: str = Field(description="The game.")
    member_id: UUID = Field(description="Who spun.")
    number: int = Field(description="Counts the spins of the wheel; with `holder` and `word` it can be computed again.")
    holder: str = Field(description="Stands for the member in the record of the game.")
    word: str = Field(description="What the member added to chance.")
    sector: str = Field(description="Where the wheel stopped.")
    prize: PrizeView | None = Field(description="What was won; null for nothing.")
    points: int = Field(description="What the spin cost; 0 with a ticket.")
    at: datetime = Field(description="When.")


class BidView(_View):
    """A bid, and how the auction stands with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "bid_id": _TICKET,
                "game": "helmet",
                "member_id": _MEMBER,
                "points": 1200,
                "state": "best",
                "least": 1250,
                "closes_at": "2024-06-20T10:05:00Z",
                "at": "2024-06-20T10:00:00Z",
            }
        }
    )

    bid_id: UUID = Field(description="Names it; its points are held by the redemption of the same id.")
    game: str = Field(description="The game.")
    member_id: UUID = Field(description="Whose it is.")
    points: int = Field(description="How much.")
    state: Literal["best", "outbid", "won", "lost"] = Field(description="What became of it.")
    least: int = Field(description="What the next bid must be at least.")
    closes_at: datetime = Field(description="When the auction ends, as it stands.")
    at: datetime = Field(description="When it was taken.")


class BadgeView(_View):
    """A badge as it is shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "barista",
                "programme": "main",
                "document": {
                    "texts": {"en": {"title": "Barista"}, "de": {"title": "Barista"}},
                    "levels": [{"name": "silver", "times": 5}],
                },
                "changed_at": "2024-06-20T10:00:00Z",
            }
        }
    )

    name: str = Field(description="What effects and prizes call it.")
    programme: str = Field(description="The programme.", examples=["main"])
    document: dict[str, Any] = Field(description="Its texts, picture and levels.")
    changed_at: datetime = Field(description="When it changed last.")


class AwardView(_View):
    """A badge that was given to a member."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "badge": "barista",
                "member_id": _MEMBER,
                "times": 1,
                "total": 5,
                "level": "silver",
                "at": "2024-06-20T10:00:00Z",
            }
        }
    )

    badge: str = Field(description="The badge.")
    member_id: UUID = Field(description="Whose it is.")
    times: int = Field(description="How often, by this.")
    total: int = Field(description="How often in all.")
    level: str | None = Field(description="The level that this comes to.")
    at: datetime = Field(description="When.")
