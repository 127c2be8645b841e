"""Publishing what was committed: in order within a shard, at least once, under ids that a replay repeats.

The process that committed a row usually publishes it at once, from memory. The cursor of a shard moves only over what
the broker has acknowledged; whoever claims the shard next begins at the cursor and reads the rest from the table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import cramjam
import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from libs.runtime import logs
from libs.runtime.batch import Outgoing
from libs.runtime.clock import monotonic
from libs.runtime.failpoint import reach
from libs.runtime.metrics import StreamMetrics
from libs.runtime.postgres import DATABASE_ERRORS

log = logs.get(__name__)

Headers = Callable[[bytes], Sequence[tuple[str, bytes]]]


class _Framed(msgspec.Struct, array_like=True, frozen=True, gc=False):
    key: bytes
    spread: int
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


_decode_events = msgspec.msgpack.Decoder(list[_Framed]).decode
_encode_events = msgspec.msgpack.Encoder().encode
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_SLOW = 5.0
"""Seconds after which an acknowledgement that has not come is told as trouble: usually it takes milliseconds."""


class Row(NamedTuple):
    """Events `seq` to `last` of a shard, all for one topic."""

    shard: str
    seq: int
    topic: str
    events: Sequence[Outgoing]

    @property
    def last(self) -> int:
        """The number of the row's last event."""
        return self.seq + len(self.events) - 1


ReadRows = Callable[[str, int], Awaitable[Sequence[Row]]]


def pack(events: Sequence[Outgoing]) -> bytes:
    """Frame and compress the events of a row; the topic is not among them."""
    framed = [
        (event.key, event.spread, event.value)
        if event.derived
        else (event.key, event.spread, event.value, event.headers)
        for event in events
    ]
    return bytes(cramjam.zstd.compress(_encode_events(framed), 1))


def unpack(topic: str, packed: bytes) -> list[Outgoing]:
    """Undo `pack`."""
    framed = _decode_events(bytes(cramjam.zstd.decompress(packed)))
    return [Outgoing(topic, e.key, e.spread, e.value, e.headers, derived=not e.headers) for e in framed]


