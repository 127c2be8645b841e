"""Where links to shared things lead, and the count of who came by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import asyncpg

from services.gateway.sharing import store
from services.gateway.sharing.links import Shared, ShareLinks
from services.gateway.sharing.store import Share
from services.gateway.tenant_store import tenant_transaction


@dataclass(frozen=True, slots=True)
class SharingDesk:
    """Makes and follows links."""

    pool: asyncpg.Pool
    links: ShareLinks

    @classmethod
    def from_seal_key(cls, pool: asyncpg.Pool, key: bytes) -> Self:
        """Make a desk whose links are signed by a key derived from the platform's."""
        return cls(pool, ShareLinks.from_seal_key(key))

    async def visit(self, to: Shared, *, counts: bool) -> Share | None:
        """Return what a link leads to; `counts` says that somebody looks at it."""
        async with tenant_transaction(self.pool, to.tenant_id) as connection:
            found = await store.find(connection, to[:2], to.share_id)
            if found is not None and counts:
                await store.count_visit(connection, to[:2], to.share_id)
        return found
