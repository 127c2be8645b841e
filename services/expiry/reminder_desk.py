"""Who sees to the steps of reminder series: lets each run when due, skips what came too late, ends what is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import asyncpg

from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.sweeps.reminders import Step, looked_back, stand, steps
from services.expiry import reminder_store
from services.expiry.metrics import ExpiryMetrics
from services.expiry.store import Programme, Scope, on_duty

log = logs.get(__name__)
_OFTEN = timedelta(hours=6)


class ReminderDesk:
    """Looks around with the overseer. The calendar is asked when something changed or a step comes due."""

    def __init__(self, clock: Clock, chunk: int, metrics: ExpiryMetrics) -> None:
        self._clock = clock
        self._chunk = chunk
        self._metrics = metrics
        self._seen: dict[Scope, tuple[Programme, datetime]] = {}

    async def look(self, connection: asyncpg.Connection, programmes: Mapping[Scope, Programme]) -> None:
        """Do what there is to do; of several workers that look at once one acts."""
        now = self._clock.now()
        after: dict[Scope, tuple[Programme, datetime]] = {}
        async with connection.transaction():
            if not await on_duty(connection):
                return
            for scope, programme in programmes.items():
                if programme.series and self._must_look(scope, programme, now):
                    after[scope] = programme, await self._open(connection, scope, programme, now)
            stopped = await reminder_store.end_overtaken(connection, now)
            await reminder_store.end_told(connection, now)
            self._metrics.reminders_running.set(await reminder_store.running(connection))
        self._seen |= after
        self._metrics.reminders_skipped.inc(stopped)

    def _must_look(self, scope: Scope, programme: Programme, now: datetime) -> bool:
        before = self._seen.get(scope)
        return before is None or before[0] != programme or now >= before[1]

    async def _open(
        self, connection: asyncpg.Connection, scope: Scope, programme: Programme, now: datetime
    ) -> datetime:
        """Open what is due, and return when to look again."""
        since = looked_back(now)
        found = steps(programme.series, programme.periods, since, now + _OFTEN)
        due = [step for step in found if step.due_at <= now]
        standing = stand(due, await reminder_store.known(connection, scope, since), now)
        for step in standing.skip:
            if await reminder_store.skip(connection, scope, step, now):
                self._metrics.reminders_skipped.inc()
                _tell("reminder.skipped", programme, step)
        for step in standing.start:
            worth = programme.worth.get(step.wallet)
            if await reminder_store.start(connection, scope, step, worth, self._chunk, now):
                _tell("reminder.started", programme, step)
        return min([step.due_at for step in found if step.due_at > now], default=now + _OFTEN)


def _tell(what: str, programme: Programme, step: Step) -> None:
    log.info(
        what,
        tenant=programme.tenant,
        programme=programme.programme,
        wallet=step.wallet,
        step=step.name,
        boundary=step.boundary.isoformat(),
    )
