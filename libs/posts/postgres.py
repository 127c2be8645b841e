"""Posts in PostgreSQL, for whoever writes, looks at and steers them. Only stores and commands import this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.posts.states import ALLOWED, DONE, Action, PageState, State
from libs.posts.wanted import Post
from libs.runtime import sql
from libs.runtime.seal import Seal

_QUERIES = sql.load("libs.posts", "posts.sql")
Scope = tuple[int, int]
Steered = Literal["done", "own", "otherwise", "unknown"]


class NameTaken(ValueError):
    """The name stands for another post."""


class NoPicture(ValueError):
    """The media store has no such picture of the company's."""


class Seen(NamedTuple):
    """A post as it stands. `two_people` says that it took, or takes, a second person to publish it."""

    programme_id: int
    post_id: UUID
    programme: str
    name: str
    wanted: Post
    state: State
    made_by: str
    made_at: datetime
    starts_at: datetime | None
    sent_by: str | None
    sent_at: datetime | None
    two_people: bool
    decided_by: str | None
    decided_at: datetime | None
    begins_at: datetime | None
    ended_at: datetime | None


class OnPage(NamedTuple):
    """How a post stands on one page; `provider_id` is what the network calls it there."""

    page: str
    language: str
    state: PageState
    attempts: int
    due_at: datetime
    provider_id: str | None
    reason: str | None
    detail: str | None
    ended_at: datetime | None


class Shown(NamedTuple):
    """A post that was captured, because no page is set: for people to look at."""

    post_id: UUID
    name: str
    page: str
    captured_at: datetime
    text: str


async def make(
    connection: asyncpg.Connection, scope: Scope, named: tuple[UUID, bytes], wanted: Post, by: str, now: datetime
) -> None:
    """Store a draft by its id and digest, unless it is there. Call it in a transaction.

    Raises:
        NameTaken: the id stands for another one.
        NoPicture: its picture is none of the company's.
    """
    post_id, digest = named
    known = await connection.fetchrow(_QUERIES["known"], scope[0], post_id)
    if known is not None:
        if (known["programme_id"], bytes(known["digest"])) != (scope[1], digest):
            raise NameTaken("the name stands for another post")
        return
    if wanted.picture is not None and not await connection.fetchval(
        _QUERIES["has_picture"], scope[0], bytes.fromhex(wanted.picture)
    ):
        raise NoPicture("there is no such picture")
    document = orjson.dumps(wanted.model_dump(mode="json", exclude_defaults=True)).decode()
    row = (*scope, post_id, digest, wanted.name, document, wanted.starts_at, by, now)
    if await connection.fetchval(_QUERIES["make"], *row) is None:
        await make(connection, scope, named, wanted, by, now)  # somebody was first: it is known now


async def load(
    connection: asyncpg.Connection,
    tenant_id: int,
    programme_id: int | None = None,
    *,
    before: tuple[datetime, UUID] | None = None,
    most: int = 50,
) -> list[Seen]:
    """Return posts, the newest first; those behind an instant and an id."""
    rows = await connection.fetch(_QUERIES["load"], tenant_id, programme_id, *(before or (None, None)), None, most)
    return [_seen(row) for row in rows]


async def load_one(connection: asyncpg.Connection, tenant_id: int, post_id: UUID) -> Seen | None:
    """Return one by its id."""
    row = await connection.fetchrow(_QUERIES["load"], tenant_id, None, None, None, post_id, 1)
    return None if row is None else _seen(row)


async def load_pages(connection: asyncpg.Connection, tenant_id: int, post_id: UUID) -> list[OnPage]:
    """Return how it stands on its pages; none before it begins."""
    return [OnPage(*row) for row in await connection.fetch(_QUERIES["pages"], tenant_id, post_id)]


async def captured(connection: asyncpg.Connection, tenant_id: int, seal: Seal, most: int = 50) -> Sequence[Shown]:
    """Return what was captured of them, the newest first.

    Raises:
        libs.runtime.seal.SealBroken: it was sealed with another key.
    """
    found = []
    for row in await connection.fetch(_QUERIES["captured"], tenant_id, most):
        told = orjson.loads(seal.open(row["sealed"], f"captured/{row['publication_id']}"))
        found.append(Shown(row["post_id"], row["name"], row["page"], row["captured_at"], told["text"]))
    return found


async def steer(
    connection: asyncpg.Connection,
    scope: Scope,
    post_id: UUID,
    action: Action,
    by: str,
    now: datetime,
    *,
    approval_above: int | None = None,
) -> Steered:
    """Do something with a post; asking again for what is done changes nothing. Call it in a transaction.

    `approval_above` is the programme's bound at present, for `publish`: a page is read by everybody, so that a post
    counts as written to all members. Who had it published does not approve it (`own`).
    """
    found = await connection.fetchrow(_QUERIES["lock"], *scope, post_id)
    if found is None:
        return "unknown"
    if found["state"] not in ALLOWED[action]:
        return "done" if found["state"] in DONE[action] else "otherwise"
    name = (*scope, post_id)
    if action == "publish":
        two_people = approval_above is not None and await connection.fetchval(
            _QUERIES["more_members"], *scope, approval_above
        )
        state = "awaiting_approval" if two_people else "scheduled"
        await connection.execute(_QUERIES["sent"], *name, state, by, now, two_people)
    elif action == "cancel":
        await connection.execute(_QUERIES["cancel_pages"], scope[0], post_id, now)
        await connection.execute(_QUERIES["cancelled"], *name, now)
    elif action == "retry":
        await connection.execute(_QUERIES["retry_pages"], scope[0], post_id, now)
        await connection.execute(_QUERIES["retried"], *name)
    else:
        if found["sent_by"] == by:
            return "own"
        await connection.execute(_QUERIES["decided"], *name, "scheduled" if action == "approve" else "refused", by, now)
    return "done"


def _seen(row: asyncpg.Record) -> Seen:
    return Seen(**{**row, "wanted": Post.model_validate_json(row["wanted"])})
