"""The same event many times at once, on many partitions, to many transactions: one posting."""

from __future__ import annotations

import asyncio
import random

from tests.support.invariants import CONSUMER, exactly_once
from tests.support.loads import enrol, two_tenants
from tests.support.locks import transaction, waiting
from tests.support.stack import Stack, until

COPIES = 50
SHARES = "SELECT owner, sum(next_offset)::bigint AS done FROM stream.position WHERE consumer = $1 GROUP BY owner"


async def test_same_event_fifty_times_at_once(stack: Stack) -> None:
    """R-5: copies lie on every partition before anybody reads, so that four transactions at a time meet them."""
    load = two_tenants(60, members=10, seed=50, coffees=10)
    await enrol(stack, load.cards)
    copies = [record._replace(key=f"lane-{number}".encode()) for number in range(COPIES) for record in load.records]
    random.Random(5).shuffle(copies)
    four = 4
    workers = [stack.start(instance=name, POINTSTREAM_EARNING__LOOP__BATCH="20") for name in ("one", "two")]

    async def shared() -> bool:
        return len(await stack.fetch(SHARES, CONSUMER)) == 2

    await until(shared, "both workers hold partitions")
    await asyncio.gather(*(stack.produce(copies[at::four]) for at in range(four)))
    await stack.drained()
    assert all(row["done"] > len(load.records) for row in await stack.fetch(SHARES, CONSUMER)), "one worker had it all"
    repeated = [
        worker.metric("loyalty_stream_records_total", service="earning", outcome="repeated") for worker in workers
    ]
    assert sum(repeated) == len(copies) - len(load.records)
    assert min(repeated) > 0
    await exactly_once(stack, load, sent=len(copies), ordered=False)


async def test_waits_for_the_transaction_that_has_the_same_event(stack: Stack) -> None:
    """Two partitions hold the same event; the second transaction waits for the first, and then knows better."""
    load = two_tenants(2, members=1, seed=1)
    await enrol(stack, load.cards)
    first, second = stack.start(instance="one"), stack.start(instance="two")

    async def shared() -> bool:
        return len(await stack.fetch(SHARES, CONSUMER)) == 2

    await until(shared, "both workers hold partitions")
    copies = [record._replace(key=f"lane-{number}".encode()) for number in range(COPIES) for record in load.records]

    async def both_wait() -> bool:
        return await waiting(stack) >= 2

    async with transaction(stack) as other:
        await other.execute("LOCK TABLE earning.inbox IN SHARE MODE")
        await stack.produce(copies)
        await until(both_wait, "transactions wait for the inbox")
    await stack.drained()
    repeated = [worker.metric("loyalty_stream_records_total", outcome="repeated") for worker in (first, second)]
    assert sum(repeated) == len(copies) - len(load.records)
    await exactly_once(stack, load, sent=len(copies), ordered=False)
