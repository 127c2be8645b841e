"""Members of a household spend each other's points by both ways on one database; what was taken comes back to each."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import orjson
import pytest

from libs.contracts.codes import ValueAnswer
from libs.contracts.households import HouseholdAsk, Operation
from libs.contracts.redemption import Answer
from libs.households import postgres as kept
from libs.promotions.programme import Programme
from services.redemption import store
from services.redemption.commands import digest
from services.redemption.handlers import Desk
from services.redemption.households.desk import HouseholdDesk
from tests.integration.gateway.conftest import NOW, SEAL_KEY, SetClock
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.integration.gateway.test_spending_by_topic import codes, http, left, rich, sound
from tests.support.database import ACME, Database, programme_document
from tests.support.programmes import put_programme
from tests.support.spending import asked
from tests.support.spending_lane import SpendingLane, open_desk
from tests.support.stack import until

TERMS: dict[str, Any] = {"limits": [{"period": "month", "points": 100, "roles": ["adult"]}]}
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'pointstream_redemption' AND wait_event_type = 'Lock'
"""
T = TypeVar("T")
PAYMENT = {"rates": [{"points": 1, "minor": 10}]}


def programme_of(**terms: Any) -> dict[str, Any]:
    """A document of a programme whose members share points."""
    return programme_document(ACME) | {"household": terms, "payment": PAYMENT}


async def opened(database: Database, clock: SetClock, **terms: Any) -> Desk:
    """Redemption under a programme whose members share points."""
    await put_programme(database, programme_of(**terms))
    return await open_desk(database, clock, base64.b64encode(SEAL_KEY).decode())


@pytest.fixture
async def desk(database: Database, clock: SetClock) -> AsyncIterator[Desk]:
    one = await opened(database, clock, **TERMS)
    yield one
    await one.pool.close()


def told(operation: Operation, key: str, **more: Any) -> HouseholdAsk:
    return HouseholdAsk(operation, 1, "till", digest(key), digest(repr(sorted(more.items()))), programme_id=1, **more)


def view(answer: ValueAnswer) -> Any:
    assert answer.refused is None, answer
    return orjson.loads(bytes(answer.body))


async def repeated(run: Callable[[], Awaitable[T]]) -> T:
    """Ask again as callers do who had to wait too long; under one key that counts once."""
    while True:
        try:
            return await run()
        except asyncpg.LockNotAvailableError:
            continue


async def family(desk: Desk, owner: MemberScribe, *others: tuple[MemberScribe, str]) -> UUID:
    """Found a household, and let others join by their own word."""
    households = HouseholdDesk(desk)
    made = view(await households.serve(told("found", f"f-{owner.member_id}", member_id=owner.member_id)))
    household_id = UUID(made["household_id"])
    for other, role in others:
        asking: dict[str, Any] = {"household_id": household_id, "member_id": other.member_id}
        asked_in = told("invite", f"i-{other.member_id}", by_id=owner.member_id, role=role, **asking)
        assert [each["state"] for each in view(await households.serve(asked_in))["members"]][-1] == "invited"
        await households.serve(told("answer", f"a-{other.member_id}", accept=True, **asking))
    return household_id


async def test_a_bill_is_paid_from_the_pool_and_comes_back_to_each(
    desk: Desk, scribe: Scribe, database: Database
) -> None:
    """Of Ann's two lots of 30 one lapses tomorrow, as Ben's of 40 and Kim's of 5 do; the other one later."""
    ann, ben, kim = await rich(scribe, 30, 30), await rich(scribe, 40), await rich(scribe, 5)
    await family(desk, ann, (ben, "adult"), (kim, "child"))
    lane = await SpendingLane(desk).claim()
    quote = orjson.loads(bytes((await desk.serve(http("quote", ann.member_id, "q", points=1, household=True))).body))
    assert (quote["possible"], quote["spendable"]) == (True, 105)
    alone = await desk.serve(http("redeem", ann.member_id, "alone", points=61))
    assert alone.refused == "insufficient-points", "whoever does not ask for the household spends their own"
    paying: dict[str, Any] = {"bill_minor": 800, "currency": "EUR", "household": True}
    paid = orjson.loads(bytes((await desk.serve(http("redeem", ann.member_id, "pay", **paying))).body))
    assert paid["points"] == 80
    taken = [(each["owner_id"], each["points"]) for each in paid["lots"]]
    assert taken == [(None, 30), (str(ben.member_id), 40), (str(kim.member_id), 5), (None, 5)]
    applied = await lane.apply([
        asked("1", kim.member_id, "redeem", points=20, household=True),
        asked("2", ann.member_id, "cancel", begun_under="pay", credential="5f0a1d6e8b70190a", returned_minor=400),
    ])  # fmt: skip
    assert codes(applied) == ["household-limit"], "a child spends nothing of others"
    assert [await left(scribe, each) for each in (ann, ben, kim)] == [30, 30, 5], "what was taken last came first"
    again = await desk.serve(http("cancel", None, "rest", redemption_id=UUID(paid["redemption_id"])))
    assert again.refused is None
    assert [await left(scribe, each) for each in (ann, ben, kim)] == [60, 40, 5]
    await sound(database)


