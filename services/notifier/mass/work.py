"""Counts mass messages and lays them down, a portion at a time, in every worker: whoever comes first acts.

A portion is one transaction with the place up to which it went, so that whatever ends in between repeats nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.mass.counts import Count
from libs.mass.postgres import steer
from libs.runtime import logs
from libs.runtime.clock import Clock, monotonic
from libs.runtime.failpoint import reach
from libs.runtime.postgres import DATABASE_ERRORS
from services.notifier import announcements
from services.notifier.deliveries import TRY_NEXT, Delivery, next_delivery
from services.notifier.desk import Desk
from services.notifier.domain import Drop, Verdict
from services.notifier.intake import enqueue
from services.notifier.mass import store
from services.notifier.mass.portions import deliveries_of, left_to_one, portion, tally
from services.notifier.mass.store import OURS, Mass
from services.notifier.metrics import NotifierMetrics
from services.notifier.programmes import Programmes, Rules
from services.notifier.store import queue

log = logs.get(__name__)
_PORTION = 500
_WINDOW = 5_000
"""So many deliveries of a mass message lie before the lanes at most: what is paused or called off stops soon."""
_LONG = 5.0
"""Seconds that one look spends on one mass message."""


class MassWork:
    """Looks every second or so. `portion` members are taken at once."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        desk: Desk,
        programmes: Programmes,
        clock: Clock,
        metrics: NotifierMetrics,
        committed: Callable[[Iterable[str]], None],
        woken: Callable[[Iterable[str]], None],
        *,
        portion: int = _PORTION,
        window: int = _WINDOW,
    ) -> None:
        self._pool = pool
        self._desk = desk
        self._programmes = programmes
        self._clock = clock
        self._metrics = metrics
        self._committed = committed
        self._wake = woken
        self._portion = portion
        self._window = window
        self.trouble: str | None = None

    async def look(self) -> None:
        """Look once; what can't be done while the database is away is done by the next look."""
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await store.begin(connection, self._clock.now())
            for mass in await store.under_way(self._pool):
                await self._further(mass)
        except DATABASE_ERRORS as error:
            self.trouble = f"mass messages stand still: {type(error).__name__}"
            log.warning("mass.interrupted", error=type(error).__name__)
            self._metrics.interruptions.inc()
        else:
            self.trouble = None

    async def _further(self, mass: Mass) -> None:
        rules = self._programmes.of(mass.scope, self._clock.now())
        if rules is None:
            return
        until = monotonic() + _LONG
        found: Mass | None = mass
        while found is not None and monotonic() < until:
            found = await (self._count(found, rules) if found.state == "counting" else self._lay(found, rules))

    async def _count(self, mass: Mass, rules: Rules) -> Mass | None:
        """Count a portion, and return how it stands then; None when there is nothing more to count."""
        now = self._clock.now()
        at = now if mass.starts_at is None else max(now, mass.starts_at)
        members = await store.members_of(self._pool, mass, mass.count_after, self._portion)
        counts = await self._foreseen(mass, rules, members, at)
        last = len(members) < self._portion
        async with self._pool.acquire() as connection, connection.transaction():
            added = await store.add_counted(connection, mass, members, counts, now, last=last)
            if last and added and mass.made_by == OURS:
                above = rules.messages.approval_above
                await steer(connection, mass.scope, mass.mass_id, "send", OURS, now, above)
            reach("before-commit")
        self._metrics.mass.labels("counted").inc(len(members) if added else 0)
        if last or not added:
            return None
        return mass._replace(counted=mass.counted + len(members), count_after=members[-1])

    async def _foreseen(self, mass: Mass, rules: Rules, members: Sequence[UUID], at: datetime) -> list[Count]:
        """What would be decided for members, channel by channel until one is reached or none is left."""
        going = deliveries_of(mass, rules.tenant, members, at)
        settled: list[tuple[Delivery, Verdict]] = []
        while going:
            verdicts = await self._desk.foresee(going, rules, at)
            following = []
            for delivery, verdict in zip(going, verdicts, strict=True):
                after = None
                if isinstance(verdict, Drop) and verdict.reason in TRY_NEXT:
                    after = next_delivery(rules.tenant, delivery)
                if after is None:
                    settled.append((delivery, verdict))
                else:
                    following.append(after)
            going = following
        return tally(settled)

    async def _lay(self, mass: Mass, rules: Rules) -> Mass | None:
        """Lay a portion down, and return how it stands then; None when there is no more to do for now."""
        now, begins_at = self._clock.now(), mass.begins_at
        assert begins_at is not None
        if mass.laid_at is not None:
            await store.finish(self._pool, mass, now)
            return None
        most = min(portion(mass, await store.in_hand(self._pool, mass, self._window), self._window, now), self._portion)
        over = now >= begins_at + timedelta(hours=mass.wanted.useful_hours)
        members = [] if over else await store.members_of(self._pool, mass, mass.lay_after, most + 1)
        last, members = len(members) <= most, members[:most]
        if not last and left_to_one(mass) == 0:
            await store.outgrown(self._pool, mass)
            return None
        if not members and not last:
            return None
        deliveries = deliveries_of(mass, rules.tenant, members, begins_at)
        async with self._pool.acquire() as connection, connection.transaction():
            if not await store.add_laid(connection, mass, members, now, last=last):
                return None
            new = await queue(connection, deliveries, [now] * len(deliveries), now, first=True)
            told = [
                (each, announcements.queued(rules.tenant, rules.programme, each, now, now))
                for each in deliveries
                if each.delivery_id in new
            ]
            shards = announcements.by_shard(told)
            await enqueue(connection, shards, now)
            reach("before-commit")
        self._metrics.mass.labels("laid").inc(len(members))
        self._committed(shards)
        self._wake({each.channel for each in deliveries})
        upto = members[-1] if members else mass.lay_after
        return mass._replace(laid=mass.laid + len(members), lay_after=upto, laid_at=now if last else None)
