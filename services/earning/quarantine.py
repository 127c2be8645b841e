"""Campaigns whose expressions run out of what they may cost are switched off, until a person has looked.

One such receipt costs a millisecond; a campaign that does it to every receipt would slow down all others. It pays
nothing meanwhile anyway, for an expression that fails never does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import asyncpg

from libs.programmes.postgres import publishing, turn_off
from libs.programmes.switchboard import SwitchesFull
from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning.metrics import EarningMetrics
from services.earning.outcome import CampaignName

log = logs.get(__name__)
FAILURES = 5
"""So many receipts of one worker have a campaign switched off."""
BY = "pointstream"
NOTE = "Its expression ran out of what one may cost, again and again."


class Quarantine:
    """Switches off what `counters`, one of each handler, have counted; what the database refuses is tried again."""

    def __init__(
        self, pool: asyncpg.Pool, counters: Sequence[Counter[CampaignName]], clock: Clock, metrics: EarningMetrics
    ) -> None:
        self._pool = pool
        self._counters = counters
        self._clock = clock
        self._metrics = metrics

    async def run(self) -> None:
        """Switch off each campaign that has failed so often since it was last looked at; raises nothing."""
        failed = sum(self._counters, Counter())
        for name, times in failed.items():
            if times >= FAILURES and await self._switched_off(*name):
                for counter in self._counters:
                    counter.pop(name, None)

    async def _switched_off(self, tenant: int, programme: int, campaign: str) -> bool:
        key = (tenant, programme)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await publishing(connection, key)
                _, new = await turn_off(connection, key, "campaign", campaign, self._clock.now(), BY, NOTE)
        except (*DATABASE_ERRORS, SwitchesFull) as error:
            log.warning("campaign.not_switched_off", campaign=campaign, error=type(error).__name__)
            return False
        if new:
            self._metrics.quarantined.inc()
            log.error("campaign.switched_off", tenant=tenant, programme=programme, campaign=campaign)
        return True
