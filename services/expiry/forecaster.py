"""Keeps the forecast of every programme: makes one now and then and after each sweep, and shows what comes next."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import asyncpg

from libs.promotions.document import ProgrammeInvalid
from libs.runtime import logs
from libs.runtime.clock import Clock, happens_within
from libs.runtime.postgres import DATABASE_ERRORS
from libs.sweeps.forecast import forecast
from libs.sweeps.kept import keep_outlook, load_outlook
from libs.sweeps.outlook import Lapse, Outlook, lapses
from services.expiry.forecast_store import Made, in_turn, last_made
from services.expiry.metrics import ExpiryMetrics
from services.expiry.origin_keeper import keep_origins
from services.expiry.store import Programme, Scope, VersionReader

log = logs.get(__name__)


class Forecaster:
    """Looks, in every worker, whether a forecast is due; of several that look at once one makes it, and all show it."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        every: timedelta,
        look_every: timedelta,
        metrics: ExpiryMetrics,
        versions: VersionReader,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._every = every
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
            before = made.get(scope, Made(None, None))
            if self._due(before):
                await self._make(connection, scope, programme)
            elif before.made_at is not None and self._shown.get(scope) != before.made_at:
                outlook = await load_outlook(connection, scope)
                if outlook is not None:
                    self._show(scope, programme, outlook)

    def _due(self, last: Made) -> bool:
        if last.made_at is None:
            return True
        swept = last.swept_at is not None and last.swept_at > last.made_at
        return swept or self._clock.now() - last.made_at >= self._every

    async def _make(self, connection: asyncpg.Connection, scope: Scope, programme: Programme) -> None:
        self._metrics.origins.inc(await keep_origins(connection, scope, self._stopping))
        async with connection.transaction(isolation="repeatable_read"):
            if not await in_turn(connection) or not self._due((await last_made(connection))[scope]):
                return
            outlook = await forecast(connection, scope, self._clock.now(), programme.zone)
            await keep_outlook(connection, scope, outlook)
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
