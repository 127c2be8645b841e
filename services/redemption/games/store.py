"""What games need of PostgreSQL while they are played. Every statement is about one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.games.auction import Bid, Standing
from libs.games.chance import Entry, holder_of
from libs.games.documents import Auction, Badge, Lottery, Wheel, parse_badge, parse_game
from libs.lives.postgres import Head
from libs.runtime import sql
from services.redemption.store import Locked

_QUERIES = sql.load("services.redemption", "games.sql")


class Game(NamedTuple):
    """A game as it stands; `row` has what answers tell of it."""

    game_id: UUID
    tenant_id: int
    scope: tuple[int, int]
    tenant: str
    programme: str
    name: str
    state: str
    what: Lottery | Wheel | Auction
    opens_at: datetime
    closes_at: datetime
    best: UUID | None
    row: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """What it is."""
        return self.what.kind


class Win(NamedTuple):
    """Somebody who won, or a substitute, for whom there is no prize yet."""

    place: int
    number: int
    member_id: UUID
    prize: str | None
    redemption_id: UUID | None = None


class Spun(NamedTuple):
    """A turn of a wheel as it is kept."""

    number: int
    spin_id: UUID
    member_id: UUID
    word: str
    sector: str
    points: int
    redemption_id: UUID | None
    ticket_id: UUID | None
    on_day: date
    at: datetime


async def find(
    connection: asyncpg.Connection, tenant_id: int, programme_id: int, name: str, *, lock: bool
) -> Game | None:
    """Return a game; with `lock` it is this transaction's until its end."""
    row = await connection.fetchrow(_QUERIES["lock_game" if lock else "look_at_game"], tenant_id, programme_id, name)
    if row is None:
        return None
    document = orjson.loads(row["document"])
    told = {key: value for key, value in row.items() if key != "document"} | {"document": document}
    return Game(
        row["game_id"], tenant_id, (tenant_id, programme_id), row["tenant"], row["programme"], name, row["state"],
        parse_game(document), row["opens_at"], row["closes_at"], row["best"], told,
    )  # fmt: skip


async def put(
    connection: asyncpg.Connection, scope: tuple[int, int], game_id: UUID, name: str, what: Lottery | Wheel | Auction,
    document: Mapping[str, Any], now: datetime,
) -> None:  # fmt: skip
    """Make a game, or change one that is a draft."""
    text = orjson.dumps(document).decode()
    await connection.execute(
        _QUERIES["put_game"], scope[0], game_id, scope[1], name, what.kind, text, what.opens_at, what.closes_at, now
    )


async def open_game(
    connection: asyncpg.Connection, game: Game, commitment: bytes | None, sealed: bytes | None, now: datetime
) -> None:
    """Let a game be played, with its seed and what there is to win."""
    key = (game.tenant_id, game.game_id)
    await connection.execute(_QUERIES["open_game"], *key, commitment, now)
    if sealed is not None:
        await connection.execute(_QUERIES["keep_seed"], *key, sealed)
    if isinstance(game.what, Wheel):
        ending = [(each.name, each.pieces) for each in game.what.sectors if each.pieces is not None]
        names, pieces = [name for name, _ in ending], [many for _, many in ending]
        await connection.execute(_QUERIES["keep_stock"], *key, names, pieces)


async def sealed_seed(connection: asyncpg.Connection, game: Game) -> bytes:
    """Return the sealed seed of a game that was opened."""
    return bytes(await connection.fetchval(_QUERIES["seed"], game.tenant_id, game.game_id))


async def stock(connection: asyncpg.Connection, game: Game) -> dict[str, int]:
    """Return how many pieces are left of what runs out."""
    rows = await connection.fetch(_QUERIES["stock"], game.tenant_id, game.game_id)
    return {row["prize"]: row["free"] for row in rows}


async def take_stock(connection: asyncpg.Connection, game: Game, prize: str) -> None:
    """Take a piece; the table lets none be taken that is not there."""
    await connection.execute(_QUERIES["take_stock"], game.tenant_id, game.game_id, prize)


async def number_tickets(
    connection: asyncpg.Connection, game: Game, count: int, now: datetime, *, early: bool
) -> int | None:
    """Give so many tickets their numbers and return the first; None when the game is not open.

    With `early` it is enough that the game was opened, though its time has not begun.
    """
    last = await connection.fetchval(_QUERIES["number_tickets"], game.tenant_id, game.game_id, count, now, early)
    return None if last is None else int(last) - count + 1


