"""What changes over time while a backlog is drained: progress, memory, the size of the database."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from tests.bench.stage import QUERIES, Stage
from tests.bench.usage import memory_mb, resident_mb
from tests.support.stack import Worker

_EVERY = 2.0
_WIDTH = 60
_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Sample:
    """A moment: seconds since the beginning, records consumed since then, and MB (10^6 bytes).

    `worker_mb` is what the largest worker has resident; PostgreSQL counts what its processes share once.
    """

    seconds: float
    records: int
    worker_mb: float
    postgres_mb: float
    broker_mb: float
    database_mb: float


@contextlib.asynccontextmanager
async def sampled(stage: Stage, workers: Sequence[Worker]) -> AsyncIterator[list[Sample]]:
    """Take samples as long as the block runs, the first at its beginning and the last at its end."""
    async with stage.connection() as connection:
        samples: list[Sample] = []
        began, first = time.monotonic(), (await connection.fetchrow(QUERIES["progress"]))["consumed"]

        async def take() -> None:
            consumed = (await connection.fetchrow(QUERIES["progress"]))["consumed"]
            size = await connection.fetchval(QUERIES["size"])
            largest = max(resident_mb(worker.process.pid) for worker in workers)
            postgres, broker = (memory_mb(pid) for pid in stage.servers)
            samples.append(Sample(time.monotonic() - began, consumed - first, largest, postgres, broker, size / 1e6))

        over = asyncio.Event()

        async def again_and_again() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), _EVERY)
                await take()

        await take()
        async with asyncio.TaskGroup() as group:
            group.create_task(again_and_again())
            try:
                yield samples
            finally:
                over.set()


def columns(samples: Sequence[Sample]) -> dict[str, list[float]]:
    """Samples by column, rounded."""
    rows: list[dict[str, Any]] = [asdict(sample) for sample in samples]
    return {name: [round(row[name], 1) for row in rows] for name in (rows[0] if rows else ())}


def rates(samples: Sequence[Sample], step: int) -> list[int]:
    """Records a second for every `step` records, interpolated between samples."""
    crossed: list[float] = []
    for before, after in pairwise(samples):
        while after.records > before.records and before.records <= len(crossed) * step <= after.records:
            share = (len(crossed) * step - before.records) / (after.records - before.records)
            crossed.append(before.seconds + share * (after.seconds - before.seconds))
    return [round(step / (end - begin)) for begin, end in pairwise(crossed) if end > begin]


def chart(series: dict[str, list[float]]) -> str:
    """Lay columns out as bars over time, each from 0 to its own maximum."""
    lines = []
    names = [name for name in series if name != "seconds"]
    width = max((len(name) for name in names), default=0)
    for name in names:
        values = series[name]
        most = max(values, default=0) or 1
        picked = [values[at * len(values) // _WIDTH] for at in range(_WIDTH)] if len(values) > _WIDTH else values
        bars = "".join(_BARS[max(0, min(8, round(value / most * 8)))] for value in picked)
        lines.append(f"{name:<{width}}  {bars:<{_WIDTH}}  {min(values):,.0f} to {max(values):,.0f}")
    return "\n".join(lines)
