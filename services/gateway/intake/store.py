"""What the ways in read and keep in PostgreSQL, under the row-level security of the caller's tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.runtime import sql

_SQL = sql.load("services.gateway", "intake.sql")


@dataclass(frozen=True, slots=True)
class KeyName:
    """Where a key counts: a credential of a tenant, one operation, and the digest of what the caller sent."""

    tenant_id: int
    credential: str
    operation: str
    digest: bytes

    @property
    def columns(self) -> tuple[int, str, str, bytes]:
        """The primary key of its row."""
        return self.tenant_id, self.credential, self.operation, self.digest


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer to a request, as it is given again."""

    status: int
    body: bytes
    location: str | None = None


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that somebody has used: for which request, and what it was answered; None while it runs."""

    fingerprint: bytes
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class ProgrammeName:
    """A programme by its slug, and that of its tenant."""

    tenant: str
    programme: str


class Session:
    """One transaction that sees one tenant alone."""

    def __init__(self, connection: asyncpg.Connection, tenant_id: int) -> None:
        self._connection = connection
        self._tenant = tenant_id

    async def take_key(
        self, name: KeyName, fingerprint: bytes, now: datetime, *, given_up: datetime, forgotten: datetime
    ) -> int | None:
        """Take a key for a request, and return the number of the attempt; None when it is taken.

        A run that began by `given_up` without an answer is taken over, one that began by `forgotten` does not count.
        """
        attempt: int | None = await self._connection.fetchval(
            _SQL["take_key"], *name.columns, fingerprint, now, given_up, forgotten
        )
        return attempt

    async def read_key(self, name: KeyName) -> KnownKey | None:
        """Return what is known of a key; None when it was released meanwhile."""
        row = await self._connection.fetchrow(_SQL["read_key"], *name.columns)
        if row is None:
            return None
        answer = None if row["status"] is None else Answer(row["status"], row["body"], row["location"])
        return KnownKey(row["fingerprint"], answer)

    async def answer_key(self, name: KeyName, attempt: int, answer: Answer) -> None:
        """Keep the answer, unless another attempt has taken over."""
        await self._connection.execute(
            _SQL["answer_key"], *name.columns, attempt, answer.status, answer.location, answer.body
        )

    async def release_key(self, name: KeyName, attempt: int) -> None:
        """Forget the key of a run that ended without an answer to keep."""
        await self._connection.execute(_SQL["release_key"], *name.columns, attempt)

    async def forget_old(self, until: datetime, most: int) -> int:
        """Delete up to `most` keys that were taken by an instant; return how many there were."""
        done: str = await self._connection.execute(_SQL["forget_old"], self._tenant, until, most)
        return int(done.rpartition(" ")[2])

    async def registered(self, sources: Iterable[str]) -> set[str]:
        """Return those of the sources that the tenant may write under."""
        rows = await self._fetch("registered", list(set(sources)))
        return {row["source"] for row in rows}

    async def known(self, keys: Iterable[UUID]) -> dict[UUID, int]:
        """Return the digests of the bodies of events that were taken already, by event key."""
        rows = await self._fetch("known", list(set(keys)))
        return {row["event_key"]: row["body_hash"] for row in rows}

    async def programmes_of_member(self, member_id: UUID, programme: str | None) -> list[ProgrammeName]:
        """Return the programmes that a member is in, two at most; `programme` is a slug."""
        rows = await self._fetch("programmes_of_member", member_id, programme)
        return [ProgrammeName(**row) for row in rows]

    async def programmes(self, programme: str | None) -> list[ProgrammeName]:
        """Return the tenant's programmes, two at most; `programme` is a slug."""
        return [ProgrammeName(**row) for row in await self._fetch("programmes", programme)]

    async def _fetch(self, query: str, *arguments: object) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(_SQL[query], self._tenant, *arguments)
        return rows


class IntakeStore:
    """The way to PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def session(self, tenant_id: int) -> AsyncIterator[Session]:
        """Open one transaction that sees this tenant alone; an exception undoes it.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(_SQL["set_tenant"], tenant_id)
            yield Session(connection, tenant_id)

    async def tenants(self) -> list[int]:
        """Return every tenant that has API keys."""
        return [row["tenant_id"] for row in await self._pool.fetch(_SQL["tenants"])]
