"""What the batch loop does when things cross: a rebalance during a fetch or a halt, a stop that nobody hears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import asyncpg
import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError
from prometheus_client import CollectorRegistry

from libs.contracts.rejection import Rejection
from libs.runtime.batch import Applied, Outgoing, Span, Work
from libs.runtime.broker_watch import MADE_ANEW, estranged
from libs.runtime.clock import SystemClock
from libs.runtime.consume import BatchLoop, LoopSettings
from libs.runtime.dead_letters import attempts
from libs.runtime.faust_host import Hosted
from libs.runtime.lane import Lane, Wiring
from libs.runtime.limits import Health, Limits
from libs.runtime.metrics import StreamMetrics
from libs.runtime.outbox import Relay, Row
from libs.runtime.seal import Seal, SealBroken
from libs.runtime.stream_store import Claimed
from libs.runtime.topic_identity import Identity

TOPIC = "receipts"
PART = TopicPartition(TOPIC, 3)
SHARD = "test:receipts:3"


def record(offset: int, headers: Sequence[tuple[str, bytes | None]] = ()) -> ConsumerRecord:
    return ConsumerRecord(TOPIC, 3, offset, 0, 0, b"key", b"{}", None, 3, 2, tuple(headers))


def claimed(next_offset: int, epoch: int, published: int = 0) -> Claimed:
    return Claimed(TOPIC, 3, next_offset, epoch, "cluster", "topic", None, Health(), published)


class Nothing:
    """A handler that never comes to apply anything."""

    topics: tuple[str, ...] = (TOPIC,)

    def decode(self, records: Sequence[ConsumerRecord]) -> list[str | Rejection]:
        return ["item" for _ in records]

    async def apply(self, connection: object, work: Work[str], now: object, *, careful: bool) -> Applied:
        raise NotImplementedError


class Consumer:
    """A consumer whose fetch ends after `meanwhile`, with records or an error."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] = lambda: None
        self.answer: dict[TopicPartition, list[ConsumerRecord]] | Exception = {}
        self.sought: list[tuple[TopicPartition, int]] = []

    async def getmany(self, *_: TopicPartition, **__: object) -> dict[TopicPartition, list[ConsumerRecord]]:
        self.meanwhile()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def highwater(self, partition: TopicPartition) -> int:
        return 25

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append((partition, offset))


class Scene(NamedTuple):
    """A loop of two lanes that was never started, with its consumer."""

    loop: BatchLoop[str]
    consumer: Consumer
    lanes: list[Lane[str]]


def wiring() -> Wiring[str]:
    async def connect() -> Any:
        raise AssertionError("no database here")

    metrics = StreamMetrics(CollectorRegistry(), "test")
    return Wiring("test", Nothing(), SystemClock(), Seal.from_base64("A" * 43 + "="), Limits(), metrics, connect)


@pytest.fixture
def scene() -> Scene:
    consumer: Any = Consumer()
    loop: BatchLoop[str] = BatchLoop(LoopSettings("me"), wiring(), lambda: consumer, lambda: None, lambda _: (), None)
    loop._consumer = consumer
    return Scene(loop, consumer, [driven.lane for driven in loop._lanes])


async def test_records_fetched_for_a_lost_claim_are_put_back(scene: Scene) -> None:
    """Else the lane that has claimed the partition meanwhile would go on behind them, its position past them."""
    former, present = scene.lanes
    former.hold(PART, claimed(10, epoch=1))

    def rebalance() -> None:
        scene.loop._clear()
        present.hold(PART, claimed(10, epoch=2))

    scene.consumer.meanwhile = rebalance
    scene.consumer.answer = {PART: [record(10), record(11)]}
    assert await scene.loop._fetch(former) == {}
    assert scene.consumer.sought == [(PART, 10)]


async def test_an_error_of_a_lost_claim_halts_nobody(scene: Scene) -> None:
    former, present = scene.lanes
    former.hold(PART, claimed(10, epoch=1))

    def rebalance() -> None:
        scene.loop._clear()
        present.hold(PART, claimed(500, epoch=2))

    scene.consumer.meanwhile = rebalance
    scene.consumer.answer = OffsetOutOfRangeError({PART: 10})
    assert await scene.loop._fetch(former) == {}
    assert scene.loop.halted == {}
    assert PART in present.held


