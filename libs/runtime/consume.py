"""The batch loop: partitions come by the group, positions by PostgreSQL, and every batch is one transaction.

Positions are claimed here, in the poll loop, never in the rebalance listener, which only clears ownership. A claim
raises the epoch, which fences whoever held the partition; it is checked against the log before it is believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

import asyncpg
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError, OffsetOutOfRangeError

from libs.runtime import logs, stream_store
from libs.runtime.batch_consumer import BatchConsumer
from libs.runtime.broker_watch import MADE_ANEW, BrokerWatch, estranged
from libs.runtime.claims import Claimant, Found, Ownership, claim_positions
from libs.runtime.clock import happens_within, monotonic
from libs.runtime.lane import Lane, Wiring
from libs.runtime.outbox import Headers, Relay, Row
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble

log = logs.get(__name__)
Item = TypeVar("Item")
_POLL_MS = 200
_HOUSEKEEPING = 1.0
_TELEMETRY = 5.0
_HALTS = 3.0
_BROKER = 2.0
_FENCED_PAUSE = 3.0
_STALLED = 60.0
_LITTLE = 4  # a fourth of a batch


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How a worker runs its loop.

    A lane that found little begins its next batch no sooner than `pace` after the last: what comes meanwhile goes
    together, for a transaction costs nearly as much for ten records as for a hundred.
    """

    owner: str
    lanes: int = 2
    batch: int = 1_000
    drain: timedelta = timedelta(seconds=8)
    pace: timedelta = timedelta(milliseconds=30)


@dataclass(slots=True)
class _Driven(Generic[Item]):
    """A lane, what it waits to claim, and which of its partitions have lost their topic."""

    lane: Lane[Item]
    wanted: set[TopicPartition] = field(default_factory=set)
    estranged: set[TopicPartition] = field(default_factory=set)

    @property
    def load(self) -> int:
        return len(self.lane.held) + len(self.wanted)


