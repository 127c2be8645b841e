"""Segments on a real database and broker: heard of, decided, seen by what is bought next, told, moved by the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from libs.intake.events import Prepared
from libs.judging.postgres import Compiler, load_programmes
from libs.judging.programmes import Programmes
from libs.runtime.clock import SystemClock
from libs.segments import postgres as segment_store
from services.earning.charge import Charge
from services.earning.metrics import EarningMetrics
from services.earning.segments import SegmentKeeper
from tests.integration.earning.test_history import bonus, document, paid
from tests.integration.earning.test_lives import play
from tests.integration.earning.test_pending import at
from tests.support.database import Database
from tests.support.invariants import verified
from tests.support.lives import activity, returned
from tests.support.programmes import put_programme
from tests.support.receipts import WHEN, enrolment, line, member_id, purchase
from tests.support.stack import Stack, until

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MEMBERS = "SELECT segment FROM members.segment_member WHERE member_id = $1 ORDER BY segment"
CHANGES = "SELECT segment, number, entered, reason FROM members.segment_change ORDER BY effective_at, segment, number"
VISITS = {"kind": "count", "what": "visits", "within": {"days": 30}, "min": 2}
COFFEE = {"kind": "favourite", "of": "category", "one_of": ["COFFEE"]}
REVIEWS = {"kind": "count", "what": "activities", "one_of": ["review"], "min": 1}
SEGMENTS: list[dict[str, Any]] = [
    {"name": "regulars", "title": "Regulars", "when": {"all": [VISITS, COFFEE]}},
    {"name": "fresh", "when": {"all": [{"kind": "enrolled", "max_days": 400}], "none": [REVIEWS]}},
    {"name": "rich", "when": {"any": [{"kind": "balance", "min": 600}]}},
    {"name": "staff", "list": True},
]


async def segments(stack: Stack, card: str = "1") -> list[str]:
    return [row["segment"] for row in await stack.fetch(MEMBERS, member_id(card))]


async def _marked(stack: Stack) -> bool:
    return await stack.fetch("SELECT done FROM members.segment_pass") == [(True,)]


async def become(stack: Stack, *expected: str) -> None:
    async def there() -> bool:
        return await segments(stack) == sorted(expected)

    await until(there, f"the member is in {expected}")


async def test_segments_follow_what_is_done_pay_once_and_are_left_by_the_clock(stack: Stack) -> None:
    """Two purchases make a regular, whose third pays more; its return is judged by the segments of then."""
    more, not_fresh = bonus("more", 500, segments=["regulars"]), bonus("older", 3, not_segments=["fresh"])
    await put_programme(stack.database, document(more, not_fresh, segments=SEGMENTS))
    worker = await at(stack, WHEN)
    await until(lambda: _marked(stack), "everybody was marked for the segments")
    await play(stack, enrolment("1"))
    await become(stack, "fresh")
    coffee = [line("beans", 1_000, category="COFFEE")]
    await play(stack, purchase("R-1", coffee), purchase("R-2", [line("tea", 900, category="TEA")]))
    await become(stack, "fresh", "regulars")
    await play(stack, purchase("R-3", coffee))
    await play(stack, activity("A-1", "review", card="1"))
    await become(stack, "regulars")
    assert [points for points, _ in await paid(stack)] == [10, 9, 510]
    await play(stack, purchase("R-4", 20_000))
    assert (await paid(stack))[-1][0] == 703
    await become(stack, "regulars", "rich")
    worker.stop()

    await at(stack, WHEN + 30 * DAY + HOUR)
    await become(stack, "rich")
    await play(stack, returned("T-3", "R-3", time=WHEN + 30 * DAY), purchase("R-5", 100, time=WHEN + 30 * DAY))
    assert (await paid(stack))[-1][0] == 4
    left = await stack.fetch("SELECT sum(remaining)::int AS points FROM ledger.lot_now")
    assert left == [(10 + 9 + 703 + 4,)]

    async def told() -> list[dict[str, Any]]:
        return [each for each in await stack.events("loyalty.members") if "segment_" in str(each["type"])]

    async def all_told() -> bool:
        return len(await told()) == len(await stack.fetch(CHANGES)) == 5

    await until(all_told, "every entry and exit is told")
    assert [tuple(row) for row in await stack.fetch(CHANGES)] == [
        ("fresh", 1, True, "deeds"),
        ("regulars", 1, True, "deeds"),
        ("fresh", 2, False, "deeds"),
        ("rich", 1, True, "deeds"),
        ("regulars", 2, False, "time"),
    ]
    events = await told()
    assert len({each["id"] for each in events}) == 5
    entered: Any = events[1]["data"]
    assert entered.items() >= {
        "member_id": str(member_id("1")), "segment": "regulars", "title": "Regulars", "number": 1, "reason": "deeds",
        "programme_version": 1,
    }.items()  # fmt: skip
    assert all(each["type"] == "org.pointstream.member.segment_left.v1" for each in (events[2], events[4]))
    await verified(stack)


async def test_who_comes_into_a_segment_is_paid_for_it_once(stack: Stack) -> None:
    """A campaign waits for members who come into a segment; what they bought before brought them there."""
    greeting = {
        "id": "greeting",
        "name": "40 for whoever becomes a regular",
        "state": "live",
        "trigger": {"kind": "segment_entered", "segment": "regulars"},
        "effect": {"kind": "fixed", "points": 40},
    }
    await put_programme(stack.database, document(greeting, segments=SEGMENTS))
    await at(stack, WHEN)
    await until(lambda: _marked(stack), "everybody was marked for the segments")
    coffee = [line("beans", 1_000, category="COFFEE")]
    await play(stack, enrolment("1"), purchase("R-1", coffee), purchase("R-2", coffee))

    async def greeted() -> bool:
        return sorted(points for points, _ in await paid(stack)) == [10, 10, 40]

    await until(greeted, "the greeting is paid")
    await verified(stack)


class Deaf:
    """Takes events, or fails as a broker that is away does."""

    def __init__(self) -> None:
        self.away = False
        self.sent: list[Prepared] = []

    async def send(self, events: Sequence[Prepared]) -> None:
        self.sent += events
        if self.away:
            raise KafkaError


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database.dsn("earning"), min_size=1, max_size=2) as opened:
        yield opened


async def enrolled(database: Database, count: int) -> list[Any]:
    """Members of the first tenant, without any deeds."""
    ids = [member_id(str(number)) for number in range(count)]
    connection = await asyncpg.connect(database.dsn("earning"))
    try:
        await connection.execute(
            "SELECT earning.enrol_members($1, $2, $3, $4, $5, $6, $7)",
            *(WHEN, [1] * count, [1] * count, ids, [0] * count, [None] * count, [WHEN] * count),
        )
    finally:
        await connection.close()
    return ids


async def programmes_of(pool: asyncpg.Pool) -> Programmes:
    async with pool.acquire() as connection:
        return Compiler().compile(await load_programmes(connection))


async def test_another_version_moves_everybody_and_what_was_not_told_is_told_again(
    database: Database, pool: asyncpg.Pool
) -> None:
    """Members are marked for another version, also after the pass was cut; an event is sent again under its id."""
    listed = [{"name": "all", "when": {"none": [{"kind": "list", "one_of": ["few"]}]}}, {"name": "few", "list": True}]
    await put_programme(database, document(segments=listed))
    ids = await enrolled(database, 7)
    sender: Any = Deaf()
    programmes = await programmes_of(pool)
    metrics = EarningMetrics(CollectorRegistry())
    charge = Charge(pool, lambda: programmes, sender, SystemClock(), metrics, lambda: True)
    keeper = SegmentKeeper(charge, lambda: True)
    operator = await asyncpg.connect(database.dsn("operator"))
    await operator.execute(
        "INSERT INTO members.list_member SELECT 1, 1, 'few', id, $2 FROM unnest($1::uuid[]) AS id", ids[:2], WHEN
    )
    sender.away = True
    await keeper.run()
    async with pool.acquire() as connection:
        untold = await segment_store.load_untold(connection, 100)
    assert [(each.segment, each.entered, each.reason) for each in untold].count(("few", True, "programme")) == 2
    assert len(untold) == 7
    sender.away = False
    await keeper.run()
    await keeper.run()
    assert len(sender.sent) == 14
    assert [each.value for each in sender.sent[:7]] == [each.value for each in sender.sent[7:]]

    await put_programme(database, document(segments=listed[1:]))
    programmes = await programmes_of(pool)
    async with pool.acquire() as connection:  # the pass begins, and whoever began it stops half-way
        (known,) = (await segment_store.load_passes(connection)).values()
        assert known.done
        await segment_store.begin_pass(connection, (1, 1), "other rules", 1)
        assert not await segment_store.step_pass(connection, SystemClock().now(), (1, 1), None, 3)
    for _ in range(3):
        await keeper.run()
    left = [each for each in sender.sent[14:] if b"segment_left" in each.value]
    assert len(left) == len(sender.sent[14:]) == 5
    assert await operator.fetchval("SELECT count(*) FROM members.segment_member") == 2

    await put_programme(database, document())
    programmes = await programmes_of(pool)
    for _ in range(3):
        await keeper.run()
    await operator.close()
