"""Reminders on a real database: who is told is who loses something, once, and the plan said so before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
from prometheus_client import CollectorRegistry

from libs.ledger.catch_up import due
from libs.runtime.clock import SystemClock
from libs.sweeps.losing import EVERYBODY, NOBODY, Asked, TierLoss, asked_by, by_tier, losses
from libs.sweeps.preview import lapses
from libs.sweeps.reminders import steps
from services.expiry import reminder_store
from services.expiry.crowd import Crowd
from services.expiry.lane import Means
from services.expiry.metrics import ExpiryMetrics
from services.expiry.reminder_lane import ReminderLane
from services.expiry.store import VersionReader
from tests.integration.expiry.test_sweep import BOUNDARY, SCOPE, Sweeping, events, sweeping
from tests.integration.test_rebuild import lives, store
from tests.support.database import ACME, Database, programme_document
from tests.support.programmes import put_version
from tests.support.stack import until

__all__ = ["sweeping"]
SERIES = [
    {"days": 30, "audience": {"min_points": 40}},
    {"days": 7, "name": "a-week", "audience": {"tiers": ["gold"], "segments": ["vip"]}},
    {"days": 0, "at": "10:00"},
]
SEED = """
WITH person AS (
    SELECT md5('remind' || n)::uuid AS member_id, n FROM generate_series(1, $1::int) AS n
), heads AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, tier, lapses_at)
    SELECT 1, 1, member_id, 2, n, CASE WHEN n % 2 = 0 THEN 'gold' END, $2 FROM person
), vip AS (
    INSERT INTO members.segment_member (tenant_id, programme_id, member_id, segment, entered_at, programme_version)
    SELECT 1, 1, member_id, 'vip', $2, 1 FROM person WHERE n % 3 = 0
)
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
SELECT 1, 1, member_id, s, 'points', n, n - (n % 5 = 0)::int * n, $2 - interval '80 days', $2 - interval '80 days', $2,
       $2 - interval '80 days', 1, member_id
