"""Tries scenarios on what happened, where somebody asks for it: one at a time in each worker, beside the messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from libs.language.catalogue import LANGUAGES
from libs.promotions.scenarios import Scenario
from libs.runtime import logs, sql
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from libs.scenarios.history import TooMuch, simulate
from libs.scenarios.simulating import Simulated
from libs.scenarios.told import told_of_simulated
from services.notifier.programmes import Programmes

log = logs.get(__name__)
_QUERIES = sql.load("services.notifier", "simulations.sql")
_LEASE = timedelta(minutes=30)
_KEPT = timedelta(days=30)
_ATTEMPTS = 3
_PAUSE = timedelta(minutes=1)
"""Until one is tried again that the database interrupted."""
_MOST = 250_000
"""Beginnings that one trial holds in memory, some 1 KB each."""


class Trials:
    """Looks every second or so, in every worker. `wall` is the machine's clock, by which leases go."""

    def __init__(self, pool: asyncpg.Pool, programmes: Programmes, clock: Clock, wall: Callable[[], datetime]) -> None:
        self._pool, self._programmes, self._clock, self._wall = pool, programmes, clock, wall
        self.trouble: str | None = None

    async def look(self) -> None:
        """Carry out what waits; what can't be done while the database is away is done by a later look."""
        try:
            while await self._one():
                pass
        except DATABASE_ERRORS as error:
            self.trouble = f"scenarios are not tried: {type(error).__name__}"
            log.warning("trials.interrupted", error=type(error).__name__)
        else:
            self.trouble = None

    async def _one(self) -> bool:
        """Take one and see it through; False when none waits."""
        wall = self._wall()
        row = await self._pool.fetchrow(_QUERIES["take"], wall, wall + _LEASE)
        if row is None:
            return False
        try:
            found = await self._simulated(row)
        except DATABASE_ERRORS:
            await self._pool.execute(_QUERIES["again"], *_named(row), self._wall() + _PAUSE)
            raise
        result = None if found is None else {each: told_of_simulated(found, each) for each in LANGUAGES}
        packed = None if result is None else orjson.dumps(result).decode()
        now = self._clock.now()
        await self._pool.execute(_QUERIES["settle"], *_named(row), "failed" if packed is None else "done", packed, now)
        await self._pool.execute(_QUERIES["forget"], now - _KEPT)
        return True

    async def _simulated(self, row: asyncpg.Record) -> Simulated | None:
        """Try one; None where it comes to nothing, and the log says why."""
        scope, now, told = (row["tenant_id"], row["programme_id"]), self._clock.now(), str(row["simulation_id"])
        await self._programmes.see(now)  # it may be younger than the last look
        rules = self._programmes.of(scope, now)
        if rules is None or row["attempts"] > _ATTEMPTS:
            log.warning("trial.given_up", simulation=told, attempts=row["attempts"], known=rules is not None)
            return None
        scenarios = [Scenario.model_validate(each) for each in orjson.loads(row["scenarios"])]
        slugs = (row["tenant"], row["programme"])
        try:
            async with self._pool.acquire() as connection:
                return await simulate(connection, slugs, scope, scenarios, rules.zone, now, row["days"], _MOST)
        except TooMuch as error:
            log.warning("trial.given_up", simulation=told, reason=str(error))
            return None


def _named(row: asyncpg.Record) -> tuple[int, UUID, int]:
    """A trial, as far as it is this worker's."""
    return row["tenant_id"], row["simulation_id"], row["attempts"]
