"""All SQL of posts in the notifier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

import asyncpg

from libs.posts.states import PageState, over
from libs.posts.wanted import Post
from libs.runtime import sql
from services.notifier.posts.telling import Place

_QUERIES = sql.load("services.notifier", "posts.sql")


class Beginning(NamedTuple):
    """A post whose hour has come."""

    tenant_id: int
    post_id: UUID
    wanted: Post


class Taken(NamedTuple):
    """A post on a page, in hand at its attempt; `tried_before` is the first of those before this one.

    `called_off` says that its post is not to be published any more.
    """

    tenant_id: int
    place: Place
    language: str
    tried_before: datetime | None
    called_off: bool
    wanted: Post


class Settled(NamedTuple):
    """What became of it on its page. One that waits again has no end."""

    state: PageState
    due_at: datetime | None = None
    provider_id: str | None = None
    reason: str | None = None
    detail: str | None = None
    ended_at: datetime | None = None


async def beginning(pool: asyncpg.Pool, now: datetime, most: int) -> list[Beginning]:
    """Return posts whose hour has come, the oldest first."""
    rows = await pool.fetch(_QUERIES["beginning"], now, most)
    return [Beginning(row["tenant_id"], row["post_id"], Post.model_validate_json(row["wanted"])) for row in rows]


async def begin(connection: asyncpg.Connection, post: Beginning, pages: Mapping[str, str], now: datetime) -> None:
    """Lay a post down for pages, each with its language; once, whoever comes. Call it in a transaction."""
    name = post.tenant_id, post.post_id
    if await connection.fetchval(_QUERIES["begin"], *name, now) is not None:
        ids = [uuid5(post.post_id, page) for page in pages]
        await connection.execute(_QUERIES["lay"], *name, list(pages), ids, list(pages.values()), now)


async def take(pool: asyncpg.Pool, now: datetime, wall: datetime, until: datetime) -> Taken | None:
    """Take the page that is due for longest; None where none is."""
    row = await pool.fetchrow(_QUERIES["take"], now, wall, until)
    if row is None:
        return None
    names = ("tenant", "programme", "post_id", "page", "publication_id", "attempts")
    place = Place(*(row[name] for name in names))
    wanted = Post.model_validate_json(row["wanted"])
    return Taken(row["tenant_id"], place, row["language"], row["tried_before"], row["called_off"], wanted)


async def settle(connection: asyncpg.Connection, taken: Taken, said: Settled, now: datetime) -> bool:
    """Store what became of it, and of the post once all pages are over; False where somebody else holds it by now.

    Call it in a transaction.
    """
    place = taken.place
    name = taken.tenant_id, place.post_id
    state = await connection.fetchval(_QUERIES["lock"], *name)
    if said.state == "waiting" and state != "scheduled":
        said = Settled("cancelled", ended_at=now)
    row = (*name, place.page, place.attempt, *said)
    if await connection.fetchval(_QUERIES["settle"], *row) is None:
        return False
    found = over([each["state"] for each in await connection.fetch(_QUERIES["pages"], *name)])
    if found is not None:
        await connection.execute(_QUERIES["over"], *name, found, now)
    return True
