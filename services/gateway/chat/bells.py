"""Waiting for something to happen in a talk: at once where it happens here, else by one look a moment for all who wait.

However many pages wait, a gateway asks PostgreSQL twice a second once for each company of theirs, and not at all while
nobody waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from libs.contacts.vault import MemberName
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.chat.store import load_changes
from services.gateway.tenant_store import tenant_transaction

log = logs.get(__name__)
MOST_SECONDS = 8
"""So long somebody may wait: less than what a gateway leaves requests to end in when it stops."""
_EVERY = 0.5
_MOST_WAITING = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    known: int
    rung: asyncio.Event


@dataclass(slots=True)
class Bells:
    """Everybody who waits at this gateway."""

    pool: asyncpg.Pool
    _waiting: dict[MemberName, set[_Waiter]] = field(default_factory=dict)
    _looking: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Bells]:
        """Let nobody wait any more after the block."""
        try:
            yield self
        finally:
            if self._looking is not None:
                self._looking.cancel()
                await asyncio.gather(self._looking, return_exceptions=True)

    async def wait(self, name: MemberName, known: int, seconds: float) -> bool:
        """Wait until a talk has got further than is known; return whether it has. Too many who wait do not."""
        if seconds <= 0 or sum(map(len, self._waiting.values())) >= _MOST_WAITING:
            return False
        waiter = _Waiter(known, asyncio.Event())
        self._waiting.setdefault(name, set()).add(waiter)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds):
                await waiter.rung.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting[name].discard(waiter)
            if not self._waiting[name]:
                del self._waiting[name]
        return True

    def ring(self, name: MemberName) -> None:
        """Say that something has happened in a talk."""
        for waiter in self._waiting.get(name, ()):
            waiter.rung.set()

    async def _look(self) -> None:
        """Look for what happened at other gateways, while anybody waits."""
        while self._waiting:
            for tenant_id in {name[0] for name in self._waiting}:
                try:
                    await self._look_at(tenant_id)
                except DATABASE_ERRORS as error:
                    log.warning("chats.not_read", error=type(error).__name__)
            await asyncio.sleep(_EVERY)

    async def _look_at(self, tenant_id: int) -> None:
        names: list[tuple[int, UUID]] = [name[1:] for name in self._waiting if name[0] == tenant_id]
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            changes = await load_changes(connection, tenant_id, names)
        for (programme_id, member_id), change in changes.items():
            for waiter in self._waiting.get((tenant_id, programme_id, member_id), ()):
                if waiter.known != change:
                    waiter.rung.set()
