"""Where links to shared things lead, and the count of who came by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import asyncpg

from libs.catalogue import postgres as catalogue
from libs.catalogue.offering import visible
from libs.catalogue.reward import Reward
from services.gateway.catalogue.looking import for_anybody
from services.gateway.sharing import store
from services.gateway.sharing.links import Shared, ShareLinks
from services.gateway.sharing.store import Share
from services.gateway.tenant_store import tenant_transaction


@dataclass(frozen=True, slots=True)
class SharingDesk:
    """Makes and follows links, which live for so long after something was shared last."""

    pool: asyncpg.Pool
    links: ShareLinks
    lives: timedelta

    @classmethod
    def from_seal_key(cls, pool: asyncpg.Pool, key: bytes, lives: timedelta) -> Self:
        """Make a desk whose links are signed by a key derived from the platform's."""
        return cls(pool, ShareLinks.from_seal_key(key), lives)

    async def visit(self, to: Shared, now: datetime, *, counts: bool) -> Share | None:
        """Return what a link leads to, unless it has ended, or shows what is not for anybody any more.

        `counts` says that somebody looks at it.
        """
        async with tenant_transaction(self.pool, to.tenant_id) as connection:
            found = await store.find(connection, to[:2], to.share_id, now - self.lives)
            if found is None or (
                found.what == "reward" and await shown_reward(connection, to[:2], found.reference, now) is None
            ):
                return None
            if counts:
                await store.count_visit(connection, to[:2], to.share_id)
        return found


async def shown_reward(
    connection: asyncpg.Connection, scope: tuple[int, int], reference: str, now: datetime
) -> Reward | None:
    """Return a reward that anybody may see now; None when there is none."""
    kept = await catalogue.load_reward(connection, scope, reference)
    if kept is None or not (visible(kept.reward, now) and for_anybody(kept.reward)):
        return None
    return kept.reward
