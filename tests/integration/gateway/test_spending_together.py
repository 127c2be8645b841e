"""Requests over HTTP that come at the same time: one transaction, and each is answered as it would have been alone."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from cli.verify import check
from libs.catalogue import postgres as catalogue
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Answer, Ask, Operation
from libs.runtime.outbox import Row
from services.redemption import apart
from services.redemption.commands import digest
from services.redemption.gathering import Gathering
from services.redemption.handlers import Desk
from tests.integration.gateway.conftest import NOW, SEAL_KEY, SetClock
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.support.database import ACME, GLOBEX, Database, SeededTenant
from tests.support.rewards import reward_of
from tests.support.spending_lane import open_desk

LOT = 100


@dataclass
class Till:
    """A gathering on a real database, and what each of its transactions has committed."""

    desk: Desk
    turns: list[list[Row]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gathering = Gathering(self.desk, lambda rows: self.turns.append(list(rows)))

    async def at_once(self, *asks: Ask) -> list[Answer]:
        return await asyncio.gather(*(self.gathering.serve(ask) for ask in asks))


@pytest.fixture
async def till(database: Database, clock: SetClock) -> AsyncIterator[Till]:
    desk = await open_desk(database, clock, base64.b64encode(SEAL_KEY).decode())
    yield Till(desk)
    await desk.pool.close()


async def rich(scribe: Scribe, points: int = LOT, tenant: SeededTenant = ACME) -> MemberScribe:
    member = await scribe.member(tenant)
    await member.credit(points, NOW - timedelta(days=9), expires_at=NOW + timedelta(days=30))
    return member


def ask(operation: Operation, member: UUID | None, key: str, *, tenant: SeededTenant = ACME, **more: Any) -> Ask:
    whose: dict[str, Any] = {} if member is None else {"programme_id": tenant.programme_id, "member_id": member}
    return Ask(operation, tenant.tenant_id, "till", key=digest(key), fingerprint=digest("path"), **whose, **more)


def view(answer: Answer) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(bytes(answer.body))
    return told


async def sound(database: Database) -> None:
    found = {result.name: result.samples for result in await check(database.dsn()) if result.violations}
    assert found.keys() <= {"one-credit-per-event", "ledger-is-fold", "published", "outbox-published"}, found


async def test_each_is_answered_for_itself(till: Till, scribe: Scribe, database: Database) -> None:
    members = [await rich(scribe) for _ in range(6)]
    stranger, merged = uuid4(), await rich(scribe)
    await scribe.connection.execute(
        "UPDATE ledger.member SET merged = true, activates_at = NULL, lapses_at = NULL WHERE member_id = $1",
        merged.member_id,
    )
    other = await rich(scribe, tenant=GLOBEX)
    first = members[0].member_id
    answers = await till.at_once(
        *(ask("redeem", each.member_id, f"k-{n}", points=10) for n, each in enumerate(members)),
        ask("redeem", first, "k-0", points=10),
        ask("redeem", first, "k-0", points=11),
        ask("hold", first, "h", points=LOT),
        ask("hold", first, "h", points=LOT - 10),
        ask("redeem", stranger, "s", points=1),
        ask("redeem", merged.member_id, "m", points=1),
        ask("commit", None, "c", redemption_id=stranger),
        ask("redeem", first, "w", points=1, wallet="stars"),
        ask("redeem", other.member_id, "k-0", points=10, tenant=GLOBEX),
    )
    assert [each.refused for each in answers[:6]] == [None] * 6
    assert (answers[6].replayed, answers[6].body) == (True, answers[0].body)
    assert [each.refused for each in answers[7:]] == [
        "idempotency-key-reused", "insufficient-points", None, "member-unknown", "member-merged", "redemption-unknown",
        "wallet-unknown", None,
    ]  # fmt: skip
    assert len(till.turns) == 2, "a transaction for each tenant"
    held = UUID(view(answers[9])["redemption_id"])
    assert view(answers[9])["state"] == "held", "the key of the hold that was refused was free again"
    again = await till.at_once(
        ask("extend", None, "x", redemption_id=held),
        ask("commit", None, "c", redemption_id=held, points=30),
        ask("hold", first, "h", points=LOT - 10),
        ask("redeem", members[1].member_id, "k-1", points=10),
        ask("cancel", None, "back", redemption_id=held, points=5),
    )
    assert [each.refused for each in again] == [None] * 5
    assert [view(each)["state"] for each in again] == ["held", "redeemed", "held", "redeemed", "redeemed"]
    assert [each.replayed for each in again] == [False, False, True, True, False]
    assert view(again[4])["restored"] == 5
    numbers = [number for rows in till.turns for row in rows for number in (row.shard, row.seq)]
    assert numbers, "what was committed is handed over to be published"
    await sound(database)


async def test_the_last_pieces_are_sold_once_while_holds_of_orders_go_their_own_way(
    till: Till, scribe: Scribe, database: Database
) -> None:
    reward = reward_of(
        "discount", stock="global", prices=[{"name": "standard", "points": 10}], in_total={"most": 9, "per": "day"}
    )
    scope = (ACME.tenant_id, ACME.programme_id)
    await catalogue.put_reward(scribe.connection, scope, reward, 1, "shop", NOW)
    await catalogue.set_stock(scribe.connection, scope, reward.reference, "", to=5, by=None)
    members = [await rich(scribe) for _ in range(8)]
    wanted = OrderAsk(reward=reward.reference)
    answers = await till.at_once(
        *(
            ask("hold" if n == 0 else "redeem", each.member_id, f"o-{n}", order=wanted)
            for n, each in enumerate(members)
        ),
        ask("redeem", members[0].member_id, "unknown", order=OrderAsk(reward="nothing")),
    )
    assert [each.refused for each in answers] == [None] * 5 + ["reward-sold-out"] * 3 + ["reward-unknown"]
    held = UUID(view(answers[0])["redemption_id"])
    ended = await till.at_once(
        ask("commit", None, "c", redemption_id=held), ask("redeem", members[7].member_id, "p", points=1)
    )
    assert [view(each)["state"] for each in ended] == ["redeemed", "redeemed"]
    (stock,) = await catalogue.load_stock(scribe.connection, scope, [reward.reference])
    assert (stock.free, stock.reserved) == (0, 0)
    await sound(database)


PATIENT = "ALTER ROLE pointstream_redemption IN DATABASE {database} SET lock_timeout = '120s'"
LOCK = "SELECT 1 FROM ledger.member WHERE member_id = $1 FOR NO KEY UPDATE"


async def test_whoever_is_locked_keeps_nobody_else_waiting(
    clock: SetClock, scribe: Scribe, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_PATIENCE", 120.0)
    await scribe.connection.execute(PATIENT.format(database=database.name))
    desk = await open_desk(database, clock, base64.b64encode(SEAL_KEY).decode())
    till = Till(desk)
    try:
        locked, *others = [await rich(scribe) for _ in range(5)]
        held = UUID(view((await till.at_once(ask("hold", locked.member_id, "h", points=7)))[0])["redemption_id"])
        whose = locked.member_id
        waiting = [
            ask("redeem", whose, "l", points=1),
            ask("redeem", whose, "l", points=1),
            ask("commit", None, "c", redemption_id=held),
            ask("redeem", whose, "more", points=2),
        ]
        async with scribe.connection.transaction():
            await scribe.connection.execute(LOCK, whose)
            slow = [asyncio.create_task(till.gathering.serve(each)) for each in waiting]
            for turn in range(3):
                quick = [ask("redeem", each.member_id, f"q-{turn}-{n}", points=1) for n, each in enumerate(others)]
                slow.append(asyncio.create_task(till.gathering.serve(waiting[0])))
                answers = await asyncio.wait_for(till.at_once(*quick), 60)
                assert [each.refused for each in answers] == [None] * len(others)
            assert not any(task.done() for task in slow)
        answers = await asyncio.wait_for(asyncio.gather(*slow), 60)
        assert [each.refused for each in answers] == [None] * len(slow)
        assert len({bytes(each.body) for each in (answers[0], answers[1], *answers[4:])}) == 1
        assert sum(not each.replayed for each in answers) == 3
    finally:
        await desk.pool.close()
    await sound(database)


async def test_one_whose_own_data_can_not_be_read_does_no_harm_to_others(till: Till, scribe: Scribe) -> None:
    members = [await rich(scribe) for _ in range(9)]
    (made,) = await till.at_once(ask("hold", members[0].member_id, "h", points=1))
    held = UUID(view(made)["redemption_id"])
    await scribe.connection.execute("UPDATE redemption.redemption SET shares = '[[1]]' WHERE redemption_id = $1", held)
    good = [ask("redeem", each.member_id, f"r-{n}", points=1) for n, each in enumerate(members[1:])]
    served = await asyncio.gather(
        *(till.gathering.serve(each) for each in (ask("commit", None, "c", redemption_id=held), *good)),
        return_exceptions=True,
    )
    assert isinstance(served[0], TypeError)
    assert [isinstance(each, Answer) and each.refused for each in served[1:]] == [None] * 8
    assert len(till.turns) > 2, "in parts, and none of them told before it was committed"


async def test_one_that_the_database_refuses_does_no_harm_to_others(
    till: Till, scribe: Scribe, database: Database
) -> None:
    one, two = await rich(scribe), await rich(scribe)
    served = await asyncio.gather(
        till.gathering.serve(ask("redeem", one.member_id, "bad", points=1, reference="\x00")),
        till.gathering.serve(ask("redeem", two.member_id, "good", points=1)),
        return_exceptions=True,
    )
    assert isinstance(served[0], asyncpg.PostgresError)
    assert isinstance(served[1], Answer)
    assert served[1].refused is None
    await sound(database)
