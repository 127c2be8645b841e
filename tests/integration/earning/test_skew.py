"""R-24: two transactions that each look for what the other is about to write, forced to overlap, on two partitions."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from libs.runtime.keys import kafka_partition_hash
from tests.integration.earning.test_fencing import Hand, by_hand
from tests.support.invariants import verified
from tests.support.lives import returned
from tests.support.loads import enrol
from tests.support.locks import waiting
from tests.support.receipts import PROFILES, enrolment, purchase
from tests.support.stack import Stack, until

PAIRS = [60, pytest.param(200, marks=pytest.mark.slow)]


def key_of(part: int) -> bytes:
    """A key whose records go to this partition of twelve."""
    return next(key for n in count() if kafka_partition_hash(key := b"%d" % n) % 12 == part)


async def overlap(stack: Stack, first: tuple[Hand, int], second: tuple[Hand, int]) -> None:
    """Take the next record of each partition: the second begins when the first has done all but commit, and waits."""
    (holder, held_part), (waiter, part) = first, second
    mine, theirs = await holder.fetch(held_part, most=1), await waiter.fetch(part, most=1)
    assert [len(records) for records in (*mine.values(), *theirs.values())] == [1, 1]
    holder.handler.reached.clear()
    holder.handler.go_on.clear()
    holding = asyncio.create_task(holder.lane.run(mine))
    await asyncio.wait_for(holder.handler.reached.wait(), 20)
    follows = asyncio.create_task(waiter.lane.run(theirs))

    async def waits() -> bool:
        assert not follows.done(), "the second did not meet the first"
        return await waiting(stack) == 1

    await until(waits, "the second waits for the first")
    holder.handler.go_on.set()
    await asyncio.wait_for(asyncio.gather(holding, follows), 30)


async def settled(*hands: Hand) -> None:
    for hand in hands:
        await hand.lane.relay.settled()
        await hand.lane.flush()


@pytest.mark.parametrize("pairs", PAIRS)
async def test_receipt_of_a_stranger_and_the_enrolment(stack: Stack, pairs: int) -> None:
    await stack.produce(purchase(f"R-{n}", card=f"{n}")._replace(key=key_of(3)) for n in range(pairs))
    await stack.produce(enrolment(f"{n}")._replace(key=key_of(5)) for n in range(pairs))
    async with by_hand(stack, "receipts") as receipts, by_hand(stack, "profiles", of=PROFILES) as profiles:
        await receipts.claim(3)
        await profiles.claim(5)
        for n in range(pairs):
            both = [(receipts, 3), (profiles, 5)]
            await overlap(stack, both[n % 2], both[1 - n % 2])
        await settled(receipts, profiles)
    rows = await stack.fetch("SELECT count(*), count(DISTINCT member_id), sum(amount)::bigint FROM ledger.lot")
    assert tuple(rows[0]) == (pairs, pairs, 10 * pairs)
    assert await stack.fetch("SELECT FROM earning.unclaimed_receipt") == []
    await verified(stack)


@pytest.mark.parametrize("pairs", PAIRS)
async def test_purchase_and_its_return(stack: Stack, pairs: int) -> None:
    await enrol(stack, [str(n) for n in range(10)])
    await stack.produce(purchase(f"R-{n}", card=f"{n % 10}")._replace(key=key_of(3)) for n in range(pairs))
    await stack.produce(returned(f"T-{n}", f"R-{n}")._replace(key=key_of(5)) for n in range(pairs))
    async with by_hand(stack, "purchases") as purchases, by_hand(stack, "returns") as returns:
        await purchases.claim(3)
        await returns.claim(5)
        for n in range(pairs):
            both = [(purchases, 3), (returns, 5)]
            await overlap(stack, both[n % 2], both[1 - n % 2])
        await settled(purchases, returns)
    moved = await stack.fetch(
        "SELECT kind::text, count(*), sum(amount)::bigint FROM ledger.journal GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in moved] == [("credit", pairs // 2, 5 * pairs), ("reverse", pairs // 2, 5 * pairs)]
    assert (await stack.fetch("SELECT count(*) FROM earning.inbox"))[0][0] == 2 * pairs
    await verified(stack)
