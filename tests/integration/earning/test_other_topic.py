"""A position belongs to one topic of one cluster: made anew, it halts, and the runbook's way out loses nothing."""

from __future__ import annotations

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from tests.support.receipts import PURCHASES, enrolment, member_id, purchase
from tests.support.stack import Stack, until


async def halts(stack: Stack) -> set[str]:
    rows = await stack.fetch("SELECT halt_reason FROM stream.position WHERE halted_at IS NOT NULL")
    return {row["halt_reason"] for row in rows}


async def recreate(stack: Stack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([stack.topic(PURCHASES)])

        async def gone() -> bool:
            return stack.topic(PURCHASES) not in await admin.list_topics()

        await until(gone, "the topic is gone")
    finally:
        await admin.close()
    await stack.create_topics()


async def points(stack: Stack) -> dict[object, int]:
    rows = await stack.fetch("SELECT member_id, sum(amount)::bigint AS points FROM ledger.lot GROUP BY member_id")
    return {row["member_id"]: row["points"] for row in rows}


async def test_a_topic_made_anew_halts_until_somebody_says_where_to_go_on(stack: Stack) -> None:
    worker = await stack.start_ready()
    await stack.produce([enrolment("1")])
    await stack.drained("loyalty.profiles")
    await stack.produce([purchase(f"R-{number}", 1_000) for number in range(3)])
    await stack.drained()
    assert worker.stop() == 0

    await recreate(stack)
    again = [purchase("R-2", 1_000), *(purchase(f"N-{number}", 500) for number in range(5))]
    await stack.produce(again)
    worker = await stack.start_ready()
    assert await halts(stack) == {"the topic was made anew since the position was stored"}
    assert await points(stack) == {member_id("1"): 30}
    assert worker.stop() == 0

    connection = await asyncpg.connect(stack.database.dsn())
    await connection.execute("DELETE FROM stream.position WHERE topic = $1", stack.topic(PURCHASES))
    await connection.close()
    await stack.start_ready()
    await stack.drained()
    assert await halts(stack) == set()
    assert await points(stack) == {member_id("1"): 55}, "R-2 once, the new ones all"
