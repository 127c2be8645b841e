"""Forgetting files: a while after they came, their bytes, what is known of them, and what was told of their rows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.files.shelf import Shelf
from services.gateway.files.store import FileStore

log = logs.get(__name__)
_EVERY = 60.0
_REJECTS_AT_ONCE = 5_000
_LEFT_OVER = timedelta(hours=1)
"""Bytes that nobody knows of are left over from a stop when they have not been written for so long."""
LOST = "nobody could bring it in: its bytes lie where no gateway looks"


@dataclass(frozen=True, slots=True)
class FilePurge:
    """Forgets files that came `retention` ago."""

    store: FileStore
    shelf: Shelf
    retention: timedelta
    clock: Clock

    async def run(self) -> None:
        """Go on until cancelled; what can't be done now is left for the next time."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.once()
            except DATABASE_ERRORS as error:
                log.warning("file.not_forgotten", error=type(error).__name__)

    async def once(self) -> None:
        """Forget what is old.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        now = self.clock.now()
        left_over = await asyncio.to_thread(self.shelf.untouched_since, now - _LEFT_OVER)
        known: set[UUID] = set()
        gone: list[UUID] = []
        for tenant in await self.store.tenants():
            async with self.store.session(tenant) as session:
                await session.lose(now - self.retention, LOST, now)
                gone += await session.forget(now - self.retention, _REJECTS_AT_ONCE)
                known |= await session.kept_of(left_over)
        for file_id in (*gone, *(set(left_over) - known)):
            await asyncio.to_thread(self.shelf.remove, file_id)
