"""Whether others are at work: while tills credit and redeem, a sweep leaves them the processor that they want."""

from __future__ import annotations

import asyncpg

from libs.runtime import sql
from services.expiry.announcements import WRITER

_QUERIES = sql.load("services.expiry", "crowd.sql")


class Crowd:
    """Counts what other writers have put into the outbox: one worker looks, all its lanes go by what it saw."""

    def __init__(self) -> None:
        self.others = False
        self._told: int | None = None

    async def look(self, connection: asyncpg.Connection) -> None:
        """Look whether others have written anything since the last look."""
        told: int = await connection.fetchval(_QUERIES["told_by_others"], WRITER)
        self.others = self._told is not None and told != self._told
        self._told = told
