"""R-20: a worker that is told to stop in the midst of its transactions ends them, sends what they caused, and goes."""

from __future__ import annotations

import asyncio

from tests.support.invariants import durable, exactly_once
from tests.support.loads import enrol, two_tenants
from tests.support.locks import in_hand, standstill, waiting
from tests.support.stack import PATIENCE, Stack

LANES, BATCH = 8, 20
UNPUBLISHED = "SELECT coalesce(sum(next_seq - 1 - published_seq), 0)::bigint FROM stream.outbox_shard"
MANY = {
    "POINTSTREAM_EARNING__LOOP__LANES": str(LANES),
    "POINTSTREAM_EARNING__LOOP__BATCH": str(BATCH),
}


async def test_ends_what_it_has_in_hand(stack: Stack) -> None:
    """Every lane's transaction waits for a lock when the signal comes, and the lock is released afterwards."""
    load = two_tenants(6_000, members=100, seed=61, coffees=20)
    await enrol(stack, load.cards)
    worker = await stack.start_ready(**MANY, **stack.patient())
    async with standstill(stack):
        await stack.produce(load.records)
        await in_hand(stack, LANES)
        before = await durable(stack)
        worker.process.terminate()
        await asyncio.sleep(0.3)  # the signal is on its way while the lock is held
        assert worker.process.poll() is None
        assert await waiting(stack) > 0, "nothing was in hand when the signal came"
    status = await asyncio.to_thread(worker.process.wait, PATIENCE)
    assert status == 0, worker.tail()
    done, known, lots = await durable(stack)
    in_the_end = done - before[0]
    assert 0 < in_the_end <= LANES * BATCH, "the batches in hand were done, and no others begun"
    assert known - before[1] == lots - before[2] == in_the_end
    assert (await stack.fetch(UNPUBLISHED))[0][0] == 0, "all that it caused is sent, and known to be"

    await stack.start_ready(instance="two")
    await stack.drained()
    proof = await exactly_once(stack, load)
    assert proof.repeats == 0, "its successor had to send again what it had sent"


async def test_leaves_untouched_what_it_can_not_end(stack: Stack) -> None:
    """The lock stays: the worker lets go of its batches, none of which leaves a trace, and goes all the same."""
    load = two_tenants(2_000, members=100, seed=62, coffees=20)
    await enrol(stack, load.cards)
    worker = await stack.start_ready(**MANY)
    async with standstill(stack):
        await stack.produce(load.records)
        await in_hand(stack)
        before = await durable(stack)
        status = await asyncio.to_thread(worker.stop)
        assert status == 0, worker.tail()
        assert await durable(stack) == before
    await stack.start_ready(instance="two")
    await stack.drained()
    await exactly_once(stack, load)
