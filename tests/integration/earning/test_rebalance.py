"""Workers come and go under load: nothing is lost, nothing twice, and the lag is gone soon after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from tests.support.invariants import CONSUMER, exactly_once
from tests.support.loads import enrol, two_tenants
from tests.support.receipts import Record
from tests.support.stack import Stack, Worker, until

RATE, PERIOD = 500, 3
EPOCHS = "SELECT coalesce(sum(epoch), 0)::bigint FROM stream.position WHERE consumer = $1"

HOLDS = "SELECT count(*) FROM stream.position WHERE consumer = $1 AND owner = $2"


@pytest.mark.parametrize("seconds", [21, pytest.param(60, marks=pytest.mark.slow)])
async def test_rebalance_storm(stack: Stack, seconds: int) -> None:
    """R-17: one worker stays; every 3 s another joins, or leaves again, in turn asked to and killed."""
    load = two_tenants(RATE * seconds, members=200, seed=17, coffees=40)
    await enrol(stack, load.cards)
    await stack.start_ready(instance="stays")
    calm = await epochs(stack)
    visitor: Worker | None = None
    joins = 0
    for number, part in enumerate(load.parts(seconds // PERIOD)):
        producing = asyncio.create_task(evenly(stack, part))
        if visitor is None:
            joins += 1
            visitor = stack.start(instance=f"visitor-{joins}")
            await until(lambda name=f"visitor-{joins}": holds(stack, name), "the visitor holds partitions")  # type: ignore[misc]
        else:
            await leave(visitor, asked=number % 4 == 1)
            visitor = None
        await producing
    if visitor is not None:
        await leave(visitor, asked=True)
    assert joins >= 3

    async def stormed() -> bool:
        return await epochs(stack) - calm >= joins * 6

    await until(stormed, "as many partitions moved as make a storm")
    await stack.drained()
    await exactly_once(stack, load)


async def epochs(stack: Stack) -> int:
    """How often partitions were claimed, all together."""
    total: int = (await stack.fetch(EPOCHS, CONSUMER))[0][0]
    return total


async def holds(stack: Stack, instance: str) -> bool:
    """Whether a worker was the last to claim some partition."""
    return bool((await stack.fetch(HOLDS, CONSUMER, f"earning-{instance}"))[0][0])


async def leave(visitor: Worker, *, asked: bool) -> None:
    """Let a worker go, politely or not."""
    if asked:
        assert await asyncio.to_thread(visitor.stop) == 0, visitor.tail()
    else:
        visitor.kill()


async def evenly(stack: Stack, records: Sequence[Record]) -> None:
    """Produce at the rate, each tenth of a second's worth at its intended time whatever came of the one before."""
    began, step = time.monotonic(), RATE // 10
    for at in range(0, len(records), step):
        await asyncio.sleep(began + at / RATE - time.monotonic())
        await stack.produce(records[at : at + step])
