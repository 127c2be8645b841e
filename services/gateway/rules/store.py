"""Programmes as requests read and publish them, under the row-level security of the caller's tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.programmes import postgres
from libs.programmes.draft import Draft
from libs.programmes.plan import Plan, Wish
from libs.programmes.postgres import Publication, Where
from libs.programmes.switchboard import Switch
from libs.programmes.versions import StoredVersion, Versions
from libs.promotions.programme import Programme
from libs.runtime import sql
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "rules.sql")


@dataclass(frozen=True, slots=True)
class Opened:
    """One programme in one transaction."""

    connection: asyncpg.Connection
    slug: str
    where: Where

    async def lock(self) -> None:
        """Wait until nobody else publishes, up to the end of the transaction."""
        await postgres.publishing(self.connection, self.where.key)

    async def versions(self, now: datetime) -> Versions:
        """Return all versions, with the documents that matter now."""
        return await postgres.load_versions(self.connection, self.where.key, now)

    async def documents(self, numbers: Iterable[int]) -> dict[int, Programme]:
        """Return the documents of some versions, by number."""
        return await postgres.load_documents(self.connection, self.where.key, numbers)

    async def document(self, number: int) -> Programme:
        """Return the document of a version.

        Raises:
            ProblemError: 404, there is none.
        """
        found = await postgres.load_documents(self.connection, self.where.key, [number])
        if number not in found:
            raise ProblemError("version-unknown")
        return found[number]

    async def to_restore(self, number: int | None, now: datetime) -> Draft:
        """Return the document of an earlier version, to be taken up again."""
        return await postgres.draft_to_restore(self.connection, self.where.key, number, now)

    async def look_ahead(self, draft: Draft, wish: Wish, now: datetime) -> Plan:
        """Say what publishing a draft now would do."""
        return (await postgres.look_ahead(self.connection, self.where, draft, wish, now))[1]

    async def publish(self, draft: Draft, wish: Wish, publication: Publication) -> tuple[Plan, StoredVersion]:
        """Publish a draft, if it says anything new."""
        return await postgres.publish(self.connection, self.where, draft, wish, publication)

    async def switches(self, *, turned_on_too: bool = False, most: int = 1_000) -> list[Switch]:
        """Return the switches that are off, newest first; or all that ever were."""
        return await postgres.load_switches(self.connection, self.where.key, turned_on_too=turned_on_too, most=most)

    async def used(self, keys: Sequence[str]) -> dict[str, int]:
        """Return what limits have used, by the key of the counter; what is not there has used nothing."""
        return await postgres.load_used(self.connection, self.where.key, keys)

    async def turn_off(self, kind: str, value: str, now: datetime, by: str, note: str | None) -> tuple[Switch, bool]:
        """Turn a switch off, and say whether that is new."""
        return await postgres.turn_off(self.connection, self.where.key, kind, value, now, by, note)

    async def turn_on(self, kind: str, value: str, now: datetime, by: str, note: str | None) -> Switch | None:
        """Turn a switch on again; None when it is not off."""
        return await postgres.turn_on(self.connection, self.where.key, kind, value, now, by, note)


class RulesStore:
    """The way to PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def opened(self, tenant_id: int, programme: str | None) -> AsyncIterator[Opened]:
        """Open one programme of a tenant in a transaction, which an exception undoes; `programme` is a slug.

        Raises:
            ProblemError: there is none, or it has to be named.
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        async with tenant_transaction(self._pool, tenant_id) as connection:
            found = await connection.fetch(_SQL["programmes"], tenant_id, programme)
            if not found:
                raise ProblemError("programme-unknown")
            if len(found) > 1:
                raise ProblemError(
                    "programme-needed", errors=[FieldError(pointer="/query/programme", detail="name one programme")]
                )
            programme_id, slug, zone, currency = found[0]
            yield Opened(connection, slug, Where((tenant_id, programme_id), zone, currency))
