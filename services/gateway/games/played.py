"""What is known of a game beside its document: winners, bids, where a wheel stopped, who has tickets; and of badges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from libs.contracts.games import GameView
from libs.runtime import sql
from services.gateway.store import Reading

_QUERIES = sql.load("services.gateway", "games.sql")
MOST = 200
"""So many winners or bids are told of a game."""


class Won(NamedTuple):
    """What somebody won; without a prize a substitute."""

    place: int
    number: int
    member_id: UUID
    prize: str | None
    at: datetime


class Offered(NamedTuple):
    """A bid."""

    member_id: UUID
    points: int
    state: str
    at: datetime


class Holders(NamedTuple):
    """How many members have tickets that count, how many these are, and the points that were paid for all."""

    members: int = 0
    tickets: int = 0
    points: int = 0


class Played(NamedTuple):
    """What became of a game so far."""

    wins: tuple[Won, ...] = ()
    bids: tuple[Offered, ...] = ()
    stops: Mapping[str, int] = {}
    holders: Holders = Holders()


class Given(NamedTuple):
    """How many members have a badge, and how often it was given."""

    members: int = 0
    times: int = 0


async def load_course(reading: Reading, game: GameView) -> Played:
    """Return what became of a game so far."""
    wins = tuple(Won(*row) for row in await reading.fetch(_QUERIES["wins"], game.game_id, MOST))
    match game.kind:
        case "auction":
            bids = await reading.fetch(_QUERIES["bids"], game.game_id, MOST)
            return Played(wins, bids=tuple(Offered(*row) for row in bids))
        case "wheel":
            stops = await reading.fetch(_QUERIES["stops"], game.game_id)
            return Played(wins, stops={row["sector"]: row["times"] for row in stops})
        case "lottery":
            (row,) = await reading.fetch(_QUERIES["holders"], game.game_id)
            return Played(tuple(sorted(wins)), holders=Holders(*row))


async def load_given(reading: Reading, programme_id: int) -> dict[str, Given]:
    """Return how often each badge of a programme was given."""
    rows = await reading.fetch(_QUERIES["given"], programme_id)
    return {row["badge"]: Given(row["members"], row["times"]) for row in rows}
