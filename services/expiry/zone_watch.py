"""Watches the zone data: what it says of the boundaries ahead is remembered, and a change is told."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from libs.promotions.document import ProgrammeInvalid
from libs.runtime import logs
from libs.runtime.clock import Clock, monotonic
from libs.runtime.postgres import DATABASE_ERRORS
from libs.sweeps.calendar import turns
from libs.sweeps.moved import AHEAD, remember
from services.expiry.metrics import ExpiryMetrics
from services.expiry.store import VersionReader

log = logs.get(__name__)
_EVERY = 300.0


class ZoneWatch:
    """Looks every five minutes in every worker; whichever is first remembers, and tells of what moved."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        metrics: ExpiryMetrics,
        versions: VersionReader,
        *,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._metrics = metrics
        self._ticks = ticks
        self._versions = versions
        self._again_at: float | None = None
        self.trouble: str | None = None

    async def look(self) -> None:
        """Compute the boundaries ahead, if it is time, and compare them with those that were computed before."""
        if self._again_at is not None and self._ticks() < self._again_at:
            return
        try:
            async with self._pool.acquire() as connection:
                now = self._clock.now()
                for scope, programme in (await self._versions.load(connection)).items():
                    ahead = [turn.boundary for turn in turns(programme.periods, now, now + AHEAD)]
                    for news in await remember(connection, scope, ahead, now):
                        self._metrics.boundaries_moved.inc()
                        log.warning(
                            "boundary.moved",
                            programme=programme.programme,
                            zone=news.zone,
                            last_day=news.local_date.isoformat(),
                            was=news.was.isoformat(),
                            now_at=news.now_at.isoformat(),
                        )
        except (*DATABASE_ERRORS, ProgrammeInvalid) as error:
            self.trouble = type(error).__name__
            log.warning("boundaries.not_compared", error=self.trouble)
        else:
            self.trouble = None
            self._again_at = self._ticks() + _EVERY