class BatchLoop(Generic[Item]):
    """Consumes a handler's topics until it is stopped. Free of any framework: whatever hosts it awaits `run`."""

    def __init__(
        self,
        settings: LoopSettings,
        wiring: Wiring[Item],
        make_consumer: Callable[[], BatchConsumer],
        make_producer: Callable[[], AIOKafkaProducer],
        headers: Headers,
        pool: asyncpg.Pool,
    ) -> None:
        self._settings = settings
        self._wiring = wiring
        self._make_consumer = make_consumer
        self._pool = pool
        self._stopping = asyncio.Event()
        self._lanes = [
            _Driven(
                Lane(
                    wiring,
                    Relay(make_producer, headers, self._read_rows, wiring.metrics, topic_prefix=wiring.topic_prefix),
                    self._note_halt,
                    self._stopping,
                )
            )
            for _ in range(settings.lanes)
        ]
        self._changed = asyncio.Event()
        self._halted: dict[TopicPartition, str] = {}
        self._fenced_at: dict[TopicPartition, float] = {}
        self._told: set[tuple[str, str, str]] = set()
        self._running = False
        self.behind = 0  # records that wait in the partitions held here, as of the last second

    @property
    def topics(self) -> list[str]:
        """The topics as the broker names them."""
        return [self._wiring.topic_prefix + topic for topic in self._wiring.handler.topics]

    @property
    def halted(self) -> dict[TopicPartition, str]:
        """Partitions that stand still, and why."""
        return dict(self._halted)

    def holds(self, part: int) -> bool:
        """Whether this worker holds a partition of the loop's first topic: one worker of the group does."""
        partition = TopicPartition(self.topics[0], part)
        return any(partition in driven.lane.held for driven in self._lanes)

    def trouble(self) -> str | None:
        """What keeps the loop from working, if anything does: the truth behind readiness."""
        if not self._running:
            return "starting"
        if any(driven.wanted for driven in self._lanes):
            return "claiming partitions"
        if self._watch.trouble:
            return self._watch.trouble
        lanes = [driven.lane for driven in self._lanes]
        return next((why for lane in lanes if (why := lane.trouble or lane.relay.trouble)), None)

    def stalled(self) -> bool:
        """Whether a lane hangs, and does not just wait for a broker: the truth behind liveness."""
        return any(driven.lane.idle_seconds > _STALLED for driven in self._lanes)

    async def run(self) -> None:
        """Consume until `stop`; whatever can't be decided here is raised before any position has moved.

        Raises:
            aiokafka.errors.KafkaError: no broker answers at the start.
        """
        self._consumer = self._make_consumer()
        self._watch = BrokerWatch(self._consumer)
        await self._consumer.start()
        self._consumer.subscribe(self.topics, listener=Ownership(self._clear, self._note))
        try:
            for driven in self._lanes:
                await driven.lane.relay.start()
            async with asyncio.TaskGroup() as tasks:
                for driven in self._lanes:
                    tasks.create_task(self._drive(driven))
                tasks.create_task(self._keep_house())
                tasks.create_task(self._watch_broker())
        finally:
            self._running = False
            await self._consumer.stop()
            for driven in self._lanes:
                await driven.lane.relay.stop()
                await driven.lane.close()

    def stop(self) -> None:
        """Let every lane end the batch in hand, publish it, and return."""
        self._stopping.set()
        self._changed.set()

    def _clear(self) -> None:
        for driven in self._lanes:
            driven.wanted.clear()
            driven.estranged.clear()
            driven.lane.release_all()
        self._halted.clear()
        self._fenced_at.clear()

    def _note(self, assigned: Sequence[TopicPartition]) -> None:
        for partition in assigned:
            min(self._lanes, key=lambda driven: driven.load).wanted.add(partition)
        self._running = True
        self._changed.set()

    async def _drive(self, driven: _Driven[Item]) -> None:
        lane = driven.lane
        while not self._stopping.is_set():
            lane.turned_at = monotonic()
            if driven.wanted:
                await self._claim(driven)
            if driven.estranged:
                await self._halt_estranged(driven)
            if not lane.held:
                await self._flush(lane)
                await self._pause(_POLL_MS / 1000)
                continue
            fetched = await self._fetch(lane)
            if fetched:
                await self._run(lane, fetched)
            else:
                await self._flush(lane)
        await self._settle(lane)

    async def _run(self, lane: Lane[Item], fetched: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        began = monotonic()
        await lane.run(fetched)
        if sum(map(len, fetched.values())) < self._settings.batch // _LITTLE:
            left = began + self._settings.pace.total_seconds() - monotonic()
            if left > 0:
                await self._pause(left)

    async def _fetch(self, lane: Lane[Item]) -> dict[TopicPartition, list[ConsumerRecord]]:
        held = {partition: standing.epoch for partition, standing in lane.held.items()}
        try:
            fetched: dict[TopicPartition, list[ConsumerRecord]] = await self._consumer.getmany(
                *held, timeout_ms=_POLL_MS, max_records=self._settings.batch
            )
        except OffsetOutOfRangeError as error:
            for partition in error.args[0]:
                if self._still(lane, partition, held):
                    await self._halt(lane, partition, held[partition], "the position lies outside the log")
            return {}
        except ConsumerStoppedError:
            return {}
        except KafkaError as error:
            log.warning("fetch.failed", error=type(error).__name__)
            await self._pause(0.5)
            return {}
        for partition in [partition for partition in fetched if not self._still(lane, partition, held)]:
            self._put_back(partition, fetched.pop(partition))
        return fetched

    def _still(self, lane: Lane[Item], partition: TopicPartition, held: dict[TopicPartition, int]) -> bool:
        """Whether the lane holds a partition under the same claim as when it began to fetch."""
        return partition in lane.held and lane.held[partition].epoch == held.get(partition)

    def _put_back(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Give back what was fetched after a rebalance: the consumer would go on behind it for whoever holds it now."""
        with suppress(IllegalStateError):  # nobody's here, so there is nothing to put back
            self._consumer.seek(partition, records[0].offset)

    async def _claim(self, driven: _Driven[Item]) -> None:
        wanted = sorted(driven.wanted)
        try:
            claimed = await self._claim_positions(driven.lane, wanted)
            for partition in wanted:
                if partition in driven.wanted:  # no rebalance in between
                    await self._take(driven, partition, *claimed[partition])
        except (KafkaError, *DATABASE_ERRORS) as error:
            if not isinstance(error, KafkaError) and trouble(error) is Trouble.BROKEN:
                raise
            driven.lane.trouble = type(error).__name__
            log.warning("claim.failed", error=driven.lane.trouble, partitions=len(wanted))
            await self._pause(0.5)
        else:
            driven.lane.trouble = None

    async def _claim_positions(self, lane: Lane[Item], wanted: Sequence[TopicPartition]) -> dict[TopicPartition, Found]:
        who = Claimant(self._wiring.consumer, self._settings.owner, lane.shard)
        connection = await lane.connection()
        found = await claim_positions(self._consumer, connection, who, wanted, self._wiring.clock.now)
        self._wiring.metrics.claims.labels(self._wiring.metrics.service).inc(len(found))
        return found

    async def _take(
        self, driven: _Driven[Item], partition: TopicPartition, claimed: stream_store.Claimed, doubt: str | None
    ) -> None:
        lane = driven.lane
        await lane.relay.adopt(lane.shard(partition.topic, partition.partition), claimed.published)
        lane.turned_at = monotonic()
        if partition not in driven.wanted:  # a rebalance came in between
            lane.release(partition)
            return
        if doubt is not None:
            await self._halt(lane, partition, claimed.epoch, doubt)
        else:
            try:
                self._consumer.take_up(partition, claimed.topic_id, claimed.next_offset)
            except IllegalStateError:  # gone again; the listener tells what comes next
                lane.release(partition)
                return
            lane.hold(partition, claimed)
        driven.wanted.discard(partition)

    async def _halt_estranged(self, driven: _Driven[Item]) -> None:
        for partition in list(driven.estranged):
            if (held := driven.lane.held.get(partition)) is not None:
                await self._halt(driven.lane, partition, held.epoch, MADE_ANEW)
            driven.estranged.discard(partition)

    async def _halt(self, lane: Lane[Item], partition: TopicPartition, epoch: int, reason: str) -> None:
        lane.retire(partition, epoch)
        self._consumer.lay_down(partition)
        self._note_halt(partition.topic, partition.partition, reason)
        log.error("partition.halted", topic=partition.topic, partition=partition.partition, reason=reason)
        await stream_store.halt(
            await lane.connection(), self._wiring.consumer, partition.topic, partition.partition,
            self._wiring.clock.now(), reason,
        )  # fmt: skip

    def _note_halt(self, topic: str, part: int, reason: str) -> None:
        self._halted[TopicPartition(topic, part)] = reason

    async def _flush(self, lane: Lane[Item]) -> None:
        try:
            await lane.flush()
        except DATABASE_ERRORS as error:
            if trouble(error) is Trouble.BROKEN:
                raise
            lane.trouble = type(error).__name__
            await self._pause(0.5)
        else:
            lane.trouble = None

    async def _settle(self, lane: Lane[Item]) -> None:
        try:
            async with asyncio.timeout(self._settings.drain.total_seconds()):
                await lane.relay.settled()
                await lane.flush()
        except (KafkaError, *DATABASE_ERRORS) as error:  # the next holder publishes the rest
            log.warning("stop.unsettled", error=type(error).__name__)

    async def _pause(self, seconds: float) -> None:
        """Wait for a change of assignment or the end, at most so long."""
        self._changed.clear()
        if not self._stopping.is_set():
            await happens_within(self._changed, seconds)

    async def _read_rows(self, shard: str, after: int) -> Sequence[Row]:
        async with self._pool.acquire() as connection:
            return await stream_store.unpublished(connection, shard, after)

    async def _keep_house(self) -> None:
        told_at = looked_at = monotonic()
        while not await happens_within(self._stopping, _HOUSEKEEPING):
            if self._halted and monotonic() - looked_at > _HALTS:
                looked_at = monotonic()
                await self._claim_resumed()
            self._measure()
            self._claim_lost()
            for driven in self._lanes:
                driven.lane.relay.check()
            if monotonic() - told_at > _TELEMETRY:
                told_at = monotonic()
                await self._tell_group()

    async def _watch_broker(self) -> None:
        """See every two seconds whether the broker answers; a topic made anew is handed to the lanes, to halt it."""
        while not await happens_within(self._stopping, _BROKER):
            if (identity := await self._watch.look(self.topics)) is None:
                continue
            for driven in self._lanes:
                claimed = {partition: held.topic_id for partition, held in driven.lane.held.items()}
                driven.estranged.update(estranged(claimed, identity))

    def _measure(self) -> None:
        metrics = self._wiring.metrics
        told, self.behind = set(), 0
        for driven in self._lanes:
            for partition, held in driven.lane.held.items():
                end = self._consumer.highwater(partition)
                if end is not None:
                    labels = (metrics.service, partition.topic, str(partition.partition))
                    metrics.lag.labels(*labels).set(max(end - held.next_offset, 0))
                    self.behind += max(end - held.next_offset, 0)
                    told.add(labels)
        for labels in self._told - told:  # somebody else's by now, who tells it better
            metrics.lag.remove(*labels)
        self._told = told
        for topic in self.topics:
            metrics.halted.labels(metrics.service, topic).set(sum(p.topic == topic for p in self._halted))

    def _claim_lost(self) -> None:
        """A partition that the group still gives us, but another worker fenced, is claimed again after a while."""
        known = set(self._halted)
        for driven in self._lanes:
            known |= driven.lane.held.keys() | driven.wanted
        for partition in self._consumer.assignment() - known:
            since = self._fenced_at.setdefault(partition, monotonic())
            if monotonic() - since > _FENCED_PAUSE:
                del self._fenced_at[partition]
                self._note([partition])

    async def _claim_resumed(self) -> None:
        """A halt that an operator has lifted is lifted here too: the partition is claimed again."""
        try:
            async with self._pool.acquire() as connection:
                halted = await stream_store.halted(connection, self._wiring.consumer)
        except DATABASE_ERRORS as error:
            log.info("halts.not_read", error=type(error).__name__)
            return
        for partition in self._halted.keys() - {TopicPartition(*name) for name in halted}:
            del self._halted[partition]
            for driven in self._lanes:
                driven.lane.release(partition)
            if partition in self._consumer.assignment():
                log.info("partition.resumed", topic=partition.topic, partition=partition.partition)
                self._note([partition])

    async def _tell_group(self) -> None:
        """Commit the group's offsets, for those who watch lag with Kafka's own tools; nothing here reads them."""
        offsets = {p: held.next_offset for driven in self._lanes for p, held in driven.lane.held.items()}
        if offsets:
            try:
                await self._consumer.commit(offsets)
            except (KafkaError, IllegalStateError) as error:
                log.info("telemetry.failed", error=type(error).__name__)
