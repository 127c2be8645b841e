"""Keeps the forecast of every programme: follows what happens, keeps some for good, shows what comes next."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from libs.promotions.document import ProgrammeInvalid
from libs.runtime import logs
from libs.runtime.clock import Clock, happens_within, monotonic
from libs.runtime.postgres import DATABASE_ERRORS
from libs.sweeps.forecast import forecast
from libs.sweeps.kept import keep_outlook, load_outlook
from libs.sweeps.outlook import Lapse, Outlook, lapses
from services.expiry.forecast_store import Made, in_turn, last_made
from services.expiry.metrics import ExpiryMetrics
from services.expiry.origin_keeper import keep_origins
from services.expiry.store import Programme, Scope, VersionReader

log = logs.get(__name__)
_RESTS = 30.0
"""So many times as long as it took to follow, a worker rests: it takes a thirtieth of a processor at most."""


class ForecastPace(NamedTuple):
    """At which age a forecast is kept for good, and at which the latest follows what happened."""

    every: timedelta
    follow: timedelta


class Forecaster:
    """Looks, in every worker, whether a forecast is due; of several that look at once one makes it, and all show it."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        pace: ForecastPace,
        look_every: timedelta,
        metrics: ExpiryMetrics,
        versions: VersionReader,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._pace = pace
        self._rests: dict[Scope, float] = {}
        self._look_every = look_every.total_seconds()
        self._metrics = metrics
        self._versions = versions
        self._shown: dict[Scope, datetime] = {}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Make no further forecast."""
        self._stopping.set()

    async def run(self) -> None:
        """Look until `stop`; on trouble the next look does what this one did not."""
        while not self._stopping.is_set():
            try:
                async with self._pool.acquire() as connection:
                    await self.look(connection)
            except (*DATABASE_ERRORS, ProgrammeInvalid) as error:
                log.warning("forecast.not_made", error=type(error).__name__)
            await happens_within(self._stopping, self._look_every)

    async def look(self, connection: asyncpg.Connection) -> None:
        """Make the forecasts that are due, and show the last of each programme."""
        programmes = await self._versions.load(connection)
        made = await last_made(connection)
        for scope, programme in programmes.items():
            before = made.get(scope, Made(None, None, None, sweeping=False))
            if before.sweeping:
                continue  # a sweep changes what everybody has, and the sums follow it once, when it is over
            if self._due(before) or self._follows(scope, before):
                await self._make(connection, scope, programme)
            elif before.latest_at is not None and self._shown.get(scope) != before.latest_at:
                outlook = await load_outlook(connection, scope)
                if outlook is not None:
                    self._show(scope, programme, outlook)

    def _due(self, last: Made) -> bool:
        """Whether one is to be kept for good."""
        if last.made_at is None:
            return True
        swept = last.swept_at is not None and last.swept_at > last.made_at
        return swept or self._clock.now() - last.made_at >= self._pace.every

    def _follows(self, scope: Scope, last: Made) -> bool:
        """Whether the latest is old, and this worker has rested since it made one."""
        old = last.latest_at is None or self._clock.now() - last.latest_at >= self._pace.follow
        return old and monotonic() >= self._rests.get(scope, 0.0)

    async def _make(self, connection: asyncpg.Connection, scope: Scope, programme: Programme) -> None:
        began, now = monotonic(), self._clock.now()
        self._metrics.foreseen.inc(await keep_origins(connection, scope, now, programme.zone, self._stopping))
        async with connection.transaction(isolation="repeatable_read"):
            if not await in_turn(connection):
                return
            last = (await last_made(connection))[scope]
            for_good = self._due(last)
            if not for_good and not self._follows(scope, last):
                return
            outlook = await forecast(connection, scope, self._clock.now(), programme.zone)
            await keep_outlook(connection, scope, outlook, for_good=for_good)
        self._rests[scope] = monotonic() + _RESTS * (monotonic() - began)
        if for_good:
            log.info("forecast.made", tenant=programme.tenant, programme=programme.programme)
        self._show(scope, programme, outlook)

    def _show(self, scope: Scope, programme: Programme, outlook: Outlook) -> None:
        self._shown[scope] = outlook.as_of
        coming = next_lapses(lapses(outlook, programme.worth, ()), outlook.as_of)
        self._metrics.show_next((programme.tenant, programme.programme), outlook.as_of, coming)


def next_lapses(found: list[Lapse], after: datetime) -> list[Lapse]:
    """Return of each wallet what lapses next; none of a wallet whose points never do."""
    first: dict[str, Lapse] = {}
    for each in found:
        if each.lapses_at is not None and each.lapses_at > after and each.whole.points:
            first.setdefault(each.wallet, each)
    return list(first.values())