async def number_spin(connection: asyncpg.Connection, game: Game, now: datetime) -> int | None:
    """Give a spin its number; None when the game is not open. The game is this transaction's from here on."""
    number: int | None = await connection.fetchval(_QUERIES["number_spin"], game.tenant_id, game.game_id, now)
    return number


async def keep_tickets(
    connection: asyncpg.Connection, game: Game, ticket_id: UUID, member_id: UUID, first: int, count: int,
    points: int, campaign: str | None, now: datetime,
) -> None:  # fmt: skip
    """Keep tickets; those that cost something were paid by the redemption of their id."""
    paid = ticket_id if points else None
    await connection.execute(
        _QUERIES["keep_tickets"], game.tenant_id, game.game_id, ticket_id, member_id, first, count, points, paid,
        campaign, now,
    )  # fmt: skip


async def tickets_under(connection: asyncpg.Connection, game: Game, ticket_id: UUID) -> asyncpg.Record | None:
    """Return the tickets of an id."""
    return await connection.fetchrow(_QUERIES["tickets_under"], game.tenant_id, game.game_id, ticket_id)


async def bought(connection: asyncpg.Connection, game: Game, member_id: UUID) -> int:
    """Return how many tickets a member has bought."""
    return int(await connection.fetchval(_QUERIES["bought"], game.tenant_id, game.game_id, member_id))


async def granted(connection: asyncpg.Connection, game: Game, member_id: UUID, campaign: str) -> list[tuple[UUID, int]]:
    """Return what a campaign granted and still counts, the last first; locked."""
    rows = await connection.fetch(_QUERIES["granted"], game.tenant_id, game.game_id, member_id, campaign)
    return [tuple(row) for row in rows]


async def void_tickets(connection: asyncpg.Connection, game: Game, ticket_id: UUID, count: int) -> None:
    """Take the last of some tickets back."""
    await connection.execute(_QUERIES["void_tickets"], game.tenant_id, game.game_id, ticket_id, count)


async def ticket_to_spin(connection: asyncpg.Connection, game: Game, member_id: UUID) -> UUID | None:
    """Return the tickets of which a member can use one; read behind the member's lock."""
    found: UUID | None = await connection.fetchval(_QUERIES["ticket_to_spin"], game.tenant_id, game.game_id, member_id)
    return found


async def use_ticket(connection: asyncpg.Connection, game: Game, ticket_id: UUID) -> None:
    """Count one of some tickets as used."""
    await connection.execute(_QUERIES["use_ticket"], game.tenant_id, game.game_id, ticket_id)


async def spun_on(connection: asyncpg.Connection, game: Game, member_id: UUID, day: date) -> int:
    """Return how often a member span on a day, without tickets."""
    return int(await connection.fetchval(_QUERIES["spun_on"], game.tenant_id, game.game_id, member_id, day))


async def keep_spin(connection: asyncpg.Connection, game: Game, spun: Spun) -> None:
    """Keep a turn of the wheel."""
    await connection.execute(_QUERIES["keep_spin"], game.tenant_id, game.game_id, *spun)


async def spin(connection: asyncpg.Connection, game: Game, spin_id: UUID) -> asyncpg.Record | None:
    """Return a turn of the wheel."""
    return await connection.fetchrow(_QUERIES["spin"], game.tenant_id, game.game_id, spin_id)


async def keep_wins(connection: asyncpg.Connection, game: Game, wins: Sequence[Win], now: datetime) -> None:
    """Keep who won."""
    columns = [list(column) for column in zip(*wins, strict=True)] if wins else [[], [], [], [], []]
    await connection.execute(_QUERIES["keep_wins"], game.tenant_id, game.game_id, *columns, now)


async def won(connection: asyncpg.Connection, game: Game) -> int:
    """Return how much was won so far."""
    return int(await connection.fetchval(_QUERIES["won"], game.tenant_id, game.game_id))


async def entries(connection: asyncpg.Connection, game: Game) -> tuple[list[Entry], dict[str, UUID]]:
    """Return the tickets that take part, and the members behind their holders; of merged ones whom they lead to now."""
    await connection.execute(_QUERIES["draw_for"], game.tenant_id, game.game_id)
    made, people = [], dict[str, UUID]()
    for row in await connection.fetch(_QUERIES["entries"], game.tenant_id, game.game_id):
        holder = holder_of(game.game_id, row["member_id"])
        people[holder] = row["member_id"]
        made.append(Entry(row["first"], row["count"], holder))
    return made, people


