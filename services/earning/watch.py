"""Keeping the snapshot of programmes fresh while batches go on."""

from __future__ import annotations

import asyncio

import asyncpg

from libs.judging import postgres as programme_store
from libs.judging.programmes import Programmes, by_prefix
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning.metrics import EarningMetrics

log = logs.get(__name__)
_RETRY = 0.5


class ProgrammeWatch:
    """Keeps the snapshot of programmes fresh; compiling runs in a thread, beside the batches."""

    def __init__(self, pool: asyncpg.Pool, metrics: EarningMetrics) -> None:
        self._pool = pool
        self._metrics = metrics
        self._fingerprint: str | None = None
        self._started = False
        self.current: Programmes = by_prefix((), {})

    def trouble(self) -> str | None:
        """What keeps receipts from being judged."""
        return None if self._fingerprint is not None else "programmes not loaded"

    async def start(self) -> None:
        """Load for the first time; receipts that come before this succeeds must wait."""
        self._started = True
        while self._fingerprint is None:
            await self.refresh()
            if self._fingerprint is None:
                await asyncio.sleep(_RETRY)

    async def refresh(self) -> None:
        """Load anew if something changed; on failure the former snapshot goes on."""
        if not self._started:
            return
        try:
            async with self._pool.acquire() as connection:
                fingerprint = await programme_store.programmes_fingerprint(connection)
                if fingerprint == self._fingerprint:
                    return
                stored = await programme_store.load_programmes(connection)
            self.current = await asyncio.to_thread(programme_store.compile_programmes, stored)
            self._fingerprint = fingerprint
        except (*DATABASE_ERRORS, programme_store.ProgrammeInvalid, programme_store.MappingInvalid) as error:
            self._metrics.reload_failures.inc()
            log.warning("programmes.not_loaded", error=type(error).__name__)
            return
        count = len({programme.key for programme in self.current.prefixes.values()})
        self._metrics.programmes.set(count)
        log.info("programmes.loaded", programmes=count)
