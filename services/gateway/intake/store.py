"""What the ways in read and keep in PostgreSQL, under the row-level security of the caller's tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from libs.runtime import sql
from services.gateway.tenant_store import TenantSession, TenantStore

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
class Window:
    """By when a run without an answer is given up, and an answer is forgotten; `now` is the present."""

    now: datetime
    given_up: datetime
    forgotten: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about a request: sources that have to be the tenant's, and events with digests of their bodies.

    The key is taken only if `take`, and if the event of a request that has one `alone` is not refused.
    """

    sources: Sequence[str] = ()
    events: Mapping[UUID, int] = field(default_factory=dict)
    take: bool = True
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of a request. `attempt` is the number of the run, None when the key was not taken.

    Then `holder` is what is known of it, or None when nobody has it; `refused` says that there was nothing to take it
    for. `known` gives the digests of the bodies of events that were taken already, by event key.
    """

    attempt: int | None
    holder: KnownKey | None
    refused: bool
    registered: frozenset[str]
    known: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class ProgrammeName:
    """A programme by its slug, and that of its tenant."""

    tenant: str
    programme: str


class Session(TenantSession):
    """One transaction that sees one tenant alone."""

    queries = _SQL

    async def release_key(self, name: KeyName, attempt: int) -> None:
        """Forget the key of a run that ended without an answer to keep."""
        await self._connection.execute(_SQL["release_key"], *name.columns, attempt)

    async def forget_old(self, until: datetime, most: int) -> int:
        """Delete up to `most` keys that were taken by an instant; return how many there were."""
        done: str = await self._connection.execute(_SQL["forget_old"], self._tenant, until, most)
        return int(done.rpartition(" ")[2])

    async def programmes_of_member(self, member_id: UUID, programme: str | None) -> list[ProgrammeName]:
        """Return the programmes that a member is in, two at most; `programme` is a slug."""
        rows = await self._fetch("programmes_of_member", member_id, programme)
        return [ProgrammeName(**row) for row in rows]

    async def programmes(self, programme: str | None) -> list[ProgrammeName]:
        """Return the tenant's programmes, two at most; `programme` is a slug."""
        return [ProgrammeName(**row) for row in await self._fetch("programmes", programme)]


class IntakeStore(TenantStore[Session]):
    """The way to PostgreSQL."""

    opens = Session

    async def begin(self, name: KeyName, fingerprint: bytes, window: Window, asked: Asked) -> Begun:
        """Take a key for a request, and ask about its events, in one round trip.

        A run that began by `window.given_up` without an answer is taken over, one by `window.forgotten` does not count.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        row = await self._pool.fetchrow(
            _SQL["begin_request"],
            *name.columns,
            fingerprint,
            window.now,
            window.given_up,
            window.forgotten,
            asked.take,
            asked.alone,
            list(asked.sources),
            list(asked.events),
            list(asked.events.values()),
        )
        answer = None if row["status"] is None else Answer(row["status"], row["body"], row["location"])
        return Begun(
            attempt=row["attempt"],
            holder=None if row["holder"] is None else KnownKey(row["holder"], answer),
            refused=row["refused"],
            registered=frozenset(row["registered"]),
            known=dict(zip(row["known_keys"] or (), row["known_hashes"] or (), strict=True)),
        )

    async def keep(self, name: KeyName, attempt: int, answer: Answer) -> None:
        """Keep the answer, unless another attempt has taken over.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        kept = (answer.status, answer.location, answer.body)
        await self._pool.execute(_SQL["keep_answer"], *name.columns, attempt, *kept)
