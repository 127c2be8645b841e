"""Ending talks: what was answered and has been silent is closed, and what has been closed for long is forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import asyncpg

from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.chat.store import close_silent, forget_closed
from services.gateway.settings import ChatPart
from services.gateway.tenant_store import tenant_transaction, tenants

log = logs.get(__name__)
_EVERY = 600.0
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ChatPurge:
    """Closes and forgets by the settings."""

    pool: asyncpg.Pool
    wanted: ChatPart
    clock: Clock

    async def run(self) -> None:
        """Go on until cancelled; what can't be done now is left for the next time."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.once()
            except DATABASE_ERRORS as error:
                log.warning("chats.not_forgotten", error=type(error).__name__)

    async def once(self) -> int:
        """Close and forget what is old, and return how many talks were forgotten.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        now, forgotten = self.clock.now(), 0
        for tenant_id in await tenants(self.pool):
            gone = _AT_ONCE
            while gone == _AT_ONCE:
                async with tenant_transaction(self.pool, tenant_id) as connection:
                    await close_silent(connection, tenant_id, now - self.wanted.silence, now)
                    gone = await forget_closed(connection, tenant_id, now - self.wanted.retention, _AT_ONCE)
                forgotten += gone
        return forgotten
