"""Playing events into a topic, and waiting until earning has decided them all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
from aiokafka.producer.message_accumulator import BatchBuilder

from deploy.embedded.demo import QUERIES, TENANT
from deploy.embedded.failures import NothingMoves
from deploy.embedded.receipts import DemoEvent
from deploy.embedded.report import Step
from libs.contracts.codec import ce_headers, encode
from libs.contracts.topics import topic_named
from libs.runtime.clock import monotonic
from libs.runtime.kafka import idempotent_producer
from libs.runtime.keys import kafka_partition_hash
from libs.runtime.settings import kafka_of_commands

PURCHASES = "loyalty.purchases"
PROFILES = "loyalty.profiles"
CONSUMER = "earning.purchases"
PATIENCE = 60.0
"""Seconds without any progress after which waiting is given up."""
_LOOK_SECONDS = 0.25
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """Where earning stands on a topic."""

    points: int
    positions: dict[int, int]
    halt: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a play came to. `points` are those credited meanwhile; None when nobody waited."""

    receipts: int
    points: int | None
    seconds: float


class Sender:
    """Writes events into one topic in batches of its partitions, each key always to the same one."""

    def __init__(self, bootstrap: str, topic: str, prefix: str = "") -> None:
        self._producer = idempotent_producer(kafka_of_commands(bootstrap), "pointstream-demo")
        self._topic = prefix + topic
        self._partitions = topic_named(topic).partitions
        self._open: dict[int, BatchBuilder] = {}
        self._sent: list[tuple[asyncio.Future[Any], int]] = []
        self.ends: dict[int, int] = {}
        """Partition → offset behind the last acknowledged event of ours."""

    async def __aenter__(self) -> Sender:
        """Connect."""
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close; what was not flushed is lost."""
        await self._producer.stop()

    async def send(self, event: DemoEvent) -> None:
        """Take one event; it leaves with its batch."""
        attributes: dict[str, Any] = {
            "type": event.type,
            "source": event.source,
            "id": event.id,
            "time": event.time,
            "subject": None,
            "tenant": None,
            "programme": None,
            "memberseq": None,
            "partitionkey": event.key,
        }
        value = encode(**attributes, data=event.data)
        key, headers = event.key.encode(), ce_headers(**attributes)
        part = _spread(key) % self._partitions
        builder = self._open.get(part) or self._open.setdefault(part, self._producer.create_batch())
        if builder.append(timestamp=None, key=key, value=value, headers=headers) is None:
            await self._leave(part)
            self._open[part] = self._producer.create_batch()
            self._open[part].append(timestamp=None, key=key, value=value, headers=headers)

    async def flush(self) -> None:
        """Send what is open and wait until all is acknowledged; sets `ends`."""
        for part in list(self._open):
            await self._leave(part)
        for acknowledged, count in self._sent:
            metadata = await acknowledged  # a batch is answered with the offset of its first record
            self.ends[metadata.partition] = max(self.ends.get(metadata.partition, 0), metadata.offset + count)
        self._sent.clear()

    async def _leave(self, part: int) -> None:
        batch = self._open.pop(part)
        count = batch.record_count()
        self._sent.append((await self._producer.send_batch(batch, self._topic, partition=part), count))


async def enrol(bootstrap: str, operator_dsn: str, members: Iterable[DemoEvent], step: Step) -> int:
    """Enrol all `members` and wait until they are known. Returns how many."""
    async with Sender(bootstrap, PROFILES) as sender:
        count = 0
        for event in members:
            await sender.send(event)
            count += 1
        await sender.flush()
    connection = await asyncpg.connect(operator_dsn)
    try:
        watch = _Watch("members are enrolled")
        while (known := await connection.fetchval(QUERIES["members"], TENANT)) < count:
            step.progress("members", known, count)
            watch.saw(known)
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await connection.close()
    return count


async def play(
    bootstrap: str,
    operator_dsn: str,
    receipts: Iterator[DemoEvent],
    count: int,
    step: Step,
    *,
    rate: float | None = None,
    wait: bool = True,
) -> Outcome:
    """Play `count` receipts, `rate` a second or as fast as they go, and wait until each has its decision.

    Raises:
        NothingMoves: earning took nothing for a minute, or halted.
    """
    connection = await asyncpg.connect(operator_dsn)
    try:
        before = await _standing(connection)
        async with Sender(bootstrap, PURCHASES) as sender:
            play = _Play(connection, sender, step, before, count)
            looking = asyncio.ensure_future(play.look())
            try:
                await play.feed(receipts, rate)
                if wait:
                    await play.settle()
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
        points = (await _standing(connection)).points - before.points if wait else None
        return Outcome(play.sent, points, round(monotonic() - play.began, 3))
    finally:
        await connection.close()


class _Play:
    """One play: what was sent, and what earning has taken of it."""

    def __init__(
        self, connection: asyncpg.Connection, sender: Sender, step: Step, before: Standing, count: int
    ) -> None:
        self.sent = 0
        self.began = monotonic()
        self._connection = connection
        self._sender = sender
        self._step = step
        self._before = before
        self._count = count
        self._looks = asyncio.Lock()
        self._standing = before

    async def feed(self, receipts: Iterator[DemoEvent], rate: float | None) -> None:
        """Send everything; with a rate, from intended times, so that a pause is caught up."""
        for receipt in receipts:
            await self._sender.send(receipt)
            self.sent += 1
            if rate is None:
                if self.sent % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            elif (early := self.began + self.sent / rate - monotonic()) > 0:
                await self._sender.flush()
                await asyncio.sleep(early)
        await self._sender.flush()

    async def settle(self) -> None:
        """Return when earning stands behind the last of our receipts."""
        watch = _Watch("earning takes the receipts")
        while (lag := self._lag(await self.refresh())) > 0:
            watch.saw(lag)
            await asyncio.sleep(_LOOK_SECONDS / 5)

    async def look(self) -> None:
        """Tell how it goes, for as long as it goes."""
        while True:
            await self.refresh()
            await asyncio.sleep(_LOOK_SECONDS)

    async def refresh(self) -> Standing:
        """Ask PostgreSQL, and tell."""
        async with self._looks:
            self._standing = await _standing(self._connection)
        if self._standing.halt:
            raise NothingMoves(f"earning halted: {self._standing.halt}")
        taken = sum(self._standing.positions.values()) - sum(self._before.positions.values())
        rate = taken / max(monotonic() - self.began, 0.001)
        points = self._standing.points - self._before.points
        self._step.progress(
            f"{taken:,} receipts, {points:,} points, {rate:,.0f}/s, lag {max(self.sent - taken, 0):,}",
            taken,
            self._count,
        )
        return self._standing

    def _lag(self, standing: Standing) -> int:
        return sum(max(end - standing.positions.get(part, 0), 0) for part, end in self._sender.ends.items())


class _Watch:
    """Gives up when the same is seen for too long."""

    def __init__(self, expectation: str) -> None:
        self._expectation = expectation
        self._last: object = None
        self._since = monotonic()

    def saw(self, value: object) -> None:
        """Note what is seen now.

        Raises:
            NothingMoves: it has been the same for `PATIENCE` seconds.
        """
        if value != self._last:
            self._last, self._since = value, monotonic()
        elif monotonic() - self._since > PATIENCE:
            raise NothingMoves(
                f"waited {PATIENCE:.0f} s without any progress until {self._expectation}; "
                "see `pointstream status` and the log of earning"
            )


async def _standing(connection: asyncpg.Connection) -> Standing:
    row = await connection.fetchrow(QUERIES["standing"], TENANT, CONSUMER, PURCHASES)
    positions = {int(part): int(offset) for part, offset in json.loads(row["positions"]).items()}
    return Standing(int(row["points"]), positions, row["halt"])


@cache
def _spread(key: bytes) -> int:
    return kafka_partition_hash(key)
