"""How fast a backlog is drained, and what that costs.

The workers are started, warmed up on a few thousand receipts and then frozen (SIGSTOP) while another process produces
the backlog; thawing them starts the measurement. So neither starting a process nor making receipts is measured, and
the workers begin with nothing fetched. It ends when every position has reached the end of its log and
`loyalty.points` holds all events of all receipts, acknowledged by the broker.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.bench.load import Order, Produced
from tests.bench.population import PARTITIONS
from tests.bench.stage import QUERIES, Stage
from tests.bench.usage import Cpu, cpu_now, machine_seconds, peak_memory_mb, tree_seconds
from tests.support.stack import Worker, until

PURCHASES, POINTS = "loyalty.purchases", "loyalty.points"
EVENTS_A_RECEIPT = 2  # what became of it, and one credit
_QUIET = 0.3
_LOOK, _LOOK_CLOSELY = 0.1, 0.01
_MOST_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Drained:
    """A backlog of `receipts` drained in `seconds`."""

    receipts: int
    seconds: float
    cpu: Cpu
    rss_mb: float
    others: float
    """Processors that other processes kept busy meanwhile, on average: what disturbed the measurement."""

    @property
    def per_second(self) -> float:
        """Receipts a second."""
        return self.receipts / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Processor time that the worker and PostgreSQL spent on a receipt."""
        return self.per_million(self.cpu.worker + self.cpu.postgres)

    def per_million(self, seconds: float) -> float:
        """Processor seconds as they would be for a million receipts."""
        return seconds * 1e6 / self.receipts


@dataclass(slots=True)
class Sent:
    """Everything that this benchmark has produced to purchases so far."""

    members: int
    until: str
    receipts: int = 0
    points: int = 0

    def add(self, produced: Produced) -> None:
        """Count what was produced."""
        self.receipts += produced.receipts
        self.points += produced.points


async def produce(
    stage: Stage, sent: Sent, count: int, *, rate: float | None = None, start: float | None = None
) -> Produced:
    """Have the load process produce the next `count` receipts, at a rate from a moment if these are given."""
    order = Order(stage.kafka.bootstrap, PURCHASES, sent.receipts, count, sent.members, sent.until, rate, start)
    produced = Produced(**await stage.load.ask(asdict(order)))
    sent.add(produced)
    return produced


async def drain(stage: Stage, sent: Sent, workers: list[Worker], count: int, warm_up: int) -> Drained:
    """Let running workers drain a fresh backlog of `count` receipts, after a warm-up of `warm_up`."""
    async with Watch.over(stage, sent) as watch:
        await produce(stage, sent, warm_up)
        await watch.finished()
        await asyncio.sleep(_QUIET)
        for worker in workers:
            worker.freeze()
        await asyncio.sleep(_QUIET)  # whatever was on its way to them has arrived
        produced = await produce(stage, sent, count)
        stage.tell(f"backlog of {count:,} receipts, {produced.bytes // produced.receipts} bytes each")
        await watch.connection.execute(QUERIES["checkpoint"])
        pids = [worker.process.pid for worker in workers]
        await stage.begin_profiles(workers)
        everything, own = machine_seconds(), tree_seconds(os.getpid())
        before, began = cpu_now(pids, *stage.servers), time.monotonic()
        for worker in workers:
            worker.thaw()
        await watch.finished(count)
        seconds = time.monotonic() - began
        cpu = cpu_now(pids, *stage.servers) - before
        ours = tree_seconds(os.getpid()) - own  # the whole benchmark: everything that it has started is below it
        others = max(0.0, machine_seconds() - everything - ours) / seconds
        result = Drained(count, seconds, cpu, max(peak_memory_mb(pid) for pid in pids), others)
        await stage.keep_statements(count)
        await watch.settled()
        return result


class Watch:
    """Sees how far the workers have come."""

    def __init__(self, stage: Stage, sent: Sent, connection: asyncpg.Connection, reader: AIOKafkaConsumer) -> None:
        self._stage = stage
        self._sent = sent
        self._reader = reader
        self.connection = connection

    @classmethod
    @contextlib.asynccontextmanager
    async def over(cls, stage: Stage, sent: Sent) -> AsyncIterator[Watch]:
        """Connect, and disconnect at the end."""
        reader = AIOKafkaConsumer(bootstrap_servers=stage.kafka.bootstrap)
        await reader.start()
        try:
            async with stage.connection() as connection:
                yield cls(stage, sent, connection, reader)
        finally:
            await reader.stop()

    async def consumed(self) -> int:
        """Receipts that the stored positions have passed."""
        return int((await self.connection.fetchrow(QUERIES["progress"]))["consumed"])

    async def published(self) -> int:
        """Events in `loyalty.points`."""
        parts = [TopicPartition(POINTS, part) for part in range(PARTITIONS)]
        return sum((await self._reader.end_offsets(parts)).values())

    async def finished(self, backlog: int = 0) -> None:
        """Wait until everything sent is consumed and its events are in `loyalty.points`.

        Raises:
            RuntimeError: a worker ended, or it takes too long.
        """
        began = told = time.monotonic()
        while True:
            consumed = await self.consumed()
            left = self._sent.receipts - consumed
            if left <= 0 and await self.published() >= self._sent.receipts * EVENTS_A_RECEIPT:
                return
            now = time.monotonic()
            if now - told > 1 and backlog:
                told = now
                done = backlog - left
                self._stage.tell(f"{done:>9,} of {backlog:,} receipts, {done / (now - began):,.0f} a second so far")
            if now - began > _MOST_SECONDS:
                raise RuntimeError(f"{left} receipts left, {await self.published()} events after {_MOST_SECONDS} s")
            for worker in self._stage.workers:
                if worker.process.poll() not in {None, 0}:
                    raise RuntimeError(f"{worker.name} ended:\n{worker.tail()}")
            await asyncio.sleep(_LOOK if left > backlog // 20 else _LOOK_CLOSELY)

    async def settled(self) -> None:
        """Wait until the outbox says that everything is published; its cursor is stored when a worker has time."""

        async def nothing_left() -> bool:
            return not await self.connection.fetchval(QUERIES["unpublished"])

        await until(nothing_left, "the outbox is published", seconds=30)
