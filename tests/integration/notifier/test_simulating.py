"""Scenarios on what really happened: read from the outbox and from what is known of members, and nothing is sent."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from libs.promotions.document import parse_programme
from libs.promotions.scenarios import Scenario
from libs.runtime.batch import Outgoing
from libs.runtime.clock import SystemClock
from libs.runtime.leases import shard_of
from libs.scenarios import simulations
from libs.scenarios.history import simulate
from libs.scenarios.simulating import Simulated
from services.notifier.announcements import WRITER
from services.notifier.intake import enqueue
from services.notifier.programmes import Programmes
from services.notifier.trying import work
from services.notifier.trying.work import Trials
from tests.integration.notifier.conftest import BOUNDARY, NOON, SEED, Notifying
from tests.integration.notifier.test_acting import review
from tests.integration.notifier.test_scenarios import EARNED
from tests.support.database import ACME, programme_document
from tests.support.stack import until

ROME = ZoneInfo("Europe/Rome")
MEMBER = """
INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
VALUES (1, 1, $1, $2, $2)
"""
DAY = """
INSERT INTO earning.member_day (tenant_id, programme_id, member_id, day, visits, spend_minor, points)
VALUES (1, 1, $1, $2, 1, 100, 1)
"""
PROFILE = """
INSERT INTO vault.profile (tenant_id, programme_id, member_id, revision, present, birthday, attributes, recorded_at)
VALUES (1, 1, $1, 1, true, 1224, '{}', $2)
"""


def scenarios(*said: dict[str, Any]) -> tuple[Scenario, ...]:
    steps = [{"name": "now", "message": "come_back", "channels": ["email"], "purpose": "service"}]
    full = [{"name": f"s{at}", "steps": steps, **each} for at, each in enumerate(said)]
    return parse_programme({**programme_document(ACME), "scenarios": full}).scenarios


async def run(notifying: Notifying, *said: dict[str, Any], days: int = 30) -> Simulated:
    asked = scenarios(*said)
    return await simulate(notifying.superuser, ("acme", "main"), (1, 1), asked, ROME, notifying.clock.now(), days)


async def test_what_was_told_begins_scenarios_again(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 3, BOUNDARY)
    await notifying.people([1, 2], {"email": "m{n}@example.com"})
    for number in (1, 2, 3):
        shard = shard_of(WRITER, UUID(int=number))
        told = Outgoing("loyalty.points", b"k", 1, review(notifying, number), (), derived=True)
        async with notifying.superuser.transaction():
            await enqueue(notifying.superuser, {shard: [told, told]}, notifying.clock.now())
    await notifying.superuser.execute(EARNED, UUID(int=2), notifying.clock.now() + timedelta(hours=3))
    notifying.clock.instant += timedelta(days=2)
    later = {"name": "later", "message": "ours", "channels": ["email"], "purpose": "service", "after_hours": 24}
    gift = {"name": "gift", "points": {"points": 5}}
    activity = {"kind": "activity", "activity": "review"}
    found = await run(
        notifying,
        {"trigger": activity, "goal": "earned", "steps": [later, gift]},
        {"trigger": {**activity, "activity": "other"}},
    )
    first, second = found.funnels
    assert (first.begun, first.won, second.begun, found.members["s0"]) == (3, 1, 0, 3)
    assert first.steps[0].all == {"sent": 1, "goal_reached": 1, "not_sent": 1}
    assert first.steps[1].all == {"sent": 3}
    assert found.channels == {("s0", "later"): {"email": 1}, ("s0", "gift"): {"points": 3}}
    assert await notifying.rows() == []
    assert (await run(notifying, {"trigger": activity}, days=1)).funnels[0].begun == 0


async def test_what_the_clock_brings_follows_from_what_is_known(notifying: Notifying) -> None:
    """Birthday and anniversary fall on the day before; one was away for ten days, and came back too soon before."""
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    born, now = UUID(int=1), NOON + timedelta(days=1)
    notifying.clock.instant = now
    await notifying.superuser.execute(MEMBER, born, datetime(2024, 12, 24, 5, tzinfo=UTC))
    await notifying.superuser.execute(PROFILE, born, NOON)
    for day in (date(2026, 12, 1), date(2026, 12, 9), date(2026, 12, 23)):
        await notifying.superuser.execute(DAY, born, day)
    found = await run(
        notifying,
        {"trigger": {"kind": "birthday"}},
        {"trigger": {"kind": "birthday", "days_before": 20}},
        {"trigger": {"kind": "anniversary", "years": [2]}},
        {"trigger": {"kind": "anniversary", "years": [1]}},
        {"trigger": {"kind": "inactivity", "days": 10}},
        {"trigger": {"kind": "inactivity", "days": 8}},
    )
    assert {each.scenario.name: each.begun for each in found.funnels} == {
        "s0": 1, "s1": 1, "s2": 1, "s3": 0, "s4": 1, "s5": 1,
    }  # fmt: skip


async def test_a_trial_that_comes_to_nothing_says_so_and_one_that_is_interrupted_is_tried_again(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A programme may be younger than the worker's last look; more than fits in memory is given up."""
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    told = Outgoing("loyalty.points", b"k", 1, review(notifying, 1), (), derived=True)
    async with notifying.superuser.transaction():
        await enqueue(notifying.superuser, {shard_of(WRITER, UUID(int=1)): [told]}, notifying.clock.now())
    await notifying.programme()
    notifying.clock.instant += timedelta(days=1)
    wanted = scenarios({"trigger": {"kind": "activity", "activity": "review"}})
    wall = SystemClock().now()
    fresh = Programmes(notifying.pool, notifying.clock)
    worker = Trials(notifying.pool, fresh, notifying.clock, lambda: wall)

    async def asked(number: int) -> str:
        one = (UUID(int=number), 5, wanted, "eva", notifying.clock.now())
        assert await simulations.ask(notifying.superuser, (1, 1), *one)
        await worker.look()
        return await stands(number)

    async def stands(number: int) -> str:
        found = await simulations.one(notifying.superuser, 1, UUID(int=number))
        assert found is not None
        return found.state

    assert await asked(1) == "done"
    monkeypatch.setattr(work, "_MOST", 0)
    assert await asked(2) == "failed"
    monkeypatch.setattr(work, "_MOST", 1)
    await notifying.superuser.execute("REVOKE SELECT ON stream.outbox FROM pointstream_notifier")
    assert await asked(3) == "running"
    assert worker.trouble is not None
    await notifying.superuser.execute("GRANT SELECT ON stream.outbox TO pointstream_notifier")
    wall += timedelta(minutes=2)
    await worker.look()
    assert await stands(3) == "done"


