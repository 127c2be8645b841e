"""Webhooks in PostgreSQL: endpoints, their messages and attempts. Each function runs in the caller's transaction.

Only the gateway, the command line and the notifier's store import this module.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.runtime import sql
from libs.runtime.seal import Seal
from libs.webhooks.endpoints import (
    MOST_ENDPOINTS,
    MOST_REPLAYED,
    Attempt,
    Endpoint,
    Kept,
    MessageState,
    State,
    Wish,
    seal_context,
)
from libs.webhooks.payload import Message, Style
from libs.webhooks.signature import BOTH_VALID, make_secret

_SQL = sql.load("libs.webhooks")
Random = Callable[[int], bytes]


class Webhooks:
    """The endpoints of one tenant, on one connection."""

    def __init__(self, connection: asyncpg.Connection, tenant_id: int, seal: Seal | None = None) -> None:
        self._connection, self._tenant, self._seal = connection, tenant_id, seal

    async def add(self, endpoint_id: UUID, wish: Wish, now: datetime, who: str, random: Random) -> str | None:
        """Keep a new endpoint and return its secret, which nobody is told again; None when there are too many."""
        if await self._value("count") >= MOST_ENDPOINTS:
            return None
        secret = make_secret(random)
        sealed = self._sealed(secret, endpoint_id)
        types = list(wish.event_types)
        await self._value("add", endpoint_id, wish.url, types, wish.style, wish.description, sealed, now, who)
        return secret

    async def rotate(self, endpoint_id: UUID, now: datetime, random: Random) -> str | None:
        """Give an endpoint another secret and return it; None when there is no such endpoint.

        What is sent is signed with both for a while.
        """
        if await self._value("lock_secret", endpoint_id) is None:
            return None
        secret = make_secret(random)
        await self._value("rotate", endpoint_id, self._sealed(secret, endpoint_id), now + BOTH_VALID)
        return secret

    async def endpoints(self) -> list[Endpoint]:
        """Return all, newest first."""
        return [_endpoint(row) for row in await self._fetch("endpoints", None)]

    async def endpoint(self, endpoint_id: UUID) -> Endpoint | None:
        """Return one; None when the tenant has none of this id."""
        rows = await self._fetch("endpoints", endpoint_id)
        return _endpoint(rows[0]) if rows else None

    async def change(
        self,
        endpoint_id: UUID,
        url: str | None,
        event_types: tuple[str, ...] | None,
        style: Style | None,
        description: str | None,
        now: datetime,
    ) -> bool:
        """Change what is not None; False when there is no such endpoint."""
        types = None if event_types is None else list(event_types)
        return await self._value("change", endpoint_id, url, types, style, description, now) is not None

    async def turn(self, endpoint_id: UUID, state: State, now: datetime) -> bool:
        """Turn an endpoint on or off; False when there is no such endpoint."""
        return await self._value("turn", endpoint_id, state, now) is not None

    async def remove(self, endpoint_id: UUID) -> bool:
        """Forget an endpoint with all that was for it; False when there is no such endpoint."""
        await self._value("remove_attempts", endpoint_id)
        await self._value("remove_messages", endpoint_id)
        return await self._value("remove", endpoint_id) is not None

    async def keep(self, endpoint_id: UUID, message: Message, now: datetime) -> bool:
        """Keep a message to be sent at once; False when it is known."""
        said = (message.message_id, message.event_type, message.occurred_at, now, message.body)
        return await self._value("keep", endpoint_id, *said) is not None

    async def messages(
        self, endpoint_id: UUID, state: MessageState | None, after: tuple[datetime, UUID] | None, count: int
    ) -> list[Kept]:
        """Return up to `count` messages, newest first, below a place."""
        queued_at, message_id = after or (None, None)
        return [Kept(**row) for row in await self._fetch("messages", endpoint_id, state, queued_at, message_id, count)]

    async def message(self, endpoint_id: UUID, message_id: UUID) -> Kept | None:
        """Return a message with its body."""
        rows = await self._fetch("message", endpoint_id, message_id)
        return Kept(**rows[0]) if rows else None

    async def attempts(self, endpoint_id: UUID, message_id: UUID) -> list[Attempt]:
        """Return the attempts at a message, newest first, no more than 200."""
        return [Attempt(**row) for row in await self._fetch("attempts", endpoint_id, message_id)]

    async def resend(self, endpoint_id: UUID, message_id: UUID, now: datetime) -> bool:
        """Send a message at once, by the table from its beginning; False when there is none."""
        return await self._value("resend", endpoint_id, message_id, now) is not None

    async def replay(self, endpoint_id: UUID, span: tuple[datetime, datetime], failed_only: bool, now: datetime) -> int:
        """Send again what happened in a span and has come to an end, the oldest first; returns how many."""
        return len(await self._fetch("replay", endpoint_id, *span, failed_only, now, MOST_REPLAYED))

    def _sealed(self, secret: str, endpoint_id: UUID) -> bytes:
        if self._seal is None:
            raise ValueError("without the key of the seals no secret is kept")
        return self._seal.close(secret.encode(), seal_context(self._tenant, endpoint_id))

    async def _value(self, query: str, *arguments: object) -> Any:
        return await self._connection.fetchval(_SQL[query], self._tenant, *arguments)

    async def _fetch(self, query: str, *arguments: object) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(_SQL[query], self._tenant, *arguments)
        return rows


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(**{**row, "event_types": tuple(row["event_types"])})
