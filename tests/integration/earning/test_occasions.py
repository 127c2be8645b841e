"""Occasions by the clock on a real database: caught up in order, by two workers, told again after trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson
import pytest
from aiokafka.errors import KafkaConnectionError
from prometheus_client import CollectorRegistry

from libs.intake.events import Prepared
from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.runtime import sql
from libs.runtime.clock import Clock
from services.earning.charge import Charge
from services.earning.metrics import EarningMetrics
from services.earning.occasion_clock import OccasionClock
from services.earning.occasion_store import NOBODY
from services.earning.profile_store import Told, tell_profiles
from services.earning.sender import Sender
from services.earning.store import NewMember, enrol_members
from tests.support.database import Database

BEGIN = datetime(2026, 1, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MANY = """
INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
SELECT 1, 1, uuidv7(), timestamptz '2020-01-01 00:00Z' + n * interval '1 hour', now()
FROM generate_series(1, 20000) AS n;
INSERT INTO vault.profile (tenant_id, programme_id, member_id, revision, present, birthday, attributes, recorded_at)
SELECT 1, 1, m.member_id, 1, true, 100 * (1 + n % 12) + 1 + n % 28, '{}', now()
FROM (SELECT member_id, row_number() OVER () AS n FROM members.member) AS m;
ANALYZE members.member, vault.profile
"""


@dataclass
class Now:
    """A clock that stands until it is set."""

    instant: datetime

    def now(self) -> datetime:
        """Say the time."""
        return self.instant


@dataclass
class Topic:
    """A broker in memory; `answers` says how often it still does, once it has taken what was sent."""

    records: list[Prepared] = field(default_factory=list)
    answers: int = 1_000

    async def send(self, events: Sequence[Prepared]) -> None:
        """Take events, and answer or not."""
        self.records += events
        self.answers -= 1
        if self.answers < 0:
            raise KafkaConnectionError

    def told(self) -> Counter[tuple[str, int]]:
        """How often each occasion came, under different ids, by its name and the number of its member."""
        known = {orjson.loads(each.value)["id"]: orjson.loads(each.value) for each in self.records}
        return Counter(
            (each["data"]["activity"].removeprefix("occasion-"), UUID(each["subject"]).int) for each in known.values()
        )

    def times(self) -> list[str]:
        """When the occasions were, each once, in the order in which they came first."""
        return [orjson.loads(each.value)["time"] for each in {each.value: each for each in self.records}.values()]


def campaign(name: str, **trigger: Any) -> dict[str, Any]:
    effect = {"kind": "fixed", "points": 1}
    return {"id": name, "name": name, "state": "live", "trigger": trigger, "effect": effect}


PROGRAMME = RunningProgramme(
    1,
    1,
    "acme",
    "main",
    (
        activate(
            BEGIN,
            {
                "version": 1,
                "zone": "Europe/Rome",
                "currency": "EUR",
                "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
                "campaigns": [
                    campaign("birthday", kind="birthday"),
                    campaign("year", kind="anniversary"),
                    campaign("monthly", kind="schedule", rule="FREQ=MONTHLY", first_day="2026-01-15", at="09:00"),
                ],
            },
        ),
    ),
)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database.dsn("earning"), min_size=1, max_size=2) as opened:
        yield opened


async def bring(pool: asyncpg.Pool, enrolled: datetime, birthdays: dict[int, int | None]) -> None:
    """Enrol members by number, each with a birthday (month times 100 plus day), if any."""
    names = {number: (1, 1, UUID(int=number)) for number in birthdays}
    async with pool.acquire() as connection, connection.transaction():
        await enrol_members(connection, BEGIN, [NewMember(*name, 0, None, enrolled) for name in names.values()])
        told = {names[number]: Told(day, {}) for number, day in birthdays.items() if day is not None}
        await tell_profiles(connection, BEGIN, told)


def worker(pool: asyncpg.Pool, now: Now, topic: Topic, most: int = 2) -> OccasionClock:
    programmes = by_prefix([("/acme/pos", (1, 1))], {(1, 1): PROGRAMME})
    metrics = EarningMetrics(CollectorRegistry())
    sender, clock = cast("Sender", topic), cast("Clock", now)
    return OccasionClock(Charge(pool, lambda: programmes, sender, clock, metrics, lambda: True), most)


async def test_what_was_missed_is_caught_up_in_order_by_whoever_is_there_and_told_once(pool: asyncpg.Pool) -> None:
    """Two workers take turns and the broker fails between; a year and more of occasions, page by page."""
    now, topic = Now(BEGIN), Topic()
    await bring(pool, datetime(2024, 2, 29, 8, tzinfo=UTC), {1: 320, 2: 229, 3: 320, 4: None})
    one, two = worker(pool, now, topic), worker(pool, now, topic, 3)
    await one.run()
    assert topic.told() == {}, "the programme has just begun"
    now.instant = BEGIN + 100 * DAY
    for turn in range(40):
        topic.answers = 0 if turn % 7 == 3 else 1_000
        await (one, two)[turn % 2].run()
    # The fifteenth of January to April; 28 February stands for the 29th, of birth and of enrolment.
    expected = {("birthday", 1): 1, ("birthday", 2): 1, ("birthday", 3): 1}
    expected |= {("anniversary", number): 1 for number in (1, 2, 3, 4)}
    expected |= {("schedule", number): 4 for number in (1, 2, 3, 4)}
    assert topic.told() == expected
    assert topic.times() == sorted(topic.times())
    assert {"2026-02-27T23:00:00Z", "2026-03-19T23:00:00Z", "2026-01-15T08:00:00Z", "2026-04-15T07:00:00Z"} <= {
        each.replace(".000000", "") for each in topic.times()
    }
    bodies = {(record.key, orjson.dumps(orjson.loads(record.value)["data"])) for record in topic.records}
    assert len({orjson.loads(record.value)["id"] for record in topic.records}) == len(expected) + 12
    assert all(b"occasion-" in body for _, body in bodies)

    count = len(topic.records)
    third = worker(pool, now, topic)
    for _ in range(3):
        await third.run()
    assert len(topic.records) == count, "nothing is left, and nothing is told again"


async def test_a_birthday_that_is_changed_comes_once_a_year(pool: asyncpg.Pool) -> None:
    now, topic = Now(BEGIN), Topic()
    await bring(pool, BEGIN - DAY, {1: 112})
    first = worker(pool, now, topic, 100)
    await first.run()
    now.instant = BEGIN + 3 * DAY
    await first.run()
    await bring(pool, BEGIN, {1: 120})
    now.instant = BEGIN + 12 * DAY
    await first.run()
    assert topic.told()["birthday", 1] == 1
    assert len([each for each in topic.records if b"occasion-birthday" in each.value]) == 2


async def test_who_enrols_later_has_no_part_in_it(pool: asyncpg.Pool) -> None:
    now, topic = Now(BEGIN), Topic()
    first = worker(pool, now, topic, 100)
    await first.run()
    await bring(pool, BEGIN + 5 * DAY, {1: 112, 2: 120})
    now.instant = BEGIN + 12 * DAY
    await first.run()
    assert topic.told() == {("birthday", 2): 1}


async def test_members_are_found_by_an_index(database: Database) -> None:
    """What is asked once a day of millions of members reads those whom it concerns."""
    queries = sql.load("services.earning", "occasions.sql")
    connection = await asyncpg.connect(database.dsn())
    await connection.execute(MANY)
    asked: dict[str, tuple[str, tuple[Any, ...]]] = {
        "birthday": ("profile_birthday", (1, 1, BEGIN, [705], NOBODY, 10)),
        "anniversary": ("member_enrolled", (1, 1, BEGIN, BEGIN + DAY, BEGIN, NOBODY, 10)),
        "schedule": ("member_pkey", (1, 1, BEGIN, NOBODY, 10)),
    }
    for name, (index, values) in asked.items():
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {queries[name]}", *values))
        assert index in plan, plan
        assert "Seq Scan" not in plan, plan
    await connection.close()
