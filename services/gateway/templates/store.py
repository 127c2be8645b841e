"""Templates as requests read and publish them, under the row-level security of the caller's tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.design.style import Brands
from libs.design.versions import load_brands
from libs.messages.library import Library
from libs.messages.template import Template
from libs.templates import postgres
from libs.templates.images import Image
from libs.templates.postgres import Place, Published
from services.gateway.rules.store import RulesStore
from services.gateway.tenant_store import tenant_transaction


@dataclass(frozen=True, slots=True)
class OpenedTemplates:
    """The templates of one programme in one transaction."""

    connection: asyncpg.Connection
    slug: str
    scope: tuple[int, int]

    async def heads(self, name: str | None = None) -> list[Published]:
        """Return the last version at every place."""
        return await postgres.load_heads(self.connection, self.scope, name)

    async def versions(self, place: Place) -> list[Published]:
        """Return the versions at a place, the last first."""
        return await postgres.load_versions(self.connection, self.scope, place)

    async def library(self, name: str, language: str) -> Library:
        """Return what is taken for a message; `language` is the programme's."""
        taken = [chosen for head in await self.heads(name) if (chosen := head.taken()) is not None]
        return Library(taken, language)

    async def brands(self) -> Brands:
        """Return the styles in force."""
        return await load_brands(self.connection, self.scope)

    async def publish(self, template: Template, now: datetime, by: str, note: str | None) -> tuple[Published, bool]:
        """Publish a template; the same again changes nothing."""
        return await postgres.publish(self.connection, self.scope, template, now, by, note)

    async def restore(self, place: Place, to: int | None, now: datetime, by: str, note: str | None) -> Published:
        """Publish an earlier version again."""
        return await postgres.restore(self.connection, self.scope, place, to, now, by, note)

    async def add_images(self, images: Iterable[Image], now: datetime) -> None:
        """Store images."""
        await postgres.add_images(self.connection, self.scope[0], images, now)


class TemplateStore:
    """The way to PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._rules = RulesStore(pool)

    @asynccontextmanager
    async def opened(self, tenant_id: int, programme: str | None) -> AsyncIterator[OpenedTemplates]:
        """Open the templates of a programme in a transaction; `programme` is a slug.

        Raises:
            ProblemError: there is none, or it has to be named.
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        async with self._rules.opened(tenant_id, programme) as opened:
            yield OpenedTemplates(opened.connection, opened.slug, opened.where.key)

    async def image(self, digest: str) -> Image | None:
        """Return an image, whosever it is."""
        async with tenant_transaction(self._pool, 0, reading=True) as connection:
            return await postgres.load_image(connection, digest)