async def test_two_members_spend_the_same_pool_at_once(desk: Desk, scribe: Scribe, database: Database) -> None:
    """Both have asked before either could begin; the pool has enough for one of them."""
    ann, ben = await rich(scribe, 20), await rich(scribe, 80)
    await family(desk, ann, (ben, "adult"))
    lane = await SpendingLane(desk).claim()
    blocker = await asyncpg.connect(database.dsn())
    begun = blocker.transaction()
    await begun.start()
    await blocker.execute("SELECT 1 FROM redemption.household FOR UPDATE")
    one = asyncio.create_task(desk.serve(http("hold", ann.member_id, "a", points=70, household=True)))
    two = asyncio.create_task(lane.apply([asked("b", ben.member_id, "redeem", points=70, household=True)]))

    async def both_wait() -> bool:
        return int(await scribe.connection.fetchval(WAITING)) == 2

    await until(both_wait, "two who wait for the household")
    await begun.commit()
    await blocker.close()
    answer, applied = await one, await two
    assert sorted([answer.refused or "done", *(codes(applied) or ["done"])]) == ["done", "insufficient-points"]
    assert await left(scribe, ann) + await left(scribe, ben) == 30
    await sound(database)


async def test_no_two_members_wait_for_each_other(desk: Desk, scribe: Scribe, database: Database) -> None:
    """Everybody spends everybody's points by both ways at once, beside requests of their own and what goes back."""
    members = [await rich(scribe, 40, 40) for _ in range(4)]
    await family(desk, members[0], *((each, "owner") for each in members[1:]))
    lanes = [await SpendingLane(desk).claim() for _ in range(2)]

    def batch(lane: int) -> list[Any]:
        whose = [each.member_id for each in members * 2]
        begun = [
            asked(f"{lane}-{n}", who, "redeem", points=7, household=n % 2 == 0, key=f"{lane}{n}")
            for n, who in enumerate(whose)
        ]
        back = [asked(f"c{lane}-{n}", who, "cancel", begun_under=f"{lane}{n}", points=3) for n, who in enumerate(whose)]
        return begun + back

    asking = [http("redeem", members[n % 4].member_id, f"h{n}", points=9, household=True) for n in range(8)]
    both = await asyncio.gather(
        *(repeated(partial(lane.apply, batch(number))) for number, lane in enumerate(lanes)),
        *(repeated(partial(desk.serve, each)) for each in asking),
    )
    assert [each.refused for each in both if isinstance(each, Answer)] == [None] * 8
    assert sum([await left(scribe, each) for each in members]) == 320 - 16 * 4 - 8 * 9
    await sound(database)


async def test_who_leaves_takes_all_that_is_theirs_along(database: Database, clock: SetClock, scribe: Scribe) -> None:
    """Of each lot half is shared. What was taken before somebody left comes back to them all the same."""
    desk = await opened(database, clock, mode="percentage", percent=50, most_members=2)
    households = HouseholdDesk(desk)
    ann, ben, dan = await rich(scribe, 10), await rich(scribe, 41), await scribe.member()
    household_id = await family(desk, ann, (ben, "adult"))
    document = Programme.model_validate(programme_of(mode="percentage", percent=50))
    async with desk.pool.acquire() as connection, connection.transaction():
        await store.see(connection, 1)
        mine = await kept.of_member(connection, (1, 1, ann.member_id), "main", document, NOW)
    (purse,) = [each for each in mine.purses if each.wallet == "points"]
    assert (purse.own, purse.of_others, purse.may_spend_of_others, purse.spendable) == (10, 20, 20, 30)
    held = await desk.serve(http("hold", ann.member_id, "h", points=25, household=True))
    redemption_id = UUID(orjson.loads(bytes(held.body))["redemption_id"])
    more = await desk.serve(http("redeem", ann.member_id, "m", points=10, household=True))
    assert more.refused == "insufficient-points", "of one lot half goes to others, and no more"
    about: dict[str, Any] = {"household_id": household_id}
    full = told("invite", "x", by_id=ann.member_id, member_id=dan.member_id, role="adult", **about)
    assert (await households.serve(full)).refused == "household-full"
    elsewhere = view(await households.serve(told("found", "dan", member_id=dan.member_id)))
    there = told("invite", "y", by_id=dan.member_id, member_id=ben.member_id, role="adult",
                 household_id=UUID(elsewhere["household_id"]))  # fmt: skip
    await households.serve(there)
    moving = told("answer", "z", member_id=ben.member_id, accept=True, household_id=UUID(elsewhere["household_id"]))
    assert (await households.serve(moving)).refused == "household-already"
    left_by = told("depart", "l", by_id=ben.member_id, member_id=ben.member_id, **about)
    assert len(view(await households.serve(left_by))["members"]) == 1
    assert (await households.serve(left_by)).replayed
    assert view(await households.serve(moving))["household_id"] == elsewhere["household_id"]
    clock.forward(timedelta(minutes=16))
    assert await desk.release_expired() == 1
    assert (await left(scribe, ann), await left(scribe, ben)) == (10, 41)
    late = await desk.serve(http("commit", None, "c", redemption_id=redemption_id))
    assert late.refused == "hold-expired"
    gone = told("dissolve", "d", by_id=ann.member_id, **about)
    assert view(await households.serve(gone))["dissolved_at"] is not None
    nobody = await desk.serve(http("redeem", ann.member_id, "n", points=1, household=True))
    assert nobody.refused == "household-none"
    await sound(database)
    events = await scribe.connection.fetchval(
        "SELECT sum(count) FROM stream.outbox WHERE topic = 'loyalty.members' AND starts_with(shard, 'redemption/')"
    )
    assert events == 9, "founded, invited, joined; founded, invited, left, joined; left and dissolved"
    await desk.pool.close()
