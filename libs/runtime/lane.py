"""A lane of the batch loop: some partitions, one connection, one batch at a time.

Two lanes of a worker overlap: while one waits for PostgreSQL, the other computes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import asyncpg
from aiokafka import ConsumerRecord, TopicPartition

from libs.contracts.rejection import Rejection
from libs.runtime import dead_letters, logs, stream_store
from libs.runtime.batch import Applied, Handler, Outgoing, Span, Work
from libs.runtime.clock import Clock, happens_within, monotonic
from libs.runtime.cutting import cut, only
from libs.runtime.failpoint import reach
from libs.runtime.limits import Health, Limits, judge
from libs.runtime.metrics import StreamMetrics
from libs.runtime.outbox import Relay, Row
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, close, trouble
from libs.runtime.seal import Seal

log = logs.get(__name__)
Item = TypeVar("Item")
LEASE = timedelta(seconds=15)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0


@dataclass(slots=True)
class Held:
    """A partition that this lane holds: where it stands, under which epoch, and what it has lately brought."""

    next_offset: int
    epoch: int
    health: Health
    refused: int = 0  # records in a row that the database refused
    topic_id: str = ""  # what the broker called the topic by when it was claimed


@dataclass(frozen=True, slots=True)
class Wiring(Generic[Item]):
    """What every lane of a worker shares."""

    consumer: str
    handler: Handler[Item]
    clock: Clock
    seal: Seal
    limits: Limits
    metrics: StreamMetrics
    connect: Callable[[], Awaitable[asyncpg.Connection]]
    topic_prefix: str = ""


def shard_of(consumer: str, topic: str, part: int) -> str:
    """The outbox shard of a consumed partition."""
    return f"{consumer}:{topic}:{part}"


class Lane(Generic[Item]):
    """Applies batches of its partitions, and answers for publishing what they cause."""

    def __init__(
        self,
        wiring: Wiring[Item],
        relay: Relay,
        on_halt: Callable[[str, int, str], None],
        stopping: asyncio.Event,
    ) -> None:
        self._wiring = wiring
        self._stopping = stopping
        self._on_halt = on_halt
        self.relay = relay
        self.held: dict[TopicPartition, Held] = {}
        self._connection: asyncpg.Connection | None = None
        self._stored: dict[str, int] = {}
        self._retired: dict[str, int] = {}  # shards of halted partitions, and their epochs
        self.turned_at = monotonic()
        self.trouble: str | None = None

    @property
    def idle_seconds(self) -> float:
        """For how long it has not come round. To wait for the relay is no idleness: that is how it holds back."""
        return 0.0 if self.relay.awaited else monotonic() - self.turned_at

    async def connection(self) -> asyncpg.Connection:
        """Return the lane's connection, opened anew if it was lost."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._wiring.connect()
        return self._connection

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await close(self._connection)

    def hold(self, partition: TopicPartition, claimed: stream_store.Claimed) -> None:
        """Begin to hold a partition."""
        self.held[partition] = Held(claimed.next_offset, claimed.epoch, claimed.health, topic_id=claimed.topic_id)

    def release(self, partition: TopicPartition) -> None:
        """Hold a partition no longer; work in hand for it will be fenced."""
        self.held.pop(partition, None)
        self._forget(self.shard(partition.topic, partition.partition))

    def release_all(self) -> None:
        """Hold nothing any longer, and answer for no shard."""
        for partition in list(self.held):
            self.release(partition)
        for shard in list(self._retired):
            self._forget(shard)

    def retire(self, partition: TopicPartition, epoch: int) -> None:
        """Hold a halted partition no longer, but see to it that what it has caused so far is published."""
        self.held.pop(partition, None)
        self._retired[self.shard(partition.topic, partition.partition)] = epoch

    def _forget(self, shard: str) -> None:
        self._retired.pop(shard, None)
        self._stored.pop(shard, None)
        self.relay.abandon(shard)

    def shard(self, topic: str, part: int) -> str:
        """The outbox shard of one of the lane's partitions."""
        return shard_of(self._wiring.consumer, topic, part)

    async def run(self, fetched: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        """Apply what was fetched, in one transaction or, where the database refuses a record, in several.

        Returns when everything is durable, fenced or behind a halt, or when the worker is told to stop in the middle of
        an outage: the records are read again later. Raises what is neither passing nor about the data.
        """
        began = self.turned_at = monotonic()
        work = await self._prepare(fetched)
        if not work.records:
            return
        reach("after-fetch")
        await self._apply(work)
        metrics = self._wiring.metrics
        metrics.batch_seconds.labels(metrics.service).observe(monotonic() - began)
        metrics.batch_records.labels(metrics.service).observe(len(work.records))

    async def flush(self) -> None:
        """Store the cursors of published shards, if they have moved since last time."""
        acknowledged = {s: seq for s, seq in self.relay.acknowledged.items() if self._stored.get(s) != seq}
        epochs = {self.shard(p.topic, p.partition): held.epoch for p, held in self.held.items()} | self._retired
        acknowledged = {shard: seq for shard, seq in acknowledged.items() if shard in epochs}
        if not acknowledged:
            return
        lease_until = self._wiring.clock.now() + LEASE
        await stream_store.move_cursors(await self.connection(), acknowledged, epochs, lease_until)
        self._stored |= acknowledged

    async def _prepare(self, fetched: dict[TopicPartition, list[ConsumerRecord]]) -> Work[Item]:
        """Decode everything, and cut each partition where it must halt; other lanes go on between partitions."""
        records: list[ConsumerRecord] = []
        span_of: list[int] = []
        items: list[Item | None] = []
        rejections: dict[int, Rejection] = {}
        spans: list[Span] = []
        for partition, batch in fetched.items():
            held = self.held.get(partition)
            if held is None:
                continue
            if batch[0].offset < held.next_offset:  # fetched before the seek
                batch = [record for record in batch if record.offset >= held.next_offset]  # noqa: PLW2901
            if not batch:
                continue
            batch = dead_letters.with_first_arrival(batch, self._wiring.seal)  # noqa: PLW2901
            decoded = self._wiring.handler.decode(batch)
            await asyncio.sleep(0)
            bad = [isinstance(item, Rejection) for item in decoded]
            verdict = judge(held.health, bad, self._wiring.limits)
            for record, item in zip(batch[: verdict.take], decoded, strict=False):
                if isinstance(item, Rejection):
                    rejections[len(records)] = item
                    items.append(None)
                else:
                    items.append(item)
                records.append(record)
                span_of.append(len(spans))
            last = batch[verdict.take - 1].offset
            spans.append(
                Span(
                    partition.topic,
                    partition.partition,
                    held.next_offset,
                    last + 1,
                    held.epoch,
                    verdict.health,
                    verdict.halt,
                )
            )
        return Work(records, items, rejections, spans, span_of)

    async def _apply(self, work: Work[Item]) -> None:
        pause, careful = _FIRST_PAUSE, False
        while True:
            try:
                judged, applied, rows = await self._transact(work, careful=careful)
            except DATABASE_ERRORS as error:
                kind = trouble(error)
                self._wiring.metrics.retries.labels(self._wiring.metrics.service, kind.value).inc()
                match kind:
                    case Trouble.BROKEN:
                        raise
                    case Trouble.REFUSED:
                        await self._apply_apart(work, error)
                        return
                    case Trouble.REPEAT:
                        pass
                    case Trouble.CAREFUL:
                        if careful:  # decided on the locked value and passed all the same: a third time would too
                            raise
                        careful = True
                    case Trouble.PASSING:
                        self.turned_at, self.trouble = monotonic(), type(error).__name__
                        log.warning("batch.held", error=self.trouble, records=len(work.records))
                        if await happens_within(self._stopping, pause) or await self._committed_after_all(work):
                            return
                        pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                await self._settle(judged, applied, rows)
                return

    async def _transact(self, work: Work[Item], *, careful: bool) -> tuple[Work[Item], Applied, list[Row]]:
        wiring = self._wiring
        connection = await self.connection()
        now = wiring.clock.now()
        async with connection.transaction():
            applied = await wiring.handler.apply(connection, work, now, careful=careful)
            if applied.rejections:
                work = self._judge_again(work, applied)
                await stream_store.judge(connection, wiring.consumer, now, work.spans)
            events: dict[str, list[Outgoing]] = {}
            for span, outgoing, moved in zip(work.spans, applied.events, applied.moved, strict=True):
                if moved:
                    events[self.shard(span.topic, span.part)] = outgoing
            await self._bury(connection, work, applied, events)
            cursors = {shard: self.relay.acknowledged.get(shard, 0) for shard in events}
            packed = stream_store.pack_rows(events)
            rows = await self._enqueue(connection, applied, now, cursors, packed) if cursors else []
            reach("before-commit")
        reach("after-commit")
        self._stored |= cursors
        return work, applied, rows

    async def _enqueue(
        self,
        connection: asyncpg.Connection,
        applied: Applied,
        now: datetime,
        cursors: Mapping[str, int],
        packed: Sequence[stream_store.PackedRow],
    ) -> list[Row]:
        outbox = stream_store.enqueuing(now, cursors, packed)
        if applied.last is None:
            return stream_store.numbered(packed, await stream_store.enqueue(connection, outbox))
        return stream_store.numbered(packed, await applied.last(outbox))

    def _judge_again(self, work: Work[Item], applied: Applied) -> Work[Item]:
        """Count what the handler rejected too. A partition that must halt for it halts behind the batch in hand."""
        bad: list[list[bool]] = [[] for _ in work.spans]
        for index, number in enumerate(work.span_of):
            bad[number].append(index in work.rejections or index in applied.rejections)
        spans = list(work.spans)
        for number in {work.span_of[index] for index in applied.rejections}:
            span = spans[number]
            held = self.held.get(TopicPartition(span.topic, span.part))
            if held is not None and applied.moved[number]:
                verdict = judge(held.health, bad[number], self._wiring.limits)
                spans[number] = replace(span, health=verdict.health, halt=span.halt or verdict.halt)
        return replace(work, spans=spans)

    async def _bury(
        self, connection: asyncpg.Connection, work: Work[Item], applied: Applied, events: dict[str, list[Outgoing]]
    ) -> None:
        wiring = self._wiring
        letters = []
        for index, rejection in sorted((work.rejections | applied.rejections).items()):
            span = work.spans[work.span_of[index]]
            if applied.moved[work.span_of[index]]:
                dead = dead_letters.letter(
                    wiring.consumer,
                    span.topic.removeprefix(wiring.topic_prefix),
                    work.records[index],
                    rejection,
                    wiring.seal,
                )
                letters.append(dead)
                events[self.shard(span.topic, span.part)].append(dead_letters.announcement(dead))
        if letters:
            await stream_store.bury(connection, wiring.consumer, wiring.clock.now(), letters)

    async def _apply_apart(self, work: Work[Item], error: BaseException) -> None:
        """The database refuses something in this work: halve it down to the record, and quarantine that one."""
        standing = [index for index in range(len(work.records)) if index not in work.rejections]
        if not standing:
            raise error
        if len(work.records) == 1:
            code = getattr(error, "sqlstate", "") or type(error).__name__
            refused = Rejection("refused-by-database", "", f"PostgreSQL refused the record with {code}")
            log.warning("record.quarantined", reason=refused.code, sqlstate=code)
            await self._apply(replace(work, items=[None], rejections={0: refused}, spans=[self._refuse(work.spans[0])]))
            return
        middle = len(work.records) // 2
        for part in (cut(work, 0, middle), cut(work, middle, len(work.records))):
            if left := only(part, [self._holds(span) for span in part.spans]):
                await self._apply(left)

    def _refuse(self, span: Span) -> Span:
        """Count a refused record; too many in a row are hardly the records' fault, and halt the partition."""
        held = self.held.get(TopicPartition(span.topic, span.part))
        if held is None:
            return span
        held.refused += 1
        if held.refused < self._wiring.limits.max_consecutive:
            return span
        return replace(span, halt=f"{held.refused} records in a row refused by the database")

    def _holds(self, span: Span) -> bool:
        held = self.held.get(TopicPartition(span.topic, span.part))
        return held is not None and held.epoch == span.epoch

    async def _committed_after_all(self, work: Work[Item]) -> bool:
        """After a lost connection: whether the commit had gone through, its answer lost on the way."""
        try:
            standing = await stream_store.positions(await self.connection(), self._wiring.consumer, work.spans)
        except DATABASE_ERRORS as error:
            if trouble(error) is not Trouble.PASSING:
                raise
            return False
        done = [standing.get((span.topic, span.part)) == (span.next, span.epoch) for span in work.spans]
        if not any(done):
            return False
        # A transaction moves all its positions or none, so those that did not move were fenced by another worker.
        for span, moved in zip(work.spans, done, strict=True):
            self._move_on(span, moved)
            if moved:
                await self.relay.catch_up(self.shard(span.topic, span.part))
        return True

    async def _settle(self, work: Work[Item], applied: Applied, rows: Sequence[Row]) -> None:
        self.trouble = None
        metrics = self._wiring.metrics
        taken = {work.span_of[index] for index, item in enumerate(work.items) if item is not None}
        for number, (span, moved) in enumerate(zip(work.spans, applied.moved, strict=True)):
            held = self.held.get(TopicPartition(span.topic, span.part))
            if held is not None and number in taken:
                held.refused = 0
            self._move_on(span, moved)
        topic = work.records[0].topic
        for outcome, count in applied.outcomes.items():
            metrics.records.labels(metrics.service, topic, outcome).inc(count)
        for rejection in (work.rejections | applied.rejections).values():
            metrics.dead_letters.labels(metrics.service, topic, rejection.code).inc()
        await self.relay.publish(rows)
        self.turned_at = monotonic()

    def _move_on(self, span: Span, moved: bool) -> None:
        partition = TopicPartition(span.topic, span.part)
        held = self.held.get(partition)
        if held is None or held.epoch != span.epoch:
            return
        if not moved:
            log.warning("partition.fenced", topic=span.topic, partition=span.part, epoch=span.epoch)
            self._wiring.metrics.fenced.labels(self._wiring.metrics.service).inc()
            self.release(partition)
            return
        held.next_offset, held.health = span.next, span.health
        if span.halt is not None:
            log.error("partition.halted", topic=span.topic, partition=span.part, reason=span.halt)
            self._on_halt(span.topic, span.part, span.halt)
            self.retire(partition, span.epoch)
