"""What a transaction read may be old by the time it has its locks, and a worker may be frozen with locks in hand."""

from __future__ import annotations

import asyncio

import asyncpg
import psutil

from tests.support.invariants import durable, exactly_once
from tests.support.loads import enrol, two_tenants
from tests.support.locks import transaction, waiting
from tests.support.receipts import WHEN
from tests.support.stack import Stack, until

HOLDERS = """
SELECT owner FROM stream.position WHERE consumer = 'earning.purchases' GROUP BY owner ORDER BY owner
"""
IDLE_IN_TRANSACTION = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'earning.purchases' AND state = 'idle in transaction'
  AND query LIKE '%open_batch%'
"""
REDEEM = """
WITH head AS (
    UPDATE ledger.member SET seq = seq + 1 WHERE tenant_id = $1 AND member_id = $2 RETURNING *
), lot AS (
    UPDATE ledger.lot l SET remaining = remaining - 1
    FROM head h WHERE (l.tenant_id, l.programme_id, l.member_id, l.seq) = (h.tenant_id, h.programme_id, h.member_id, 1)
), movement AS (
    INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account,
                                 amount, effective_at, recorded_at, cause)
    SELECT tenant_id, programme_id, member_id, seq, 'points', 'redeem', 'active', 'redeemed', 1, $3, $3,
           gen_random_uuid() FROM head
)
INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount)
SELECT tenant_id, programme_id, member_id, seq, 1, 1 FROM head
"""


async def test_frozen_between_load_and_save(stack: Stack) -> None:
    """R-23: the server ends a frozen worker's transaction, another worker goes on, and thawing changes nothing."""
    load = two_tenants(3_000, members=100, seed=23, coffees=40)
    early, late = load.parts(2)
    await enrol(stack, load.cards)
    await stack.produce(early)
    frozen = stack.start(
        instance="frozen", POINTSTREAM_FAIL_POINT="after-load:4:STOP", POINTSTREAM_EARNING__LOOP__BATCH="60"
    )
    process = psutil.Process(frozen.process.pid)

    async def stands_still() -> bool:
        return process.status() == psutil.STATUS_STOPPED

    await until(stands_still, "the worker stands still")
    assert (await durable(stack))[0] < len(early), "nothing is left to be fought for"

    other = stack.start(instance="other")

    async def ended() -> bool:
        return not await stack.fetch(IDLE_IN_TRANSACTION)

    await until(ended, "the server has ended the frozen transaction")

    async def took_over() -> bool:
        return [row["owner"] for row in await stack.fetch(HOLDERS)] == ["earning-other"]

    await until(took_over, "the other worker holds everything", seconds=90)
    await stack.drained()
    assert process.status() == psutil.STATUS_STOPPED
    done, known, lots = await durable(stack)
    assert done == known == lots == len(early)

    frozen.thaw()
    await until(lambda: asyncio.to_thread(frozen.ready), "the thawed worker is ready again")

    async def shared() -> bool:
        return [row["owner"] for row in await stack.fetch(HOLDERS)] == ["earning-frozen", "earning-other"]

    await until(shared, "both hold partitions")
    await stack.produce(late)
    await stack.drained()
    assert frozen.process.poll() is None, frozen.tail()
    assert other.process.poll() is None, other.tail()
    assert frozen.metric("loyalty_stream_retries_total", cause="passing") > 0, "its transaction was not taken from it"
    await exactly_once(stack, load)


async def test_reads_what_was_committed_while_it_waited(stack: Stack) -> None:
    """R-23: a batch waits for the first of its members while hundreds of redemptions move everybody's numbers on.

    Locking and loading in one statement would load the old numbers: a conflict of keys, or a number given twice.
    """
    load = two_tenants(4_000, members=250, seed=230)
    early, late = load.parts(2)
    await enrol(stack, load.cards)
    worker = await stack.start_ready()
    await stack.produce(early)
    await stack.drained()
    assert worker.stop() == 0
    holders = [
        tuple(row) for row in await stack.fetch("SELECT DISTINCT tenant_id, member_id FROM ledger.lot ORDER BY 1, 2")
    ]
    assert len(holders) > 450

    async def batch_waits() -> bool:
        return await waiting(stack) == 1

    async with transaction(stack) as holder:
        await holder.execute(REDEEM, *holders[0], WHEN)
        # All on one partition, so that they make one batch at a time, and the first batch meets every member.
        await stack.produce(record._replace(key=b"one") for record in late)
        worker = stack.start(POINTSTREAM_EARNING__LOOP__BATCH="3000", **stack.patient())
        await until(batch_waits, "the batch waits for the first member")
        others = await asyncpg.connect(stack.database.dsn(), server_settings={"synchronous_commit": "off"})
        try:
            for key in holders[1:]:
                await others.execute(REDEEM, *key, WHEN)
        finally:
            await others.close()
        assert await waiting(stack) == 1, "the batch had given up waiting"
    await stack.drained()
    assert worker.metric("loyalty_stream_retries_total") == 0, "the batch was repeated instead of read anew"
    await exactly_once(stack, load)
    redeemed = await stack.fetch("SELECT count(*) FROM ledger.journal WHERE kind = 'redeem' AND seq > 1")
    assert redeemed[0][0] == len(holders)
