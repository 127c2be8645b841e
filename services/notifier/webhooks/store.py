"""What webhooks ask of PostgreSQL on their way, for all tenants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from libs.runtime import sql
from libs.webhooks.payload import Message, Style
from libs.webhooks.postgres import Webhooks

_SQL = sql.load("services.notifier", "webhooks.sql")
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Listener:
    """An endpoint that is on, what it wants to hear of, and since when.

    `since`, in seconds of Unix time, is when it was made or turned on; `asked_at` is when it asked for these types.
    """

    tenant_id: int
    tenant: str
    endpoint_id: UUID
    event_types: tuple[str, ...]
    style: Style
    since: float
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process sends, for as long as its lease lasts. The secrets are sealed."""

    tenant_id: int
    endpoint_id: UUID
    message_id: UUID
    epoch: int
    failed: int
    body: bytes = field(repr=False)
    url: str
    secret: bytes = field(repr=False)
    old_secret: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt came to, and what becomes of the message: `due_at` is its next attempt while it waits."""

    at: datetime
    took_ms: int
    outcome: Literal["delivered", "failed", "gone"]
    status: int | None
    why: str
    answer: str
    state: Literal["waiting", "delivered", "failed"]
    due_at: datetime
    failed: int
    ended_at: datetime | None
    pause_until: datetime | None


@dataclass(frozen=True, slots=True)
class Room:
    """How many messages may be claimed: in all, and of an endpoint; those that have all they may are `full`."""

    most: int
    a_endpoint: int
    full: tuple[UUID, ...] = ()


class WebhookStore:
    """The way to PostgreSQL; each call is a transaction of its own.

    All raise what `libs.runtime.postgres.DATABASE_ERRORS` lists.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def listeners(self) -> list[Listener]:
        """Return every endpoint that is on."""
        return _listeners(await self._pool.fetch(_SQL["listeners"]))

    async def follow(self, asked_of: Callable[[list[Listener]], Mapping[str, datetime]]) -> dict[str, datetime]:
        """Note the topics that endpoints ask for at this moment, and return from when each is read.

        One that was asked for before keeps its instant, so that nothing between is left out.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL["one_by_one"])
            asked = asked_of(_listeners(await connection.fetch(_SQL["listeners"])))
            await connection.execute(_SQL["unfollow"], list(asked))
            await connection.execute(_SQL["follow"], list(asked), list(asked.values()))
            return {row["topic"]: row["since"] for row in await connection.fetch(_SQL["followed"])}

    async def keep(self, tenant_id: int, endpoint_id: UUID, message: Message, now: datetime) -> bool:
        """Keep a message to be sent at once; False when it is known."""
        async with self._pool.acquire() as connection:
            return await Webhooks(connection, tenant_id).keep(endpoint_id, message, now)

    async def claim(self, now: datetime, until: datetime, room: Room, after: UUID | None) -> list[Claimed]:
        """Take what is due until an instant; endpoints behind `after` have their turn first."""
        rows = await self._pool.fetch(
            _SQL["claim"], now, until, room.a_endpoint, room.most, after or _NOBODY, list(room.full)
        )
        return [Claimed(**row) for row in rows]

    async def finish(self, claimed: Claimed, result: Result) -> tuple[bool, bool]:
        """Write down an attempt. Returns whether the message was still ours, and whether the endpoint is gone now."""
        place = (claimed.tenant_id, claimed.endpoint_id)
        async with self._pool.acquire() as connection, connection.transaction():
            number = await connection.fetchval(
                _SQL["finish"],
                *place,
                claimed.message_id,
                claimed.epoch,
                result.state,
                result.due_at,
                result.failed,
                result.ended_at,
                result.at,
                result.took_ms,
                result.outcome,
                result.status,
                result.why,
                result.answer,
            )
            gone = False
            if result.outcome == "gone":
                gone = await connection.fetchval(_SQL["give_up"], *place, result.at) is not None
            elif result.pause_until is not None:
                await connection.execute(_SQL["pause"], *place, result.pause_until)
            return number is not None, gone

    async def backlog(self, now: datetime) -> tuple[int, datetime | None]:
        """Return how many messages wait, and since when the first of them has been due."""
        row = await self._pool.fetchrow(_SQL["backlog"], now)
        return row["waiting"], row["oldest"]

    async def forget(self, until: datetime) -> int:
        """Forget some messages that ended by an instant, with their attempts; returns how many were found."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_SQL["forgettable"], until)
            columns: Sequence[list[object]] = [
                [row[name] for row in rows] for name in ("tenant_id", "endpoint_id", "message_id")
            ]
            await connection.execute(_SQL["forget_attempts"], *columns)
            await connection.execute(_SQL["forget"], *columns, until)
            return len(rows)


def _listeners(rows: Iterable[asyncpg.Record]) -> list[Listener]:
    return [Listener(**{**row, "event_types": tuple(row["event_types"])}) for row in rows]