async def test_a_halt_keeps_the_shard_until_its_events_are_out(scene: Scene) -> None:
    lane = scene.lanes[0]
    lane.hold(PART, claimed(10, epoch=4))
    lane.relay.acknowledged[SHARD] = 7
    span = Span(TOPIC, 3, 10, 20, 4, Health(20, 20, 20), "20 bad records in a row")
    lane._move_on(span, True)
    assert PART not in lane.held
    assert lane.relay.acknowledged == {SHARD: 7}
    scene.loop._clear()
    assert lane.relay.acknowledged == {}


async def test_waiting_for_the_relay_is_no_stall(scene: Scene) -> None:
    """A worker that were ended for it would come back to the same broker that is away."""
    lane = scene.lanes[0]
    row = Row(SHARD, 1, "points", [Outgoing("points", b"key", 0, b"{}")])
    lane.relay.acknowledged[SHARD] = 0
    await lane.relay.publish([row] * 128)
    lane.turned_at -= 3_600
    assert scene.loop.stalled()
    waiting = asyncio.create_task(lane.relay.publish([row]))
    await asyncio.sleep(0)
    assert not scene.loop.stalled()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert scene.loop.stalled()


async def test_a_partition_of_a_lost_topic_is_halted_between_batches(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own lane, whose next batch would lift the halt again if it came in between."""
    halted: list[tuple[TopicPartition, int, str]] = []

    async def halt(lane: Lane[str], partition: TopicPartition, epoch: int, reason: str) -> None:
        lane.retire(partition, epoch)
        halted.append((partition, epoch, reason))

    monkeypatch.setattr(scene.loop, "_halt", halt)
    driven = scene.loop._lanes[0]
    driven.lane.hold(PART, claimed(10, epoch=4))
    other = {TOPIC: "another id"}
    driven.estranged.update(estranged({PART: driven.lane.held[PART].topic_id}, Identity("cluster", other)))
    assert driven.estranged == {PART}
    await scene.loop._halt_estranged(driven)
    assert halted == [(PART, 4, MADE_ANEW)]
    assert driven.estranged == set()
    same = {TOPIC: "topic"}
    assert estranged({PART: "topic"}, Identity("cluster", same)) == []


def lags(scene: Scene) -> dict[str, float]:
    return {
        sample.labels["partition"]: sample.value
        for metric in scene.loop._wiring.metrics.lag.collect()
        for sample in metric.samples
    }


async def test_the_lag_of_a_lost_partition_is_told_no_longer(scene: Scene) -> None:
    """Else its last figure would stay in this process for ever, and raise an alarm beside the true one."""
    scene.lanes[0].hold(PART, claimed(10, epoch=1))
    scene.loop._measure()
    assert lags(scene) == {"3": 15}
    scene.loop._clear()
    scene.loop._measure()
    assert lags(scene) == {}


class Producer:
    """Counts what it would have sent."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


async def test_catching_up_leaves_alone_what_was_not_adopted() -> None:
    """After a lost answer to a commit the partition may be another's; from the beginning is not where to go on."""
    read: list[int] = []

    async def rows(shard: str, after: int) -> Sequence[Row]:
        read.append(after)
        return ()

    relay = Relay(Producer, lambda _: (), rows, StreamMetrics(CollectorRegistry(), "test"))
    await relay.catch_up(SHARD)
    assert read == []
    await relay.adopt(SHARD, 41)
    await relay.catch_up(SHARD)
    assert read == [41, 41]


async def test_unpublished_events_of_all_relays_are_counted() -> None:
    metrics = StreamMetrics(CollectorRegistry(), "test")

    async def none(shard: str, after: int) -> Sequence[Row]:
        return ()

    relays = [Relay(Producer, lambda _: (), none, metrics) for _ in range(2)]
    for relay in relays:
        await relay.publish([Row(SHARD, 1, TOPIC, [Outgoing(TOPIC, b"", 0, b"")] * 3)])
    assert metrics.unpublished.labels("test")._value.get() == 6
    await relays[0].start()  # the shard is nobody's, so its rows are dropped
    async with asyncio.timeout(5):
        await relays[0].settled()
    await asyncio.sleep(0)
    await relays[0].stop()
    assert metrics.unpublished.labels("test")._value.get() == 3


@pytest.mark.parametrize(("value", "tried"), [(None, 1), (b"", 1), (b"x", 1), (b"2", 3), (b"9" * 50, 1_000_000)])
def test_attempts_come_from_a_header_that_may_hold_anything(value: bytes | None, tried: int) -> None:
    assert attempts(record(1, [("attempts", value)])) == tried


class Refusing(Nothing):
    """A handler whose save passes a shared limit whatever is locked."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    async def apply(self, connection: object, work: Work[str], now: object, *, careful: bool) -> Applied:
        self.asked.append(careful)
        raise _limit_passed()


def _limit_passed() -> asyncpg.PostgresError:
    error = asyncpg.PostgresError("a shared limit would be passed")
    error.sqlstate = "PS001"
    return error


class Transaction:
    """A transaction of no database."""

    def transaction(self) -> Transaction:
        return self

    def is_closed(self) -> bool:
        return False

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


async def test_a_limit_passed_on_a_locked_counter_is_not_tried_for_ever(scene: Scene) -> None:
    handler = Refusing()
    lane = scene.lanes[0]
    lane._wiring = wiring()
    object.__setattr__(lane._wiring, "handler", handler)
    lane._connection = Transaction()
    lane.hold(PART, claimed(10, epoch=1))
    with pytest.raises(asyncpg.PostgresError):
        async with asyncio.timeout(5):
            await lane.run({PART: [record(10)]})
    assert handler.asked == [False, True]


class Choosy(Nothing):
    """A handler whose save is refused as long as any of these offsets stands in it."""

    def __init__(self, refused: set[int]) -> None:
        self.refused = refused
        self.taken: list[int] = []

    async def apply(self, connection: object, work: Work[str], now: object, *, careful: bool) -> Applied:
        standing = [r.offset for r, item in zip(work.records, work.items, strict=True) if item is not None]
        if self.refused & set(standing):
            error = asyncpg.PostgresError("a constraint")
            error.sqlstate = "23514"
            raise error
        self.taken += standing
        return Applied([True] * len(work.spans), [[] for _ in work.spans])


class Ledger(Transaction):
    """A connection that remembers how many letters were buried."""

    def __init__(self) -> None:
        self.buried = 0

    async def fetchval(self, query: str, *arguments: Any) -> list[int]:
        return [1 for _ in arguments[3]]

    async def execute(self, query: str, *arguments: Any) -> None:
        self.buried += len(arguments[2])


@pytest.mark.parametrize(
    ("refused", "buried", "halted"),
    [
        (set(range(100)), 20, True),  # a database that refuses everything: a mistake of ours
        ({3, 50, 51, 99}, 4, False),
        (set(range(40, 59)), 19, False),
        (set(range(40, 60)), 20, True),
        (set(range(0, 100, 2)), 50, False),
    ],
)
async def test_many_refusals_in_a_row_halt(scene: Scene, refused: set[int], buried: int, halted: bool) -> None:
    lane, handler, ledger = scene.lanes[0], Choosy(refused), Ledger()
    object.__setattr__(lane._wiring, "handler", handler)
    lane._connection = ledger
    lane.relay._rows = asyncio.Queue()
    lane.hold(PART, claimed(0, epoch=1))
    await lane.run({PART: [record(offset) for offset in range(100)]})
    assert ledger.buried == buried
    assert (PART in scene.loop.halted) is halted
    end = 60 if halted and 0 not in refused else 20 if halted else 100
    assert handler.taken == [offset for offset in range(end) if offset not in refused]
    if not halted:
        assert lane.held[PART].next_offset == 100


async def test_who_does_not_hear_the_stop_is_cancelled() -> None:
    ended = asyncio.Event()

    async def deaf() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    hosted = Hosted(deaf, lambda: None, patience=0.01)
    await hosted.on_start()
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await hosted.on_stop()
    assert ended.is_set()


@pytest.mark.parametrize("sealed", [b"", b"x", b"x" * 12, b"x" * 40])
def test_whatever_stands_in_a_header_is_no_seal_of_ours(sealed: bytes) -> None:
    """A producer may write anything there; only one kind of answer must come of it."""
    with pytest.raises(SealBroken):
        Seal.from_base64("A" * 43 + "=").open(sealed, "context")
