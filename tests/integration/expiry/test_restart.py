"""A sweep survives its workers: three at once, killed one after the other in the middle of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
import pytest

from cli.verify import examine
from libs.sweeps.preview import Total, preview, totals
from tests.support.outage import crash
from tests.support.stack import Stack, Worker, until

BOUNDARY = datetime(2024, 3, 31, 22, tzinfo=UTC)
NOW = BOUNDARY + timedelta(hours=2)
MEMBERS, LOTS = 2_000, 3
SCOPE = (1, 1)
SEED = """
WITH person AS (
    SELECT md5('sweep' || n)::uuid AS member_id, n FROM generate_series(1, $1) AS n
), enrolled AS (
    INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
    SELECT 1, 1, member_id, $3::timestamptz - interval '90 days', $3 FROM person
), heads AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, lapses_at)
    SELECT 1, 1, member_id, $2, n, $3 FROM person
)
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
SELECT 1, 1, member_id, s, 'points', n + s, n + s, $3 - interval '80 days', $3 - interval '80 days', $3,
       $3 - interval '80 days', 1, md5('earned' || n || '/' || s)::uuid
FROM person, generate_series(1, $2) AS s
"""
DONE = "SELECT coalesce(sum(members), 0)::int FROM expiry.chunk"
STATE = "SELECT state FROM expiry.sweep WHERE boundary = $1"
ASK = "UPDATE expiry.sweep SET asked = $1, asked_by = 'eva' WHERE tenant_id = 1"
LAPSED = "SELECT lapsed FROM expiry.sweep WHERE boundary = $1"
CHUNKS = "SELECT number, epoch, members, left_alone, finished FROM expiry.chunk ORDER BY number"
WITHOUT_INBOX = {"one-credit-per-event", "accepted-once"}
"""Invariants of what receipts earned; these lots were earned by none."""


async def worker(stack: Stack, name: str, **environment: str) -> Worker:
    return await stack.start_ready(
        "expiry",
        name,
        **environment,
        POINTSTREAM_CLOCK=NOW.isoformat(),
        POINTSTREAM_EXPIRY__SWEEP__LOCK="PT0.0001S",  # steps as small as they come
        POINTSTREAM_EXPIRY__SWEEP__AUTOMATIC="false",
        POINTSTREAM_EXPIRY__SWEEP__LEASE="PT2S",
        POINTSTREAM_EXPIRY__SWEEP__CHUNK="100",
        POINTSTREAM_EXPIRY__SWEEP__LANES="1",
        POINTSTREAM_EXPIRY__SWEEP__PROGRESS_EVERY="PT1S",
        POINTSTREAM_EXPIRY__LOOK_EVERY="PT0.2S",
    )


async def dies(worker: Worker) -> None:
    async def dead() -> bool:
        return worker.process.poll() is not None

    await until(dead, f"{worker.name} is killed in the middle of its work")
    assert worker.process.returncode == -9


async def becomes(connection: asyncpg.Connection, state: str) -> None:
    async def is_so() -> bool:
        return bool(await connection.fetchval(STATE, BOUNDARY) == state)

    await until(is_so, f"the sweep is {state}")


async def test_killed_and_doubled_sweepers_let_each_lot_lapse_once(stack: Stack) -> None:
    connection, planned = await due(stack)
    deaths = {"one": 3, "two": 10, "three": 17}
    doomed = await asyncio.gather(
        *(worker(stack, name, POINTSTREAM_FAIL_POINT=f"before-commit:{steps}") for name, steps in deaths.items())
    )
    await becomes(connection, "announced")
    await connection.execute(ASK, "run")
    await asyncio.gather(*map(dies, doomed))
    assert 0 < await connection.fetchval(DONE) < MEMBERS
    await worker(stack, "four")
    chunks = await compare(stack, connection, planned)
    assert sum(row["epoch"] for row in chunks) > len(chunks), "somebody took over what another had begun"
    told = {event["id"]: event for event in await stack.events("loyalty.sweeps") if event["tenant"] == "acme"}
    kinds = Counter(str(event["type"]).split(".")[3] for event in told.values())
    assert {kind for kind in kinds if kinds[kind] == 1} >= {"announced", "started", "finished"}
    await connection.close()


@pytest.mark.slow
async def test_a_database_that_crashes_loses_steps_whole_and_nothing_that_was_told(fragile: Stack) -> None:
    """Steps do not wait for the disk: what recovery does not find is taken again, and nobody has heard of it."""
    connection, planned = await due(fragile)
    await asyncio.gather(*(worker(fragile, name) for name in ("one", "two")))
    await becomes(connection, "announced")
    await connection.execute(ASK, "run")
    await connection.close()
    for share in range(1, 6):

        async def so_far(share: int = share) -> bool:
            ((done,),) = await fragile.fetch(DONE)
            return bool(done >= MEMBERS * share // 6)

        await until(so_far, f"{share} sixths are done")
        await crash(fragile, "expiry")
    connection = await asyncpg.connect(fragile.database.dsn())
    await compare(fragile, connection, planned)
    await connection.close()


async def due(stack: Stack) -> tuple[asyncpg.Connection, list[Total]]:
    """Have members whose points are due; return what the dry run says."""
    connection = await asyncpg.connect(stack.database.dsn())
    await connection.execute(SEED, MEMBERS, LOTS, BOUNDARY)
    await connection.execute("ANALYZE ledger.member, ledger.lot")
    planned = totals(await preview(connection, SCOPE, BOUNDARY))
    assert [total[:3] for total in planned] == [("points", MEMBERS, MEMBERS * LOTS)]
    return connection, planned


async def compare(stack: Stack, connection: asyncpg.Connection, planned: list[Total]) -> list[asyncpg.Record]:
    """Wait for the end of the sweep, and hold it and its events against the dry run; return its chunks."""
    await becomes(connection, "finished")

    chunks: list[asyncpg.Record] = await connection.fetch(CHUNKS)
    assert sum(row["members"] for row in chunks) == MEMBERS, "nobody is taken twice"
    lapsed = [Total(**each) for each in orjson.loads(await connection.fetchval(LAPSED, BOUNDARY))]
    assert lapsed == planned
    found = {each.name: each.violations for each in await examine(connection) if each.name not in WITHOUT_INBOX}
    assert sum(found.values()) == 0, found

    async def all_told() -> bool:
        ids = {orjson.loads(record.value)["id"] for record in await stack.read("loyalty.points")}
        return len(ids) == MEMBERS

    await until(all_told, "each member is told of once")
    for record in await stack.read("loyalty.points"):
        event = orjson.loads(record.value)
        assert (event["memberseq"], len(event["data"]["lots"])) == (LOTS + 1, LOTS)
    return chunks
