"""Games, what members have of them, and their records, read from PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.contracts.games import BadgeView, GameView, TicketsView
from libs.games.auction import Bid, Standing, least
from libs.games.badges import Progress, progress
from libs.games.chance import FORMAT, holder_of
from libs.games.documents import Auction, Badge, Lottery, Wheel, parse_badge, parse_game
from libs.games.record import DrawRecord, EntryRecord, PrizeRecord, SectorRecord, SpinRecord, WinRecord
from libs.runtime import sql

_QUERIES = sql.load("libs.games", "games.sql")
_PLAIN = (
    "game_id", "name", "programme", "kind", "version", "state", "opens_at", "closes_at", "tickets", "spins", "best",
    "ended_at", "changed_at",
)  # fmt: skip


class MemberWin(NamedTuple):
    """Something that a member won; without a prize a substitute."""

    game: str
    kind: str
    number: int
    prize: str | None
    at: datetime


class MemberBid(NamedTuple):
    """A bid of a member."""

    bid_id: UUID
    game: str
    points: int
    state: str
    at: datetime
    closes_at: datetime


class MemberBadge(NamedTuple):
    """A badge that a member has, as it is described (None: it is not), and how far the member is with it."""

    name: str
    badge: Badge | None
    progress: Progress
    first_at: datetime
    last_at: datetime


class Played(NamedTuple):
    """What a member has of games: the last of each first."""

    tickets: tuple[TicketsView, ...]
    wins: tuple[MemberWin, ...]
    bids: tuple[MemberBid, ...]


async def load_games(
    connection: asyncpg.Connection, tenant_id: int, programme: str | None, name: str | None = None
) -> list[GameView]:
    """Return the games of a tenant, of a programme, or of one name."""
    return [_game(row) for row in await connection.fetch(_QUERIES["games"], tenant_id, programme, name)]


def _game(row: Mapping[str, Any]) -> GameView:
    document = orjson.loads(row["document"])
    what, lowest = parse_game(document), None
    if isinstance(what, Auction) and row["state"] == "open":
        best = row["best"]
        leads = None if best is None else Bid(row["game_id"], row["game_id"], best, row["changed_at"])
        lowest = least(what.rules, Standing(row["opens_at"], row["closes_at"], leads))
    return GameView(
        **{name: row[name] for name in _PLAIN},
        **{name: None if row[name] is None else row[name].hex() for name in ("commitment", "seed", "entries_digest")},
        least=lowest,
        left=orjson.loads(row["left"] or "{}"),
        document=document,
    )


async def load_record(connection: asyncpg.Connection, tenant_id: int, tenant: str, game: GameView) -> DrawRecord | None:
    """Return the record of a lottery or wheel that has ended; None of anything else."""
    what = parse_game(game.document)
    if game.seed is None or isinstance(what, Auction):
        return None
    of, shared = (tenant_id, game.game_id), _shared(tenant, game)
    if isinstance(what, Wheel):
        spins = [
            SpinRecord(
                number=row["number"], holder=holder_of(game.game_id, row["member_id"]), word=row["word"],
                sector=row["sector"],
            )
            for row in await connection.fetch(_QUERIES["spins"], *of)
        ]  # fmt: skip
        sectors = [SectorRecord(**each._asdict()) for each in what.odds]
        return DrawRecord(**shared, kind="wheel", sectors=tuple(sectors), spins=tuple(spins))
    return await _of_lottery(connection, of, what, game, shared)


async def _of_lottery(
    connection: asyncpg.Connection, of: tuple[int, UUID], what: Lottery, game: GameView, shared: dict[str, Any]
) -> DrawRecord:
    entries = [
        EntryRecord(first=row["first"], count=row["count"], holder=holder_of(game.game_id, row["member_id"]))
        for row in await connection.fetch(_QUERIES["entries"], *of)
    ]
    wins = [
        WinRecord(
            place=row["place"], number=row["number"], holder=holder_of(game.game_id, row["member_id"]),
            prize=row["prize"],
        )
        for row in await connection.fetch(_QUERIES["wins"], *of)
    ]  # fmt: skip
    return DrawRecord(
        **shared, kind="lottery", once=what.once, substitutes=what.substitutes,
        prizes=tuple(PrizeRecord(prize=each.prize, pieces=each.pieces) for each in what.pieces),
        entries=tuple(entries), entries_digest=game.entries_digest, wins=tuple(wins),
    )  # fmt: skip


def _shared(tenant: str, game: GameView) -> dict[str, Any]:
    return {
        "format": FORMAT, "tenant": tenant, "programme": game.programme, "game": game.name, "game_id": game.game_id,
        "commitment": game.commitment, "seed": game.seed, "opened_at": game.opens_at, "ended_at": game.ended_at,
    }  # fmt: skip


async def load_played(connection: asyncpg.Connection, member: tuple[int, int, UUID]) -> Played:
    """Return what a member has of games, up to 200 of each."""
    tickets = await connection.fetch(_QUERIES["tickets_of_member"], *member)
    wins = await connection.fetch(_QUERIES["wins_of_member"], *member)
    bids = await connection.fetch(_QUERIES["bids_of_member"], *member)
    return Played(
        tuple(TicketsView(**row) for row in tickets), tuple(MemberWin(*row) for row in wins),
        tuple(MemberBid(*row) for row in bids),
    )  # fmt: skip


async def load_badges(
    connection: asyncpg.Connection, tenant_id: int, programme: str | None, name: str | None = None
) -> list[BadgeView]:
    """Return the badges of a tenant, of a programme, or of one name."""
    rows = await connection.fetch(_QUERIES["badges"], tenant_id, programme, name)
    return [
        BadgeView(
            name=row["name"], programme=row["programme"], document=orjson.loads(row["document"]),
            changed_at=row["changed_at"],
        )
        for row in rows
    ]  # fmt: skip


async def load_awards(connection: asyncpg.Connection, member: tuple[int, int, UUID]) -> list[MemberBadge]:
    """Return the badges of a member with their levels, the last first."""
    found = []
    for row in await connection.fetch(_QUERIES["awards_of_member"], *member):
        badge = None if row["document"] is None else parse_badge(orjson.loads(row["document"]))
        found.append(MemberBadge(row["badge"], badge, progress(badge, row["times"]), row["first_at"], row["last_at"]))
    return found