class Relay:
    """Publishes the rows of some shards with a producer of its own.

    `acknowledged` says how far each of its shards has come; the loop stores that with its next batch. `read_rows` gives
    rows of a shard after a number. `headers` makes the headers of a CloudEvent from its bytes. Rows name topics without
    the platform's prefix.
    """

    def __init__(
        self,
        make_producer: Callable[[], AIOKafkaProducer],
        headers: Headers,
        read_rows: ReadRows,
        metrics: StreamMetrics,
        *,
        topic_prefix: str = "",
        depth: int = 128,
    ) -> None:
        self._make_producer = make_producer
        self._headers = headers
        self._read_rows = read_rows
        self._metrics = metrics
        self._prefix = topic_prefix
        self._rows: asyncio.Queue[Row] = asyncio.Queue(depth)
        self._publishing = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None
        self._task: asyncio.Task[None] | None = None
        self.acknowledged: dict[str, int] = {}
        self._sending_since: float | None = None
        self._interruption: str | None = None
        self._waiting = 0

    @property
    def trouble(self) -> str | None:
        """What keeps events from being published, if anything does."""
        if self._interruption is not None:
            return f"publishing was interrupted: {self._interruption}"
        since = self._sending_since
        if since is not None and monotonic() - since > _SLOW:
            return "the broker does not acknowledge what is published"
        return None

    @property
    def awaited(self) -> bool:
        """Whether somebody waits until there is room, or until something is published."""
        return self._waiting > 0

    async def start(self) -> None:
        """Connect and begin publishing.

        Raises:
            aiokafka.errors.KafkaError: no broker answers.
        """
        self._producer = self._make_producer()
        await self._producer.start()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; what is not acknowledged stays in the table for the next holder."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._producer is not None:
            await self._producer.stop()

    def check(self) -> None:
        """Raise what ended the relay, if anything did."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def adopt(self, shard: str, published: int) -> None:
        """Take a shard over: publish what the table holds after `published` before anything new."""
        with self._holding_up():
            async with self._publishing:
                self.acknowledged[shard] = published
                try:
                    await self._publish_backlog(shard)
                except KafkaError as error:
                    await self._begin_again(error)

    async def catch_up(self, shard: str) -> None:
        """Publish what the table holds of a shard that was committed unseen; nothing to do for one not adopted."""
        await self.settled()
        with self._holding_up():
            async with self._publishing:
                try:
                    await self._publish_backlog(shard)
                except (KafkaError, *DATABASE_ERRORS) as error:
                    await self._begin_again(error)

    def abandon(self, shard: str) -> None:
        """Answer for the shard no longer; rows of it that still wait are dropped."""
        self.acknowledged.pop(shard, None)

    async def publish(self, rows: Sequence[Row]) -> None:
        """Hand over committed rows of adopted shards; waits while too much is waiting."""
        for row in rows:
            self._metrics.unpublished.labels(self._metrics.service).inc(len(row.events))
            with self._holding_up():
                await self._rows.put(row)

    async def settled(self) -> None:
        """Wait until everything handed over so far is acknowledged."""
        with self._holding_up():
            await self._rows.join()

    @contextmanager
    def _holding_up(self) -> Iterator[None]:
        """Count whoever waits for the relay."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def _run(self) -> None:
        while True:
            rows = [await self._rows.get()]
            while not self._rows.empty():
                rows.append(self._rows.get_nowait())
            async with self._publishing:
                try:
                    await self._publish(rows)
                except KafkaError as error:
                    await self._begin_again(error)
            for row in rows:
                self._rows.task_done()
                self._metrics.unpublished.labels(self._metrics.service).dec(len(row.events))

    async def _publish(self, rows: Sequence[Row]) -> None:
        due = [row for row in rows if row.last > self.acknowledged.get(row.shard, row.last)]
        self._sending_since = monotonic()
        try:
            for answer in await asyncio.gather(*await self._send(due), return_exceptions=True):
                if isinstance(answer, BaseException):
                    raise answer
        finally:
            self._sending_since = None
        reach("after-send")
        for row in due:
            if row.shard in self.acknowledged:
                self.acknowledged[row.shard] = row.last
            self._metrics.published.labels(self._metrics.service, row.topic).inc(len(row.events))

    async def _publish_backlog(self, shard: str) -> None:
        while shard in self.acknowledged and (rows := await self._read_rows(shard, self.acknowledged[shard])):
            reach("after-outbox-read")
            await self._publish(rows)

    async def _begin_again(self, error: Exception) -> None:
        """After any error of sending nobody knows what arrived: a new producer, and again from the cursors."""
        pause = _FIRST_PAUSE
        trouble = error
        while True:
            self._interruption = type(trouble).__name__
            self._metrics.publish_failures.labels(self._metrics.service).inc()
            log.warning("outbox.interrupted", error=type(trouble).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                if self._producer is not None:
                    await self._producer.stop()
                self._producer = self._make_producer()
                await self._producer.start()
                for shard in list(self.acknowledged):
                    await self._publish_backlog(shard)
            except (KafkaError, *DATABASE_ERRORS) as again:
                trouble = again
            else:
                self._interruption = None
                return

    async def _send(self, rows: Sequence[Row]) -> list[asyncio.Future[object]]:
        """Hand rows to the producer, one batch a partition for all of them: each costs a request of its own."""
        producer = self._producer
        assert producer is not None
        builders: dict[tuple[str, int], BatchBuilder] = {}
        sent: list[asyncio.Future[object]] = []
        for row in rows:
            topic = self._prefix + row.topic
            partitions = len(await producer.partitions_for(topic))
            shard = ("outbox-shard", row.shard.encode())
            for number, event in enumerate(row.events, row.seq):
                made = event.headers or self._headers(event.value)
                headers = [*made, shard, ("outbox-seq", b"%d" % number)]
                place = (topic, event.spread % partitions)
                builder = builders.get(place)
                if builder is None:
                    builder = builders[place] = producer.create_batch()
                if builder.append(timestamp=None, key=event.key, value=event.value, headers=headers) is None:
                    sent.append(await producer.send_batch(builder, topic, partition=place[1]))
                    builder = builders[place] = producer.create_batch()
                    builder.append(timestamp=None, key=event.key, value=event.value, headers=headers)
            await asyncio.sleep(0)  # others of this process may hold locks meanwhile: many rows take long
        for (topic, part), builder in builders.items():
            builder.close()
            sent.append(await producer.send_batch(builder, topic, partition=part))
        return sent
