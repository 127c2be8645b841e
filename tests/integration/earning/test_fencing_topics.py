"""The log is not the one that a position belongs to: the partition halts, and says why, instead of skipping."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from tests.support.invariants import CONSUMER, durable, verified
from tests.support.loads import enrol, two_tenants
from tests.support.receipts import PURCHASES
from tests.support.stack import Stack, Worker, until

HALTS = """
SELECT part, halt_reason FROM stream.position WHERE consumer = $1 AND halted_at IS NOT NULL ORDER BY part
"""
SKIP = "UPDATE stream.position SET next_offset = next_offset + 1000 WHERE consumer = $1 AND part = $2"
POSITIONS = "SELECT part, next_offset FROM stream.position WHERE consumer = $1 ORDER BY part"


async def halts(stack: Stack) -> dict[int, str]:
    """Partitions that stand still for good, and the stored reason."""
    return {row["part"]: row["halt_reason"] for row in await stack.fetch(HALTS, CONSUMER)}


async def positions(stack: Stack) -> dict[int, int]:
    """Where the partitions stand."""
    return {row["part"]: row["next_offset"] for row in await stack.fetch(POSITIONS, CONSUMER)}


async def make_anew(stack: Stack) -> None:
    """Delete the topic of purchases, and create it again under the same name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([stack.topic(PURCHASES)])

        async def gone() -> bool:
            return stack.topic(PURCHASES) not in await admin.list_topics()

        await until(gone, "the topic is gone")
        await stack.create_topics()
    finally:
        await admin.close()


async def consumed(stack: Stack) -> Worker:
    """A worker that has consumed a short log."""
    old = two_tenants(400, members=60, seed=8)
    await enrol(stack, old.cards)
    worker = await stack.start_ready(POINTSTREAM_EARNING__KAFKA__METADATA_AGE="PT1S")
    await stack.produce(old.records)
    await stack.drained()
    assert len(await positions(stack)) == 12
    return worker


async def all_halt(stack: Stack, worker: Worker) -> None:
    """Wait until every partition has halted, and the worker says so."""

    async def halted() -> bool:
        assert worker.process.poll() is None, worker.tail()
        told = worker.metric("loyalty_stream_halted_partitions", topic=stack.topic(PURCHASES))
        return len(await halts(stack)) == told == 12

    try:
        await until(halted, "all partitions halt")
    except AssertionError as error:
        raise AssertionError(f"{error}; halted: {await halts(stack)}; {worker.tail()}") from error


@pytest.mark.slow
async def test_topic_made_anew_while_nobody_looked(stack: Stack) -> None:
    """The new log is longer than the old positions: going on from them would skip its beginning."""
    worker = await consumed(stack)
    before, done = await positions(stack), await durable(stack)
    assert worker.stop() == 0
    await make_anew(stack)
    await stack.produce(two_tenants(4_000, members=60, seed=9).records)
    await all_halt(stack, stack.start())
    assert {"made anew" in reason for reason in (await halts(stack)).values()} == {True}
    assert (await positions(stack), await durable(stack)) == (before, done)
    await verified(stack)


async def test_topic_made_anew_under_a_running_worker(stack: Stack) -> None:
    """A worker that reads on finds its positions outside the new log, before anything of it could be skipped."""
    worker = await consumed(stack)
    before, done = await positions(stack), await durable(stack)
    await make_anew(stack)
    await all_halt(stack, worker)
    await stack.produce(two_tenants(4_000, members=60, seed=9).records)
    await stack.read(PURCHASES)
    assert (await positions(stack), await durable(stack)) == (before, done)
    await verified(stack)


async def test_topic_made_anew_and_filled_before_the_next_fetch(stack: Stack) -> None:
    """The new log has passed the old positions before a running worker fetches again: it fetches by the topic's id."""
    worker = await consumed(stack)
    before, done = await positions(stack), await durable(stack)
    worker.freeze()
    await make_anew(stack)
    await stack.produce(two_tenants(4_000, members=60, seed=9).records)
    worker.thaw()

    async def decided() -> bool:
        return len(await halts(stack)) == 12 or await positions(stack) != before

    await until(decided, "the worker has noticed, or has gone on")
    assert (await positions(stack), await durable(stack)) == (before, done)
    await all_halt(stack, worker)
    assert {"made anew" in reason for reason in (await halts(stack)).values()} == {True}
    assert (await positions(stack), await durable(stack)) == (before, done)
    await verified(stack)


async def test_position_outside_the_log(stack: Stack) -> None:
    """A position behind the end, and one before the beginning: both partitions halt, the others go on."""
    early, late = two_tenants(600, members=60, seed=10).parts(2)
    await enrol(stack, [str(number) for number in range(1, 61)])
    worker = await stack.start_ready()
    await stack.produce(early)
    await stack.drained()
    assert worker.stop() == 0
    await stack.produce(late)
    await stack.fetch(SKIP, CONSUMER, 3)
    await cut_off(stack, 7)
    before = await positions(stack)

    worker = await stack.start_ready()

    async def others_done() -> bool:
        return await durable(stack) == expected

    in_late = await records_after(stack, {part: at for part, at in before.items() if part not in (3, 7)})
    expected = (sum(before.values()) + in_late, len(early) + in_late, len(early) + in_late)
    await until(others_done, "the other partitions are done")
    reason = "the position lies outside the log"
    assert await halts(stack) == {3: reason, 7: reason}
    after = await positions(stack)
    assert (after[3], after[7]) == (before[3], before[7])

    async def told() -> bool:
        return worker.metric("loyalty_stream_halted_partitions", topic=stack.topic(PURCHASES)) == 2

    await until(told, "the worker tells of the halts")


async def test_log_is_cut_off_under_a_running_worker(stack: Stack) -> None:
    """Retention overtakes a worker that stood still for a while: it halts, and tells the operator."""
    early, late = two_tenants(600, members=60, seed=12).parts(2)
    await enrol(stack, [str(number) for number in range(1, 61)])
    worker = await stack.start_ready()
    await stack.produce(early)
    await stack.drained()
    before = await positions(stack)
    worker.freeze()
    # A fetch that was under way when the worker stood still is answered with the first of them, and brings no others.
    await stack.produce(late[:1])
    await stack.produce(late[1:])
    end = await records_after(stack, {5: 0})
    await cut_off(stack, 5)
    worker.thaw()

    async def halted() -> bool:
        return 5 in await halts(stack)

    await until(halted, "the partition halts")
    assert await halts(stack) == {5: "the position lies outside the log"}
    assert before[5] <= (await positions(stack))[5] < end
    assert worker.process.poll() is None, worker.tail()


async def cut_off(stack: Stack, part: int) -> None:
    """Delete everything that a partition holds."""
    partition = TopicPartition(stack.topic(PURCHASES), part)
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
    await admin.start()
    try:
        left = await records_after(stack, {part: (await positions(stack))[part]})
        assert left > 0, "nothing would be lost"
        await admin.delete_records({partition: RecordsToDelete(before_offset=-1)})
    finally:
        await admin.close()


async def records_after(stack: Stack, offsets: dict[int, int]) -> int:
    """How many records partitions hold at or after offsets."""
    records = await stack.read(PURCHASES)
    return sum(record.partition in offsets and record.offset >= offsets[record.partition] for record in records)
