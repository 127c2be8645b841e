"""Designs as requests read, draft and publish them, under the row-level security of the caller's tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

from libs.design import versions
from libs.design.style import Brands
from libs.design.versions import Draft, DraftKind, Kind, Version
from libs.runtime import sql
from libs.templates.images import Image
from libs.templates.postgres import add_images, load_image
from services.gateway.rules.store import RulesStore
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "landing.sql")
_MOST_DAYS = 400


class PageDay(NamedTuple):
    """How often a page was looked at and filled in on a day of UTC."""

    day: date
    visits: int
    signups: int


@dataclass(frozen=True, slots=True)
class OpenedDesigns:
    """The designs of one programme in one transaction."""

    connection: asyncpg.Connection
    slug: str
    scope: tuple[int, int]

    async def heads(self, kind: Kind) -> list[Version]:
        """Return the last version of each design of a kind."""
        return await versions.load_heads(self.connection, self.scope, kind)

    async def versions(self, kind: Kind, name: str) -> list[Version]:
        """Return the versions of a design, the last first."""
        return await versions.load_versions(self.connection, self.scope, kind, name)

    async def publish(
        self, kind: Kind, name: str, source: Mapping[str, Any], now: datetime, by: str, note: str | None
    ) -> tuple[Version, bool]:
        """Publish a design that was checked; the same again changes nothing. Its draft is over then."""
        found = await versions.publish(self.connection, self.scope, kind, name, source, now, by, note)
        await self.drop_draft(kind, name)
        return found

    async def restore(self, kind: Kind, name: str, to: int | None, now: datetime, by: str, note: str | None) -> Version:
        """Publish an earlier version again."""
        return await versions.restore(self.connection, self.scope, kind, name, to, now, by, note)

    async def brands(self) -> Brands:
        """Return the styles in force."""
        return await versions.load_brands(self.connection, self.scope)

    async def drafts(self, kind: DraftKind | None = None, name: str | None = None) -> list[Draft]:
        """Return drafts, the last saved first."""
        return await versions.load_drafts(self.connection, self.scope, kind, name)

    async def save_draft(
        self, kind: DraftKind, name: str, source: Mapping[str, Any], seen: int | None, now: datetime, by: str
    ) -> int:
        """Save a draft, and return its revision."""
        return await versions.save_draft(self.connection, self.scope, kind, name, source, seen, now, by)

    async def drop_draft(self, kind: DraftKind, name: str) -> bool:
        """Throw a draft away, and say whether there was one."""
        return await versions.drop_draft(self.connection, self.scope, kind, name)

    async def visits(self, name: str) -> list[PageDay]:
        """Return the days of a landing page, the last first."""
        rows = await self.connection.fetch(_SQL["visits"], *self.scope, name, _MOST_DAYS)
        return [PageDay(row["day"], row["visits"], row["signups"]) for row in rows]

    async def all_visits(self) -> dict[str, tuple[int, int]]:
        """Return how often each page was looked at and filled in, by name."""
        rows = await self.connection.fetch(_SQL["all_visits"], *self.scope)
        return {row["name"]: (row["visits"], row["signups"]) for row in rows}


class DesignStore:
    """The way to PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._rules = RulesStore(pool)

    @asynccontextmanager
    async def opened(self, tenant_id: int, programme: str | None) -> AsyncIterator[OpenedDesigns]:
        """Open the designs of a programme in a transaction; `programme` is a slug.

        Raises:
            ProblemError: there is none, or it has to be named.
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        async with self._rules.opened(tenant_id, programme) as opened:
            yield OpenedDesigns(opened.connection, opened.slug, opened.where.key)

    async def brands(self, scope: tuple[int, int]) -> Brands:
        """Return the styles in force of a programme."""
        async with tenant_transaction(self._pool, scope[0], reading=True) as connection:
            return await versions.load_brands(connection, scope)

    async def page(self, scope: tuple[int, int], name: str) -> Version | None:
        """Return a landing page in force."""
        async with tenant_transaction(self._pool, scope[0], reading=True) as connection:
            found = await versions.load_versions(connection, scope, "page", name, 1)
        return found[0] if found and found[0].source is not None else None

    async def count(self, scope: tuple[int, int], name: str, day: date, *, visits: int = 0, signups: int = 0) -> None:
        """Count looks at a page, or who joined by it."""
        async with tenant_transaction(self._pool, scope[0]) as connection:
            await connection.execute(_SQL["count_visit"], *scope, name, day, visits, signups)

    async def pictures(self, tenant_id: int, digests: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of pictures, of those that there are."""
        async with tenant_transaction(self._pool, tenant_id, reading=True) as connection:
            found = {digest: await load_image(connection, digest) for digest in digests}
        return {digest: image.content for digest, image in found.items() if image is not None}

    async def add_image(self, tenant_id: int, image: Image, now: datetime) -> None:
        """Store a picture; one that is there already stays."""
        async with tenant_transaction(self._pool, tenant_id) as connection:
            await add_images(connection, tenant_id, [image], now)
