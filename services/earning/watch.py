"""Keeping the snapshot of programmes fresh while batches go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import asyncpg

from libs.judging import postgres as programme_store
from libs.judging.postgres import Digests
from libs.judging.programmes import Programmes, by_prefix
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning.metrics import EarningMetrics
from services.earning.watch_store import say_loaded

log = logs.get(__name__)
_RETRY = 0.5


class ProgrammeWatch:
    """Keeps the snapshot of programmes fresh; compiling runs in a thread, beside the batches.

    `instance` is the name under which it tells what it has loaded, `wall` the machine's clock, by which it does.
    """

    def __init__(
        self, pool: asyncpg.Pool, metrics: EarningMetrics, instance: str, wall: Callable[[], datetime]
    ) -> None:
        self._pool = pool
        self._metrics = metrics
        self._instance = instance
        self._wall = wall
        self._compiler = programme_store.Compiler()
        self._loaded: Digests | None = None
        self._loading = asyncio.Lock()
        self._started = False
        self.current: Programmes = by_prefix((), {})

    def trouble(self) -> str | None:
        """What keeps receipts from being judged."""
        return None if self._loaded is not None else "programmes not loaded"

    async def start(self) -> None:
        """Load for the first time; receipts that come before this succeeds must wait."""
        self._started = True
        while self._loaded is None:
            await self.refresh()
            if self._loaded is None:
                await asyncio.sleep(_RETRY)

    async def refresh(self) -> None:
        """Load anew what has changed, and say so; on failure the former snapshot goes on."""
        if not self._started:
            return
        try:
            async with self._loading:
                self._loaded = await self._load(self._loaded)
        except (*DATABASE_ERRORS, programme_store.ProgrammeInvalid, programme_store.MappingInvalid) as error:
            self._metrics.reload_failures.inc()
            log.warning("programmes.not_loaded", error=type(error).__name__)

    async def _load(self, loaded: Digests | None) -> Digests:
        async with self._pool.acquire() as connection:
            there = await programme_store.load_digests(connection)
            if loaded is None or there.rules != loaded.rules:
                stored = await programme_store.load_programmes(connection)
                self.current = await asyncio.to_thread(self._compiler.compile, stored)
                count = len({programme.key for programme in self.current.prefixes.values()})
                self._metrics.programmes.set(count)
                log.info("programmes.loaded", programmes=count)
            elif there.switches != loaded.switches:
                stops = await programme_store.load_stops(connection)
                self.current = self.current.stopped(stops)
                off, blocked = (sum(map(len, each.values())) for each in stops)
                log.info("switches.loaded", off=off, blocked=blocked)
            await say_loaded(connection, self._instance, there, self._wall())
        return there
