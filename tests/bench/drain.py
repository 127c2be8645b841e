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
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.bench.load import Order, Produced
from tests.bench.mixes import Mix
from tests.bench.population import PARTITIONS
from tests.bench.stage import QUERIES, Stage
from tests.bench.usage import Cpu, cpu_now, machine_seconds, peak_memory_mb, tree_seconds
from tests.support.stack import Worker, until

PURCHASES, POINTS = "loyalty.purchases", "loyalty.points"
_QUIET = 0.3
_LOOK, _LOOK_CLOSELY = 0.1, 0.01
_PIECE = 100_000
_BREATHLESS, _BREATH = 40.0, 4.0  # seconds
_LEAST_PATIENCE, _SLOWEST = 240.0, 1_500.0  # seconds; records a second


@dataclass(frozen=True, slots=True)
class Drained:
    """A backlog of `receipts` records drained in `seconds`."""

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


def together(drained: Sequence[Drained]) -> Drained:
    """Backlogs of one kind as one."""
    seconds = sum(one.seconds for one in drained)
    return Drained(
        sum(one.receipts for one in drained),
        seconds,
        sum((one.cpu for one in drained), Cpu(0.0, 0.0, 0.0)),
        max(one.rss_mb for one in drained),
        sum(one.others * one.seconds for one in drained) / seconds,
    )


@dataclass(slots=True)
class Sent(Produced):
    """Everything that this benchmark has produced to purchases so far."""

    members: int = 0
    until: str = ""


async def produce(
    stage: Stage, sent: Sent, count: int, *, rate: float | None = None, start: float | None = None, mix: Mix = "plain"
) -> Produced:
    """Have the load process produce the next `count` records, at a rate from a moment if these are given."""
    order = Order(stage.kafka.bootstrap, PURCHASES, sent.records, count, sent.members, sent.until, rate, start, mix)
    produced = Produced(**await stage.load.ask(asdict(order)))
    sent.add(produced)
    return produced


async def drain(
    stage: Stage, sent: Sent, workers: list[Worker], count: int, warm_up: int, mix: Mix = "plain"
) -> Drained:
    """Let running workers drain a fresh backlog of `count` records, after a warm-up of `warm_up`."""
    async with Watch.over(stage, sent) as watch:
        await produce(stage, sent, warm_up, mix=mix)
        await watch.finished()
        await pile_up(stage, sent, workers, count, mix)
        return await thaw(stage, watch, workers)


async def pile_up(stage: Stage, sent: Sent, workers: Sequence[Worker], count: int, mix: Mix) -> None:
    """Produce a backlog of `count` records before workers that it leaves frozen.

    A large one takes longer than a frozen worker stays in its group, so they are let to breathe now and then; what
    they drain meanwhile is not part of the backlog.
    """
    await freeze(workers)
    frozen = time.monotonic()
    for first in range(0, count, _PIECE):
        if time.monotonic() - frozen > _BREATHLESS:
            for worker in workers:
                worker.thaw()
            await asyncio.sleep(_BREATH)
            await freeze(workers)
            frozen = time.monotonic()
        produced = await produce(stage, sent, min(_PIECE, count - first), mix=mix)
        each = produced.bytes // produced.records
        stage.tell(f"backlog of {first + produced.records:,} records, {each} bytes each")
    async with stage.connection() as connection:
        await connection.execute(QUERIES["checkpoint"])


async def freeze(workers: Sequence[Worker]) -> None:
    """Stop processes where they stand, with nothing on its way to them."""
    await asyncio.sleep(_QUIET)
    for worker in workers:
        worker.freeze()
    await asyncio.sleep(_QUIET)


async def thaw(stage: Stage, watch: Watch, workers: Sequence[Worker]) -> Drained:
    """Let frozen workers drain what waits for them, and measure that."""
    backlog = await watch.left()
    await stage.begin_profiles(workers)
    meter = Meter.start([worker.process.pid for worker in workers], stage)
    for worker in workers:
        worker.thaw()
    await watch.finished(backlog)
    result = meter.stop(backlog)
    await stage.keep_statements(backlog)
    await watch.settled()
    return result


@dataclass(frozen=True, slots=True)
class Meter:
    """What was so far when a measurement began."""

    pids: Sequence[int]
    servers: tuple[int, int]
    began: float
    cpu: Cpu
    everything: float
    own: float

    @classmethod
    def start(cls, pids: Sequence[int], stage: Stage) -> Meter:
        """Begin to measure the processes with these ids."""
        everything, own = machine_seconds(), tree_seconds(os.getpid())
        return cls(pids, stage.servers, time.monotonic(), cpu_now(pids, *stage.servers), everything, own)

    def stop(self, count: int) -> Drained:
        """What they took for `count` records."""
        seconds = time.monotonic() - self.began
        cpu = cpu_now(self.pids, *self.servers) - self.cpu
        ours = tree_seconds(os.getpid()) - self.own  # the whole benchmark: everything it has started is below it
        others = max(0.0, machine_seconds() - self.everything - ours) / seconds
        return Drained(count, seconds, cpu, max(peak_memory_mb(pid) for pid in self.pids), others)


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
        """Records that the stored positions have passed."""
        return int((await self.connection.fetchrow(QUERIES["progress"]))["consumed"])

    async def left(self) -> int:
        """Records that the stored positions have not passed."""
        return self._sent.records - await self.consumed()

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
        patience = max(_LEAST_PATIENCE, backlog / _SLOWEST)
        while True:
            left = await self.left()
            if left <= 0 and await self.published() >= self._sent.events:
                return
            now = time.monotonic()
            if now - told > 1 and backlog:
                told = now
                done = backlog - left
                self._stage.tell(f"{done:>9,} of {backlog:,} records, {done / (now - began):,.0f} a second so far")
            if now - began > patience:
                raise RuntimeError(
                    f"{left} records left, {await self.published()} of {self._sent.events} events after {patience} s"
                )
            for worker in self._stage.workers:
                if worker.process.poll() not in {None, 0}:
                    raise RuntimeError(f"{worker.name} ended:\n{worker.tail()}")
            await asyncio.sleep(_LOOK if left > backlog // 20 else _LOOK_CLOSELY)

    async def settled(self) -> None:
        """Wait until the outbox says that everything is published; its cursor is stored when a worker has time."""

        async def nothing_left() -> bool:
            return not await self.connection.fetchval(QUERIES["unpublished"])

        await until(nothing_left, "the outbox is published", seconds=30)
