"""Measuring now and then that no point was made or lost: the conservation equation, as a metric."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning import bookkeeping_store
from services.earning.metrics import EarningMetrics

log = logs.get(__name__)


class Bookkeeping:
    """Measures the equation in one worker of many: the one that `in_charge` says it is."""

    def __init__(
        self, pool: asyncpg.Pool, clock: Clock, metrics: EarningMetrics, in_charge: Callable[[], bool]
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._metrics = metrics
        self._in_charge = in_charge

    async def measure(self) -> None:
        """Measure once; on trouble the former figures stay."""
        if not self._in_charge():
            return
        try:
            async with self._pool.acquire() as connection:
                equations = await bookkeeping_store.load_conservation(connection, self._clock.now())
        except DATABASE_ERRORS as error:
            log.warning("conservation.not_measured", error=type(error).__name__)
            return
        self._metrics.conserved(equations)
        for equation in equations:
            if equation.difference:
                log.error("conservation.broken", tenant=equation.tenant, wallet=equation.wallet)
