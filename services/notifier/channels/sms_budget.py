"""What text messages may cost a company on a day: segments are reserved one by one, so that a cap is never passed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

import asyncpg

from libs.runtime import logs, sql
from libs.runtime.postgres import DATABASE_ERRORS

log = logs.get(__name__)
_SQL = sql.load("services.notifier", "channels.sql")
_SOON = timedelta(seconds=5)


class Budget(Protocol):
    """Says whether so many more segments may be sent today."""

    async def reserve(self, tenant_id: int, segments: int) -> timedelta | None:
        """Reserve segments; returns None when they are, else how long it is to the next day."""

    async def give_back(self, tenant_id: int, segments: int) -> None:
        """Give back what was reserved and not used."""


class NoCap:
    """No cap at all."""

    async def reserve(self, tenant_id: int, segments: int) -> timedelta | None:
        """Let everything pass."""
        return None

    async def give_back(self, tenant_id: int, segments: int) -> None:
        """Nothing was reserved."""


NO_CAP = NoCap()


class DailyCap:
    """A cap counted in PostgreSQL, the same for all workers, by days of UTC. `reached` is told of each refusal."""

    def __init__(self, pool: asyncpg.Pool, most: int, now: Callable[[], datetime], reached: Callable[[], None]) -> None:
        self._pool, self._most, self._now, self._reached = pool, most, now, reached

    async def reserve(self, tenant_id: int, segments: int) -> timedelta | None:
        """Reserve segments in one statement that adds only as long as the sum stays within the cap.

        Without PostgreSQL nothing is sent: what can't be counted may cost anything.
        """
        now = self._now()
        try:
            if segments <= self._most and await self._fits(tenant_id, now.date(), segments):
                return None
            first = await self._pool.fetchval(_SQL["refuse"], tenant_id, now.date()) == 1
        except DATABASE_ERRORS as error:
            log.warning("sms.uncounted", error=type(error).__name__)
            return _SOON
        if first:
            log.error("sms.cap_reached", tenant=tenant_id, segments_a_day=self._most)
        self._reached()
        return datetime.combine(now.date() + timedelta(days=1), time(), UTC) - now

    async def _fits(self, tenant_id: int, day: date, segments: int) -> bool:
        return await self._pool.fetchval(_SQL["reserve"], tenant_id, day, segments, self._most) is not None

    async def give_back(self, tenant_id: int, segments: int) -> None:
        """Take off what was not sent; what can't be given back stays counted."""
        try:
            await self._pool.execute(_SQL["give_back"], tenant_id, self._now().date(), segments)
        except DATABASE_ERRORS as error:
            log.warning("sms.not_given_back", error=type(error).__name__, segments=segments)
