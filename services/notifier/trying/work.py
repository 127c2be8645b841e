"""Tries scenarios on what happened, where somebody asks for it: one at a time in each worker, beside the messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg
import orjson

from libs.language.catalogue import LANGUAGES
from libs.promotions.scenarios import Scenario
from libs.runtime import logs, sql
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from libs.scenarios.history import simulate
from libs.scenarios.told import told_of_simulated
from services.notifier.programmes import Programmes

log = logs.get(__name__)
_QUERIES = sql.load("services.notifier", "simulations.sql")
_LEASE = timedelta(minutes=30)
_KEPT = timedelta(days=30)
_ATTEMPTS = 3


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
        scope, now = (row["tenant_id"], row["programme_id"]), self._clock.now()
        rules = self._programmes.of(scope, now)
        found = None
        if rules is not None and row["attempts"] <= _ATTEMPTS:
            scenarios = [Scenario.model_validate(each) for each in orjson.loads(row["scenarios"])]
            slugs = (row["tenant"], row["programme"])
            async with self._pool.acquire() as connection:
                found = await simulate(connection, slugs, scope, scenarios, rules.zone, now, row["days"])
        result = None if found is None else {each: told_of_simulated(found, each) for each in LANGUAGES}
        packed = None if result is None else orjson.dumps(result).decode()
        named = (row["tenant_id"], row["simulation_id"], row["attempts"])
        await self._pool.execute(_QUERIES["settle"], *named, "failed" if packed is None else "done", packed, now)
        await self._pool.execute(_QUERIES["forget"], now - _KEPT)
        return True
