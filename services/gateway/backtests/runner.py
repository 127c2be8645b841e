"""Carrying backtests out beside the requests: one of a company at a time, by one gateway each, from where it stopped.

A process of its own does the work and gives way to everything else. The lease says whose it is; the folder has what was
judged so far, so that after a crash the next process goes on there, and in another directory begins anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import msgspec

from libs.backtest.results import SUMMARY
from libs.runtime import logs
from libs.runtime.clock import Clock, happens_within
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.backtests.carrying import Done, Order, Progress, Refused, read_told, write_order
from services.gateway.backtests.store import BacktestStore, Taken
from services.gateway.metrics import BacktestMetrics
from services.gateway.settings import BacktestsPart

log = logs.get(__name__)
BROKEN = "the process that judged ended before it was done"
_PROGRAMS = Path(__file__).resolve().parents[3]
"""Where processes import from, whatever folder this one works in."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Carries out what is asked. Leases and retention are kept by the machine's `clock`."""

    store: BacktestStore
    directory: Path
    dsn: str
    settings: BacktestsPart
    clock: Clock
    metrics: BacktestMetrics
    news: asyncio.Event

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Runner]:
        """Work while the block runs; then let the work go, so that another gateway may take it at once."""
        worker = asyncio.create_task(self._work())
        try:
            yield self
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            self.news.clear()
            try:
                while (taken := await self._next()) is not None:
                    await self._see_to(taken)
            except (*DATABASE_ERRORS, OSError) as error:
                log.warning("backtest.interrupted", error=type(error).__name__)
            await happens_within(self.news, self.settings.look_every.total_seconds())

    async def _next(self) -> Taken | None:
        """Take what is next of any tenant, and forget what is old; None when there is nothing to do."""
        for tenant in await self.store.tenants():
            now = self.clock.now()
            with suppress(asyncpg.UniqueViolationError):  # another gateway took another one in this very moment
                async with self.store.session(tenant) as session:
                    await session.forget(now - self.settings.retention)
                    if (taken := await session.take(now, now + self.settings.lease)) is not None:
                        return taken
        return None

    async def _see_to(self, taken: Taken) -> None:
        """Carry one out as long as it is ours."""
        carrying, holding = asyncio.create_task(self._carry_out(taken)), asyncio.create_task(self._hold(taken))
        try:
            await asyncio.wait({carrying, holding}, return_when=asyncio.FIRST_COMPLETED)
            ours = not holding.done()
        finally:
            carrying.cancel()
            holding.cancel()
            outcomes = await asyncio.gather(carrying, holding, return_exceptions=True)
            with suppress(*DATABASE_ERRORS):
                async with self.store.session(taken.tenant_id) as session:
                    await session.let_go(taken)
        failures = [each for each in outcomes if isinstance(each, Exception)]
        if failures:
            raise failures[0]
        if ours or await self._is_over(taken):
            await asyncio.to_thread(shutil.rmtree, self._folder(taken), ignore_errors=True)

    async def _hold(self, taken: Taken) -> None:
        """Keep the lease; return when the work is not ours any more."""
        while True:
            await asyncio.sleep(self.settings.lease.total_seconds() / 6)
            async with self.store.session(taken.tenant_id) as session:
                if not await session.hold_on(taken, self.clock.now() + self.settings.lease):
                    return

    async def _is_over(self, taken: Taken) -> bool:
        """Whether somebody ended it; else another gateway has it, and maybe this very folder."""
        async with self.store.session(taken.tenant_id) as session:
            kept = await session.backtest(taken.backtest_id)
        return kept is None or kept.ended_at is not None

    async def _carry_out(self, taken: Taken) -> None:
        folder = self._folder(taken)
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.gateway.backtests"),
            cwd=_PROGRAMS,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            last = await self._follow(taken, process, write_order(self._order(taken, folder)))
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if isinstance(last, Done):
            summary = await asyncio.to_thread((folder / SUMMARY).read_text, encoding="utf-8")
            async with self.store.session(taken.tenant_id) as session:
                await session.finish(taken, folder, summary, self.clock.now())
            outcome = "done"
        else:
            async with self.store.session(taken.tenant_id) as session:
                why = last.why if isinstance(last, Refused) else BROKEN
                await session.fail(taken, why, self.clock.now())
            outcome = "failed"
        self.metrics.backtests.labels(outcome).inc()
        log.info("backtest.ended", backtest_id=str(taken.backtest_id), tenant_id=taken.tenant_id, outcome=outcome)

    async def _follow(
        self, taken: Taken, process: asyncio.subprocess.Process, order: bytes
    ) -> Progress | Refused | Done | None:
        """Give the process its order, note how far it is, and return the last that it told."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(order + b"\n")
        with suppress(ConnectionError):  # it ended at once: what it told says why
            await process.stdin.drain()
        told: Progress | Refused | Done | None = None
        async for line in process.stdout:
            told = read_told(line)
            if isinstance(told, Progress):
                async with self.store.session(taken.tenant_id) as session:
                    await session.move(taken, told.stage, told.done, told.total, told.items)
        return told

    def _order(self, taken: Taken, folder: Path) -> Order:
        return Order(
            self.dsn,
            taken.tenant_id,
            taken.programme_id,
            msgspec.json.decode(taken.document),
            taken.since,
            taken.until,
            taken.against,
            msgspec.json.decode(taken.point_values),
            str(folder),
            self.settings.workers,
        )

    def _folder(self, taken: Taken) -> Path:
        return self.directory / str(taken.backtest_id)