FROM person, generate_series(1, 2) AS s
"""
STATES = "SELECT step, state, members, programme_version FROM expiry.reminder WHERE tenant_id = 1 ORDER BY due_at"
TOLD = """
SELECT coalesce(sum((t ->> 'members')::int), 0) FROM expiry.reminder_chunk c, jsonb_array_elements(c.told) t
WHERE c.step = $1
"""
KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1"


def document(series: list[dict[str, Any]]) -> Mapping[str, object]:
    wallet = {"name": "points", "expiry": {"kind": "natural", "period": "quarter"}, "reminders": series}
    return {**programme_document(ACME), "wallets": [wallet], "segments": [{"name": "vip", "list": True}]}


def expected(members: int, *, step: str) -> dict[int, int]:
    """Points by number of the member: every fifth has spent all."""
    chosen = {n: 2 * n for n in range(1, members + 1) if n % 5}
    if step == "30d":
        return {n: points for n, points in chosen.items() if points >= 40}
    return {n: points for n, points in chosen.items() if step != "a-week" or n % 6 == 0}


def lane(sweeping: Sweeping, holder: str) -> ReminderLane:
    metrics = ExpiryMetrics(CollectorRegistry())
    lease = timedelta(seconds=60)
    return ReminderLane(
        Means(
            sweeping.pool, sweeping.clock, SystemClock(), metrics, holder, lease, 0.025, sweeping.told.update, Crowd()
        )
    )


async def look(sweeping: Sweeping) -> None:
    await sweeping.overseer().look()


async def remind(sweeping: Sweeping) -> None:
    """Let two lanes work until no step runs any more."""
    lanes = [lane(sweeping, "one"), lane(sweeping, "two")]
    tasks = [asyncio.create_task(each.run()) for each in lanes]

    async def told() -> bool:
        for task in tasks:
            if task.done():
                task.result()
        await look(sweeping)
        async with sweeping.pool.acquire() as connection:
            return await reminder_store.running(connection) == 0

    await until(told, "everybody is told")
    for each in lanes:
        each.stop()
    await asyncio.gather(*tasks)


async def test_who_loses_what_is_what_the_pure_function_says(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    lived = lives(400, 13)
    await store(superuser, lived)
    since = BOUNDARY - timedelta(days=9)
    for least in (0, 150):
        asked = Asked("points", since, BOUNDARY, least, (), ())
        whole = {}
        for owner, life in lived:
            lost = lapses(life.ledger, BOUNDARY, since).get("points")
            if owner[0] == ACME.tenant_id and lost is not None and lost["points"] >= least:
                whole[life.ledger.member_id] = (lost["lots"], lost["points"])
        async with sweeping.pool.acquire() as connection:
            found = await losses(connection, SCOPE, asked, NOBODY, EVERYBODY)
            sums = await by_tier(connection, SCOPE, asked)
        assert {each.member_id: each[3:] for each in found} == whole
        assert [each.member_id for each in found] == sorted(whole)
        assert sum(each.members for each in sums) == len(whole)
        assert sum(each.points for each in sums) == sum(points for _, points in whole.values())
    activates = [due(life.ledger).activates_at for _, life in lived]
    assert any(at is not None and at <= BOUNDARY for at in activates), "some wait for an activation"
    await superuser.close()


async def test_every_step_tells_its_members_once_as_planned(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await put_version(superuser, document(SERIES))
    await superuser.execute(SEED, 90, BOUNDARY)
    for before, (days, name) in enumerate(((30, "30d"), (7, "a-week"), (0, "0d"))):
        async with sweeping.pool.acquire() as connection:
            programme = (await VersionReader().load(connection))[SCOPE]
            sweeping.clock.instant = BOUNDARY - timedelta(days=days + 1, hours=10)
            (step, *_) = steps(programme.series, programme.periods, sweeping.clock.instant, BOUNDARY)
            assert step.name == name
            planned = await by_tier(connection, SCOPE, asked_by(step, sweeping.clock.instant))
        await look(sweeping)
        assert len(await superuser.fetch(STATES)) == before, "nothing is due yet"
        sweeping.clock.instant = step.due_at + timedelta(seconds=1)
        await look(sweeping)
        await remind(sweeping)
        told = [each for each in await events(superuser, "loyalty.reminders") if each["data"]["step"] == name]
        wanted = expected(90, step=name)
        assert {each["data"]["member_id"]: each["data"]["points"] for each in told} == {
            str(await superuser.fetchval("SELECT md5($1)::uuid", f"remind{n}")): points for n, points in wanted.items()
        }
        assert len({each["id"] for each in told}) == len(told) == len(wanted) == sum(each.members for each in planned)
        assert sum(each.points for each in planned) == sum(wanted.values())
        assert {each.tier for each in planned} == {each["data"]["tier"] for each in told}
        assert await superuser.fetchval(TOLD, name) == len(wanted)
    rows = [tuple(row) for row in await superuser.fetch(STATES)]
    assert rows == [("30d", "finished", 90, 1), ("a-week", "finished", 90, 1), ("0d", "finished", 90, 1)]
    data = told[0]["data"]
    assert (data["boundary"], data["local_date"], data["due_at"]) == (
        "2025-03-31T22:00:00Z",
        "2025-03-31",
        "2025-03-31T08:00:00Z",
    )
    await superuser.close()


async def test_steps_that_were_missed_are_sent_while_they_are_of_use(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await put_version(superuser, document([{"days": 30}, {"days": 7}, {"days": 1}]))
    await superuser.execute(SEED, 10, BOUNDARY)
    sweeping.clock.instant = BOUNDARY - timedelta(days=3)
    await look(sweeping)
    states = {row["step"]: row["state"] for row in await superuser.fetch(STATES)}
    assert states == {"30d": "skipped", "7d": "running"}
    async with sweeping.pool.acquire() as connection:
        wall = SystemClock().now()
        held = await reminder_store.claim(connection, "slow", wall, wall + timedelta(days=1))
        assert held is not None
        sweeping.clock.instant = BOUNDARY - timedelta(hours=3)
        await look(sweeping)
        async with connection.transaction():
            assert await reminder_store.hold(connection, held, sweeping.clock.now()) is None, "a later step is due"
        assert (await reminder_store.claim(connection, "one", wall, wall)).step == "1d"  # type: ignore[union-attr]
        sweeping.clock.instant = BOUNDARY
        await look(sweeping)
        assert await reminder_store.claim(connection, "one", wall + timedelta(days=2), wall) is None
    states = {row["step"]: row["state"] for row in await superuser.fetch(STATES)}
    assert states == {"30d": "skipped", "7d": "stopped", "1d": "stopped"}
    assert await events(superuser, "loyalty.reminders") == []
    await superuser.close()


async def test_who_dies_with_a_chunk_in_hand_has_told_nobody(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await put_version(superuser, document([{"days": 7}]))
    await superuser.execute(SEED, 100, BOUNDARY)
    sweeping.clock.instant = BOUNDARY - timedelta(days=7)
    await look(sweeping)
    wall = SystemClock().now()
    dying = await asyncpg.connect(database.dsn("expiry"))
    chunk = await reminder_store.claim(dying, "dying", wall, wall)
    assert chunk is not None
    await dying.execute("BEGIN")
    telling = await reminder_store.hold(dying, chunk, sweeping.clock.now())
    assert telling is not None
    assert await reminder_store.losing(dying, chunk, telling.asked)
    await reminder_store.finish_chunk(dying, chunk, [TierLoss(None, 1, 1, 1)])
    await superuser.execute(KILL, dying.get_server_pid())
    await remind(sweeping)
    told = await events(superuser, "loyalty.reminders")
    assert len({each["data"]["member_id"] for each in told}) == len(told) == 80
    async with sweeping.pool.acquire() as connection, connection.transaction():
        assert await reminder_store.hold(connection, chunk, sweeping.clock.now()) is None
    assert UUID(told[0]["id"]).version == 5
    await superuser.close()
