"""Sessions whose owners have signed out: until no text of theirs could count any more, they are kept in PostgreSQL.

Each request of a page looks there, by one statement on the primary key: so that all gateways know of it at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from libs.runtime import sql
from services.gateway.site.sessions import Session
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "sessions.sql")


class EndedSessions(NamedTuple):
    """Where it is kept which sessions were ended."""

    pool: asyncpg.Pool

    async def end(self, tenant_id: int, session: Session, now: datetime) -> None:
        """End a session for good, and forget those of the company that would be over by now anyway."""
        async with tenant_transaction(self.pool, tenant_id) as connection:
            await connection.execute(_SQL["end_session"], tenant_id, session.session_id, session.last)
            await connection.execute(_SQL["forget_sessions"], tenant_id, now)

    async def has(self, tenant_id: int, session: Session) -> bool:
        """Whether a session was ended."""
        found: bool = await self.pool.fetchval(_SQL["session_ended"], tenant_id, session.session_id)
        return found