async def test_who_asks_is_told_in_every_language_and_the_same_by_whichever_way(notifying: Notifying) -> None:
    """Asked as the gateway does and carried out once; too many at once are not taken."""
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await notifying.programme()
    told = Outgoing("loyalty.points", b"k", 1, review(notifying, 1), (), derived=True)
    async with notifying.superuser.transaction():
        await enqueue(notifying.superuser, {shard_of(WRITER, UUID(int=1)): [told]}, notifying.clock.now())
    notifying.clock.instant += timedelta(days=1)
    wanted = scenarios({"trigger": {"kind": "activity", "activity": "review"}})

    async def ask(number: int) -> bool:
        asked = (UUID(int=number), 5, wanted, "eva", notifying.clock.now())
        return await simulations.ask(notifying.superuser, (1, 1), *asked)

    assert [await ask(number) for number in range(simulations.MOST_OPEN + 1)] == [True] * simulations.MOST_OPEN + [
        False
    ]
    worker = Trials(notifying.pool, notifying.programmes, notifying.clock, SystemClock().now)
    await worker.look()
    assert worker.trouble is None
    found = await simulations.newest(notifying.superuser, 1, 10)
    assert {each.state for each in found} == {"done"}
    one = await simulations.one(notifying.superuser, 1, UUID(int=0))
    assert one is not None
    assert one.result is not None
    (english,), (german,) = one.result["en"], one.result["de"]
    assert (english["begun"], english["members"], english["words"]) == (1, 1, "An activity (activity review)")
    assert german["words"] == "Eine Aktivität (Aktivität review)"
    assert await notifying.rows() == []
    assert await ask(99), "there is room again"


async def test_whoever_asks_at_once_is_counted_one_after_the_other(notifying: Notifying) -> None:
    wanted = scenarios({"trigger": {"kind": "activity", "activity": "review"}})

    async def ask(connection: asyncpg.Connection, number: int) -> bool:
        async with connection.transaction():
            asked = (UUID(int=number), 5, wanted, "eva", notifying.clock.now())
            return await simulations.ask(connection, (1, 1), *asked)

    async def waits() -> bool:
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
        found = await notifying.pool.fetchval(held + "(SELECT oid FROM pg_database WHERE datname = current_database())")
        return bool(found)

    for number in range(simulations.MOST_OPEN - 1):
        assert await ask(notifying.superuser, number)
    other = await asyncpg.connect(notifying.database.dsn())
    try:
        async with notifying.superuser.transaction():
            assert await ask(notifying.superuser, 100)
            second = asyncio.create_task(ask(other, 101))
            await until(waits, "the second waits for the first", seconds=60)
        assert not await second
    finally:
        await other.close()
