"""R-24: two transactions that each look for what the other is about to write, forced to overlap, on two partitions."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import asyncpg
import pytest

from libs.runtime.keys import kafka_partition_hash
from services.earning import owner_store
from tests.integration.earning.test_fencing import Hand, by_hand
from tests.support.invariants import verified
from tests.support.lives import corrected, returned
from tests.support.loads import enrol
from tests.support.locks import waiting
from tests.support.receipts import PROFILES, enrolment, member_id, purchase
from tests.support.stack import PATIENCE, Stack, until

LEFT = "SELECT member_id, sum(remaining)::bigint AS left FROM ledger.lot GROUP BY 1"
PAIRS = [30, pytest.param(200, marks=pytest.mark.slow)]


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
    await asyncio.wait_for(holder.handler.reached.wait(), PATIENCE)
    follows = asyncio.create_task(waiter.lane.run(theirs))

    async def waits() -> bool:
        assert not follows.done(), "the second did not meet the first"
        return await waiting(stack) == 1

    await until(waits, "the second waits for the first")
    holder.handler.go_on.set()
    await asyncio.wait_for(asyncio.gather(holding, follows), PATIENCE)


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


async def test_an_identifier_of_a_story_is_never_waited_for(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A correction holds its receipt and then wants the card of before; the card's enrolment wants them in order."""
    await stack.produce([enrolment("2")])
    await stack.produce([purchase("R-1", card="1")._replace(key=key_of(3))])
    await stack.produce([corrected("C-1", "R-1", 2_000, card="2")._replace(key=key_of(3))])
    async with by_hand(stack, "receipts") as receipts, by_hand(stack, "profiles", of=PROFILES) as profiles:
        await receipts.claim(3)
        part = kafka_partition_hash(str(member_id("2")).encode()) % 12
        await profiles.claim(part, 5)
        await profiles.lane.run(await profiles.fetch(part))
        await receipts.lane.run(await receipts.fetch(3, most=1))
        await stack.produce([enrolment("1")._replace(key=key_of(5))])

        refusals: list[str | None] = []
        enrolling: list[asyncio.Task[None]] = []
        lock_owners = owner_store.lock_owners

        async def lock(connection: Any, names: Any) -> Any:
            if not enrolling:
                enrolling.append(asyncio.create_task(profiles.lane.run(await profiles.fetch(5))))

                async def waits() -> bool:
                    return await waiting(stack) == 1

                await until(waits, "the enrolment waits for the receipt")
            try:
                return await lock_owners(connection, names)
            except asyncpg.PostgresError as error:
                refusals.append(error.sqlstate)
                raise

        monkeypatch.setattr(owner_store, "lock_owners", lock)
        await asyncio.wait_for(receipts.lane.run(await receipts.fetch(3)), PATIENCE)
        await asyncio.wait_for(enrolling[0], PATIENCE)
        assert set(refusals) == {"40001"}, "it gave way at once, until it was free to lock"
        await settled(receipts, profiles)
    left = {str(row["member_id"]): row["left"] for row in await stack.fetch(LEFT)}
    assert left == {str(member_id("1")): 0, str(member_id("2")): 20}
    await verified(stack)


async def test_a_member_of_a_story_is_never_waited_for(stack: Stack) -> None:
    await enrol(stack, ["1"])
    name = (1, 1, member_id("1"))
    holder, late = [await asyncpg.connect(stack.database.dsn("earning")) for _ in range(2)]
    try:
        async with holder.transaction(), late.transaction():
            await owner_store.lock_late(holder, [name, (1, 1, member_id("nobody"))])
            with pytest.raises(asyncpg.SerializationError):
                await owner_store.lock_late(late, [name])
    finally:
        await holder.close()
        await late.close()