async def end(
    connection: asyncpg.Connection, game: Game, seed: bytes | None, digest: bytes | None, now: datetime
) -> None:
    """Save that a game is over, with the seed that is told now."""
    await connection.execute(_QUERIES["end_game"], game.tenant_id, game.game_id, seed, digest, now)


async def to_end(pool: asyncpg.Pool, now: datetime, most: int) -> list[tuple[int, int, str]]:
    """Return games of all tenants whose time is over: tenant, programme and name."""
    return [tuple(row) for row in await pool.fetch(_QUERIES["to_end"], now, most)]


async def lock_members(
    connection: asyncpg.Connection, scope: tuple[int, int], members: Sequence[UUID]
) -> dict[UUID, Locked]:
    """Lock members of a programme in the order of their ids; who is no member any more is left out."""
    rows = await connection.fetch(_QUERIES["lock_members"], *scope, members)
    return {
        row["member_id"]: Locked((*scope, row["member_id"]), Head(row["seq"], row["owing"]), row["spread"])
        for row in rows
    }


async def standing(connection: asyncpg.Connection, game: Game) -> Standing:
    """Return how an auction stands; read behind its lock."""
    best = None
    if game.best is not None:
        row = await connection.fetchrow(_QUERIES["bid"], game.tenant_id, game.game_id, game.best)
        best = Bid(row["bid_id"], row["member_id"], row["points"], row["at"])
    return Standing(game.opens_at, game.closes_at, best)


async def bid(connection: asyncpg.Connection, game: Game, bid_id: UUID) -> asyncpg.Record | None:
    """Return a bid."""
    return await connection.fetchrow(_QUERIES["bid"], game.tenant_id, game.game_id, bid_id)


async def keep_bid(connection: asyncpg.Connection, game: Game, made: Bid, after: Standing, now: datetime) -> None:
    """Keep a bid that is the best, and what it changes."""
    await connection.execute(
        _QUERIES["keep_bid"], game.tenant_id, game.game_id, made.bid_id, made.member_id, made.points, made.at
    )
    await connection.execute(_QUERIES["lead"], game.tenant_id, game.game_id, made.bid_id, after.ends_at, now)


async def mark_bid(connection: asyncpg.Connection, game: Game, bid_id: UUID, state: str) -> None:
    """Save what became of a bid."""
    await connection.execute(_QUERIES["mark_bid"], game.tenant_id, game.game_id, bid_id, state)


async def bids(connection: asyncpg.Connection, game: Game, most: int) -> list[Bid]:
    """Return the best bids of those who bid most."""
    rows = await connection.fetch(_QUERIES["bids"], game.tenant_id, game.game_id, most)
    return [Bid(*row) for row in rows]


async def put_badge(
    connection: asyncpg.Connection, scope: tuple[int, int], name: str, document: Mapping[str, Any], now: datetime
) -> None:
    """Make a badge, or say something else of it."""
    await connection.execute(_QUERIES["put_badge"], *scope, name, orjson.dumps(document).decode(), now)


async def badge(connection: asyncpg.Connection, scope: tuple[int, int], name: str) -> Badge | None:
    """Return a badge; a programme may give badges that nobody described."""
    text = await connection.fetchval(_QUERIES["badge"], *scope, name)
    return None if text is None else parse_badge(orjson.loads(text))


async def keep_award(
    connection: asyncpg.Connection, member: tuple[int, int, UUID], award_id: UUID, badge: str, times: int,
    source: str, now: datetime,
) -> bool:  # fmt: skip
    """Keep that a member was given a badge; False when that is known already."""
    return bool(await connection.fetchval(_QUERIES["keep_award"], *member, award_id, badge, times, source, now))


async def awarded(connection: asyncpg.Connection, member: tuple[int, int, UUID], badge: str) -> int:
    """Return how often a member has a badge."""
    return int(await connection.fetchval(_QUERIES["awarded"], *member, badge))


async def awards_of(
    connection: asyncpg.Connection, member: tuple[int, int, UUID], badge: str, source: str
) -> list[tuple[UUID, UUID, int]]:
    """Return what a source gave and was not taken back, the last first, by whom it was given to; locked."""
    return [tuple(row) for row in await connection.fetch(_QUERIES["awards_of"], *member, badge, source)]


async def take_award_back(
    connection: asyncpg.Connection, member: tuple[int, int, UUID], award_id: UUID, times: int
) -> None:
    """Save that a badge was taken back so many times."""
    await connection.execute(_QUERIES["take_award_back"], *member, award_id, times)
