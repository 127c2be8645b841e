"""Points are spent over the topic and over HTTP on one database: never twice, with one effect for a key."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from cli.verify import check
from libs.contracts.redemption import Answer, Ask, Operation
from libs.runtime.batch import Applied
from services.redemption.commands import digest
from services.redemption.gathering import Gathering
from services.redemption.handlers import Desk
from tests.integration.gateway.conftest import NOW, SEAL_KEY, SetClock
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.support.database import ACME, GLOBEX, Database, SeededTenant, programme_document
from tests.support.programmes import put_programme
from tests.support.receipts import Record
from tests.support.spending import asked
from tests.support.spending_lane import SpendingLane, open_desk
from tests.support.stack import Stack, Worker, until

TILL = "5f0a1d6e8b70190a"
"""The id of an API key."""
WORKERS = 20


@pytest.fixture
async def desk(database: Database, clock: SetClock) -> AsyncIterator[Desk]:
    opened = await open_desk(database, clock, base64.b64encode(SEAL_KEY).decode())
    yield opened
    await opened.pool.close()


async def rich(
    scribe: Scribe, *points: int, tenant: SeededTenant = ACME, now: datetime = NOW, **more: Any
) -> MemberScribe:
    """Somebody with lots of so many points, which lapse one after the other from tomorrow on."""
    member = await scribe.member(tenant, **more)
    for number, amount in enumerate(points, 1):
        await member.credit(amount, now - timedelta(days=9), expires_at=now + timedelta(days=number))
    return member


def http(operation: Operation, member: UUID | None, key: str, **more: Any) -> Ask:
    whose: dict[str, Any] = {} if member is None else {"programme_id": 1, "member_id": member}
    return Ask(operation, 1, TILL, key=digest(key), fingerprint=digest("its path and body"), **whose, **more)


def codes(applied: Applied) -> list[str]:
    data = [orjson.loads(event.value)["data"] for events in applied.events for event in events]
    return [each["code"] for each in data if "code" in each]


async def left(scribe: Scribe, member: MemberScribe) -> int:
    query = "SELECT sum(remaining - held)::bigint FROM ledger.lot WHERE member_id = $1"
    found: int = await scribe.connection.fetchval(query, member.member_id)
    return found


async def sound(database: Database) -> None:
    violated = {result.name: result.samples for result in await check(database.dsn()) if result.violations}
    assert violated.keys() <= {"one-credit-per-event", "published", "outbox-published"}, violated


async def test_a_key_has_one_effect_whichever_way_it_comes(desk: Desk, scribe: Scribe, database: Database) -> None:
    ann, ben = await rich(scribe, 30, 30), await rich(scribe, 50)
    lane = await SpendingLane(desk).claim()
    held = await desk.serve(http("hold", ann.member_id, "k", points=40))
    view = orjson.loads(bytes(held.body))
    same = [
        asked("1", ann.member_id, "hold", points=40, key="k", credential=TILL),
        asked("2", ann.member_id, "hold", points=41, key="k", credential=TILL),
        asked("3", ann.member_id, "hold", points=20, key="k"),  # another key: it counts within the source
        asked("4", ann.member_id, "commit", begun_under="k", credential=TILL, key="c"),
        asked("5", ben.member_id, "redeem", points=50),
        asked("6", ben.member_id, "redeem", points=1, key="poor", credential=TILL),
        asked("1", ann.member_id, "hold", points=40, key="k", credential=TILL),
        asked("5", ben.member_id, "redeem", points=49),
    ]
    applied = await lane.apply(same)
    assert codes(applied) == ["idempotency-key-reused", "insufficient-points"]
    assert applied.rejections[7].code == "other-body"
    assert applied.outcomes == {"replayed": 1, "refused": 2, "hold": 1, "commit": 1, "redeem": 1, "repeated": 1}
    over_http = await desk.serve(http("commit", None, "c", redemption_id=UUID(view["redemption_id"])))
    assert over_http.replayed
    committed = orjson.loads(bytes(over_http.body))
    assert (committed["state"], [lot["points"] for lot in committed["lots"]]) == ("redeemed", [30, 10])
    refused = await desk.serve(http("redeem", ben.member_id, "poor", points=1))
    assert refused.refused == "insufficient-points", "a refusal leaves its key free: it is decided anew"

    applied = await lane.apply([
        asked("7", ben.member_id, "cancel", begun_under="5", points=20),  # of lots of which nothing was left
        asked("8", ann.member_id, "cancel", begun_under="k", credential=TILL),
        asked("5", ben.member_id, "redeem", points=50),
        asked("9", ben.member_id, "cancel", redemption_id=view["redemption_id"]),
        asked("10", UUID(int=9), "redeem", points=1),
        asked("11", ben.member_id, "redeem", points=900, key="free again"),
        asked("12", ben.member_id, "redeem", points=1, key="free again"),
    ])  # fmt: skip
    assert codes(applied) == ["redemption-unknown", "member-unknown", "insufficient-points"]
    again = await lane.apply([asked("13", ben.member_id, "redeem", points=1, key="free again")])
    assert again.outcomes == {"replayed": 1}, "a key stands for what was done under it, not for what was refused"
    assert (applied.outcomes["cancel"], applied.outcomes["repeated"]) == (2, 1)
    assert (await left(scribe, ann), await left(scribe, ben)) == (40, 19)
    assert await scribe.connection.fetchval("SELECT count(*) FROM redemption.request WHERE answer IS NULL") == 0
    await sound(database)


async def test_points_are_spent_once_by_both_ways_at_once(desk: Desk, scribe: Scribe, database: Database) -> None:
    """R-8 over the topic and over HTTP, of members of two companies."""
    member, theirs = await rich(scribe, 400, 300, 300), await rich(scribe, 500, tenant=GLOBEX)
    lanes = [await SpendingLane(desk).claim() for _ in range(2)]

    def batch(lane: int) -> list[Any]:
        own = [asked(f"{lane}-{n}", member.member_id, "redeem", points=100, key=f"{lane}-{n}") for n in range(10)]
        source = "/globex/pos/1"
        return own + [asked(f"g-{n}", theirs.member_id, "redeem", points=100, source=source) for n in range(6)]

    both = await asyncio.gather(
        *(lane.apply(batch(number)) for number, lane in enumerate(lanes)),
        *(desk.serve(http("redeem", member.member_id, f"h-{n}", points=100)) for n in range(20)),
    )
    batches = [each for each in both if isinstance(each, Applied)]
    answers = [each for each in both if isinstance(each, Answer)]
    taken = sum(each.outcomes.get("redeem", 0) for each in batches) + sum(each.refused is None for each in answers)
    assert taken == 10 + 5, "what there is, and no more; events of one id count once in both lanes"
    assert {each.refused for each in answers} <= {None, "insufficient-points"}
    assert {code for each in batches for code in codes(each)} <= {"insufficient-points"}
    assert (await left(scribe, member), await left(scribe, theirs)) == (0, 0)
    await sound(database)


async def test_two_processes_that_gather_requests_spend_what_there_is(
    desk: Desk, clock: SetClock, scribe: Scribe, database: Database
) -> None:
    """R-8: forty at once, half of them at another process, for points that are enough for ten; none sees a deadlock."""
    member = await rich(scribe, 400, 300, 300)
    other = await open_desk(database, clock, base64.b64encode(SEAL_KEY).decode())
    doors = [Gathering(each, lambda rows: None) for each in (desk, other)]
    asks = [http("redeem", member.member_id, f"at-once-{n}", points=100) for n in range(40)]
    answers = await asyncio.gather(*(doors[n % 2].serve(ask) for n, ask in enumerate(asks)))
    assert Counter(each.refused for each in answers) == {None: 10, "insufficient-points": 30}
    again = await asyncio.gather(*(doors[n % 2 == 0].serve(ask) for n, ask in enumerate(asks)))
    assert [each.replayed for each in again] == [each.refused is None for each in answers]
    assert await left(scribe, member) == 0
    await other.pool.close()
    await sound(database)


async def by_workers(numbers: Sequence[int], ask: Callable[[int], Awaitable[Answer]]) -> list[Answer]:
    """Ask for each of many, twenty at once."""

    async def work(first: int) -> list[Answer]:
        return [await ask(number) for number in numbers[first::WORKERS]]

    return [each for some in await asyncio.gather(*map(work, range(WORKERS))) for each in some]


@pytest.mark.parametrize(("many", "whose"), [(40, 8), pytest.param(500, 80, marks=pytest.mark.slow)])
async def test_what_was_redeemed_comes_back_once(
    desk: Desk, scribe: Scribe, database: Database, many: int, whose: int
) -> None:
    """R-7: redemptions of some members by both ways, each then cancelled twice at once."""
    ids = [(await rich(scribe, 100)).member_id for _ in range(whose)]
    lane = await SpendingLane(desk).claim()

    def of_topic(operation: str, n: int, **more: Any) -> Record:
        return asked(f"{operation}-{n}", ids[n % whose], operation, **more)

    applied, made = await asyncio.gather(
        lane.apply([of_topic("redeem", n, points=10) for n in range(0, many, 2)]),
        by_workers(range(1, many, 2), lambda n: desk.serve(http("redeem", ids[n % whose], f"b-{n}", points=10))),
    )
    assert applied.outcomes["redeem"] + sum(each.refused is None for each in made) == many
    begun: list[asyncpg.Record] = await scribe.connection.fetch("SELECT redemption_id FROM redemption.redemption")
    known = [UUID(str(row[0])) for row in begun]
    by_topic, answers = await asyncio.gather(
        lane.apply([
            of_topic("cancel", n, begun_under=f"b-{n}", credential=TILL) if n % 2 else
            of_topic("cancel", n, begun_under=f"redeem-{n}") for n in range(many)
        ]),
        by_workers(range(many), lambda n: desk.serve(http("cancel", None, f"c-{n}", redemption_id=known[n]))),
    )  # fmt: skip
    assert by_topic.outcomes.get("cancel", 0) + sum(each.refused is None for each in answers) == many
    assert {each.refused for each in answers} <= {None, "not-redeemed"}
    query = "SELECT count(*), bool_and(remaining = 100 AND held = 0) FROM ledger.lot"
    assert tuple(await scribe.connection.fetchrow(query)) == (whose, True)
    await sound(database)


async def test_points_pay_a_bill_and_come_back_with_it(desk: Desk, scribe: Scribe, database: Database) -> None:
    """Gold pays by a better rate; a bill that comes back in parts brings its share of the points back, by both ways."""
    rates = [{"points": 80, "minor": 100, "tiers": ["gold"]}, {"points": 100, "minor": 100}]
    terms = {"rates": rates, "step": 10, "min_points": 20, "max_percent": 50, "tax": "discount"}
    await put_programme(database, programme_document(ACME) | {"payment": terms})
    await desk.programmes.refresh()
    gold, other = await rich(scribe, 900, 900, tier="gold"), await rich(scribe, 55)
    lane = await SpendingLane(desk).claim()

    asking = {"bill_minor": 2_500, "currency": "EUR"}
    quote = orjson.loads(bytes((await desk.serve(http("quote", gold.member_id, "q", **asking))).body))
    bill = {"amount_minor": 2_500, "paid_minor": 1_250, "rest_minor": 1_250, "rate_points": 80, "rate_minor": 100}
    assert (quote["points"], quote["possible"], sum(lot["points"] for lot in quote["lots"])) == (1_000, True, 1_000)
    assert quote["bill"] == bill | {"currency": "EUR", "tax": "discount", "returned_minor": 0}
    too_few = orjson.loads(bytes((await desk.serve(http("quote", other.member_id, "q", **asking))).body))
    assert (too_few["possible"], too_few["reason"], too_few["spendable"]) == (False, "insufficient-points", 55)

    paid = orjson.loads(bytes((await desk.serve(http("redeem", gold.member_id, "pay", **asking))).body))
    assert (paid["points"], paid["bill"]) == (1_000, quote["bill"])
    applied = await lane.apply([
        asked("1", other.member_id, "redeem", bill_minor=2_500, partial=True, key="part"),
        asked("2", other.member_id, "redeem", bill_minor=2_500, currency="USD"),
        asked("3", gold.member_id, "cancel", begun_under="pay", credential=TILL, returned_minor=833),
        asked("4", gold.member_id, "cancel", begun_under="pay", credential=TILL, returned_minor=833),
        asked("5", gold.member_id, "cancel", begun_under="pay", credential=TILL, returned_minor=835),
    ])  # fmt: skip
    assert codes(applied) == ["currency-mismatch", "returned-exceeded"]
    assert (await left(scribe, gold), await left(scribe, other)) == (800 + 666, 5)
    ended = await desk.serve(
        http("cancel", None, "rest", redemption_id=UUID(paid["redemption_id"]), returned_minor=834)
    )
    view = orjson.loads(bytes(ended.body))
    assert (view["state"], view["restored"], view["bill"]["returned_minor"]) == ("cancelled", 1_000, 2_500)
    assert await left(scribe, gold) == 1_800, "however it was cut"
    refused = await desk.serve(http("cancel", None, "plain", redemption_id=UUID(view["redemption_id"]), points=1))
    assert refused.refused == "not-redeemed"
    part = await scribe.connection.fetchrow(
        "SELECT paid_minor, amount_minor FROM redemption.bill WHERE paid_minor < 60"
    )
    assert tuple(part) == (50, 2_500)
    await sound(database)


async def test_a_worker_that_dies_in_a_batch_spends_once(stack: Stack, scribe: Scribe) -> None:
    """Killed between saving and the commit; whoever goes on does all of it, tells it, and buries what is no request."""
    members = [await rich(scribe, 100, 100, now=datetime.now(UTC)) for _ in range(6)]
    dying = await stack.start_ready("redemption", POINTSTREAM_FAIL_POINT="after-save")
    wanted = [asked(f"r-{n}", members[n % 6].member_id, "redeem", key=f"k-{n % 30}", points=25) for n in range(60)]
    await stack.produce([*wanted, asked("bad", members[0].member_id, "redeem"), wanted[0]])
    await until(_ended(dying), "the worker was killed with a batch in hand")
    assert not await stack.fetch("SELECT FROM redemption.redemption")
    worker = stack.start("redemption")

    async def told() -> bool:
        return len(await stack.events("loyalty.points")) >= 30

    await until(told, "what was asked is done and told")
    left_over = await stack.fetch("SELECT member_id, sum(remaining)::bigint FROM ledger.lot GROUP BY 1")
    assert [row[1] for row in left_over] == [200 - 5 * 25] * 6, "each key once"
    events = await stack.events("loyalty.points")
    assert len({event["id"] for event in events}) == 30
    assert {event["type"] for event in events} == {"org.pointstream.points.redeemed.v1"}
    dead = await stack.fetch("SELECT reason, field FROM stream.dead_letter")
    assert [tuple(row) for row in dead] == [("field", "/data/points")]
    assert len(await stack.read("loyalty.redemptions.dlq")) == 1
    assert worker.metric("loyalty_redemption_commands_total", outcome="redeem") == 30
    assert worker.metric("loyalty_redemption_commands_total", outcome="replayed") == 30
    await sound(stack.database)


def _ended(worker: Worker) -> Callable[[], Awaitable[bool]]:
    async def ended() -> bool:
        return worker.process.poll() is not None

    return ended
