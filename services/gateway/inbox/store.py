"""What waits for members, read and opened under the row-level security of a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.messages.content import Content
from libs.messages.inbox import Place, place_context, unpacked
from libs.runtime import sql
from libs.runtime.seal import Seal
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "inbox.sql")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for a member, or was read."""

    message_id: UUID
    content: Content
    sent_at: datetime
    expires_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Whose:
    """The member that is asked about."""

    tenant_id: int
    programme_id: int
    member_id: UUID


@dataclass(frozen=True, slots=True)
class Asked:
    """Which messages: at which place, with those that have expired by `now`, with those that were read."""

    place: Place
    now: datetime
    expired: bool = False
    read: bool = True


class InboxStore:
    """The way to PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool, seal: Seal) -> None:
        self._pool, self._seal = pool, seal

    async def messages(
        self, whose: Whose, asked: Asked, after: tuple[datetime, UUID] | None, count: int
    ) -> list[Waiting]:
        """Return up to `count` messages, newest first, below a place."""
        sent_at, message_id = after or (None, None)
        wanted = (asked.place, asked.expired, asked.now, asked.read, sent_at, message_id, count)
        async with tenant_transaction(self._pool, whose.tenant_id, reading=True) as connection:
            rows = await connection.fetch(_SQL["messages"], *_key(whose), *wanted)
        return [self._opened(whose, row) for row in rows]

    async def unread(self, whose: Whose, now: datetime) -> int:
        """Return how many messages of the inbox wait to be read."""
        async with tenant_transaction(self._pool, whose.tenant_id, reading=True) as connection:
            return int(await connection.fetchval(_SQL["unread"], *_key(whose), now))

    async def read(self, whose: Whose, message_id: UUID, now: datetime) -> Waiting | None:
        """Note that a message of the inbox was read; None when the member has none of this id."""
        async with tenant_transaction(self._pool, whose.tenant_id) as connection:
            row = await connection.fetchrow(_SQL["read"], *_key(whose), message_id, now)
        return None if row is None else self._opened(whose, row)

    def _opened(self, whose: Whose, row: Any) -> Waiting:
        content = unpacked(self._seal.open(row["words"], place_context(whose.tenant_id, row["message_id"])))
        return Waiting(row["message_id"], content, row["sent_at"], row["expires_at"], row["read_at"])


def _key(whose: Whose) -> tuple[int, int, UUID]:
    return whose.tenant_id, whose.programme_id, whose.member_id
