"""Real households earn and redeem for a year, under a clock of the test; all ends as worked out by hand.

Week by week the receipts of the data set come in, then some households spend: at once and over the topic, by holds that
are committed, let go, put off or left to run out, for bills that come back in part, for rewards that are given up or
returned; and some goods come back. What must come of it is worked out by `tests/support/plain_points.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from tests.e2e.test_programme import loaded
from tests.e2e.test_sweeps_by_quarter import SETTLED, Basket, receipts, swept, turn_clock
from tests.support.lives import about
from tests.support.plain_points import Points, Purse, quarter_end
from tests.support.plain_values import Order, Spent, Till
from tests.support.running import Door, Platform, eventually, running
from tests.support.spending import asked
from tests.support.stack import until

RULES = {
    "version": 2, "zone": "Europe/Rome", "currency": "EUR", "payment": {"rates": [{"points": 1, "minor": 1}]},
    "wallets": [{"name": "points", "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 1}}],
    "campaigns": [{"id": "base", "name": "A point for every 1.00", "state": "live",
                   "effect": {"kind": "per_amount", "points": 1, "per_minor": 100}}],
}  # fmt: skip
MUG = {
    "category": "home", "what": {"kind": "merchandise", "article": "A1"}, "texts": {"en": {"title": "A mug"}},
    "stock": "global", "prices": [{"name": "standard", "points": 25}],
}  # fmt: skip
PRICE, STOCK, WEEK = 25, 400, timedelta(days=7)
EVERY, ASKED, PATIENCE = 40, 60, 30
LONG_AGO = timedelta(days=365)
DECIDED = "SELECT count(*) FROM earning.inbox WHERE tenant_id = 2"
LEFT = """
SELECT coalesce(json_object_agg(substr(i.identifier, 6), l.points), '{}')::text
FROM members.identifier i
JOIN (SELECT member_id, sum(remaining) AS points FROM ledger.lot WHERE tenant_id = 2 GROUP BY 1) AS l USING (member_id)
WHERE i.tenant_id = 2 AND starts_with(i.identifier, 'card:y')
"""
OWED = """
SELECT coalesce(json_object_agg(substr(i.identifier, 6), d.amount), '{}')::text
FROM members.identifier i JOIN ledger.debt d USING (member_id)
WHERE i.tenant_id = 2 AND starts_with(i.identifier, 'card:y') AND d.amount > 0
"""
OVER = "SELECT count(*) FROM redemption.redemption WHERE tenant_id = 2 AND state = 'held' AND hold_until <= $1"
MADE = "SELECT count(*) FROM redemption.redemption WHERE tenant_id = 2"


@dataclass
class Year:
    """The platform and the calculation, side by side."""

    platform: Platform
    shop: Door
    names: list[str]
    points: Points
    chance: Random = field(default_factory=lambda: Random(8_128))
    done: Counter[str] = field(default_factory=Counter)
    ids: dict[str, str] = field(default_factory=dict)
    published: int = 0

    def __post_init__(self) -> None:
        self.till = Till(self.points)

    def ask(self, path: str, body: dict[str, Any], expect: int = httpx.codes.CREATED) -> dict[str, Any]:
        """Ask the door under a new key, and under the same once more."""
        self.done["requests"] += 1
        key = {"Idempotency-Key": f"year-{self.done['requests']}"}
        answer, again = (self.answered(path, body, key) for _ in range(2))
        assert (answer.status_code, again.status_code) == (expect, expect), answer.text
        told: dict[str, Any] = answer.json()
        assert expect >= httpx.codes.BAD_REQUEST or again.json() == told
        return told

    def answered(self, path: str, body: dict[str, Any], key: dict[str, str]) -> httpx.Response:
        """Ask until it is answered, as whoever is told to come again would, under the same key."""
        for _ in range(PATIENCE):
            answer = self.shop.http.post(f"/v1/redemptions{path}", json=body, headers=key)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            self.done["told to come again"] += 1
        raise AssertionError(answer.text)

    async def settled(self) -> None:
        """Wait until all that was published is decided."""

        async def all_decided() -> bool:
            return bool(await self.platform.ask(DECIDED) >= self.published)

        await until(all_decided, f"{self.published} events are decided", seconds=300)

    async def publish(self, records: list[Any]) -> None:
        """Publish events, and wait until they are decided."""
        self.published += len(records)
        await self.platform.publish(records)
        await self.settled()

    async def pass_to(self, at: datetime) -> None:
        """Let time pass, and wait until holds are let go whose time is over."""
        turn_clock(self.platform, at)
        self.points.wait(at)

        async def let_go() -> bool:
            return bool(await self.platform.ask(OVER, at) == 0)

        await until(let_go, "holds that are over are free again", seconds=120)
        for one in self.till.over():
            self.till.release(one, "expired")
            self.done["ran out"] += 1

    async def buy(self, week: list[tuple[int, Basket]]) -> None:
        """The receipts of a week."""
        await self.publish(
            [self.shop.purchase(one.number, one.total_minor, card=self.names[who], time=one.at) for who, one in week]
        )
        for who, one in week:
            self.points.buy(one.number, who, one.total_minor, at=one.at)

    async def bring_back(self, many: int) -> None:
        """Some goods of any time before come back."""
        bought = [number for number, one in self.points.receipts.items() if one.minor > one.back]
        records = []
        for number in self.chance.sample(bought, min(many, len(bought))):
            receipt = self.points.receipts[number]
            minor = self.chance.randint(1, receipt.minor - receipt.back)
            self.done["goods came back"] += 1
            name, source = f"back-{self.done['goods came back']}", f"{self.shop.source}/1"
            key = f"card:{self.names[receipt.who]}"
            more: dict[str, Any] = {
                "time": self.shop.now(),
                "source": source,
                "key": key,
                "lines": [],
                "amount_minor": minor,
            }
            records.append(about("returned", name, number, **more))
            self.points.bring_back(number, minor)
        await self.publish(records)

    async def spend(self, share: float) -> None:
        """Some of those who can do one thing or another; nobody two in a week, but go on with what they began."""
        able = [who for who in range(len(self.names)) if self.points.spendable(who)]
        able = self.chance.sample(able, int(len(able) * share))
        cut = len(able) // 6
        await self.over_the_topic(able[:cut])
        ways = [self.at_once, self.held, self.pay, self.order, self.too_much]
        for who in able[cut:]:
            self.chance.choice(ways)(who)
        for name in self.chance.sample(sorted(self.ids), min(len(self.ids), cut)):
            self.give_back(name)

    async def over_the_topic(self, some: list[int]) -> None:
        """They ask by event."""
        before = await self.platform.ask(MADE)
        records = []
        for who in some:
            points = self.chance.randint(1, self.points.spendable(who))
            self.done["by topic"] += 1
            name, member = f"year-t{self.done['by topic']}", self.shop.member_id(self.names[who])
            more: dict[str, Any] = {"source": f"{self.shop.source}/7", "time": self.shop.now(), "points": points}
            records += [asked(name, member, "redeem", **more)] * 2
            self.till.begin(name, who, points, hold=False)
        await self.platform.publish(records)

        async def made() -> bool:
            return bool(await self.platform.ask(MADE) == before + len(some))

        await until(made, "what was asked by event is done", seconds=120)

    def begun(self, who: int, body: dict[str, Any], points: int, **more: Any) -> tuple[str, Spent]:
        """Begin a redemption on both sides."""
        told = self.ask("", {"identifier": f"card:{self.names[who]}"} | body)
        assert (told["points"], told["state"]) == (points, "held" if body.get("hold") else "redeemed")
        name = told["redemption_id"]
        self.till.begin(name, who, points, hold=bool(body.get("hold")), **more)
        return name, self.till.spent[name]

    def at_once(self, who: int) -> None:
        points = self.chance.randint(1, self.points.spendable(who))
        name, _ = self.begun(who, {"points": points}, points)
        self.ids[name] = "points"
        self.done["at once"] += 1

    def held(self, who: int) -> None:
        """A hold, and what becomes of it."""
        points = self.chance.randint(1, self.points.spendable(who))
        name, one = self.begun(who, {"points": points, "hold": True}, points)
        end = self.chance.choice(["commit", "part", "release", "extend", "nothing"])
        self.done[f"held, then {end}"] += 1
        if end == "extend":
            self.ask(f"/{name}/extend", {}, httpx.codes.OK)
            self.till.extend(one)
        if end in ("commit", "part", "extend"):
            wanted = self.chance.randint(1, points) if end == "part" else points
            self.ask(f"/{name}/commit", {"points": wanted} if end == "part" else {}, httpx.codes.OK)
            self.till.commit(one, wanted)
            self.ids[name] = "points"
        elif end == "release":
            self.ask(f"/{name}/release", {}, httpx.codes.OK)
            self.till.release(one)

    def pay(self, who: int) -> None:
        """Points pay a bill as far as they go, a cent each."""
        bill = self.chance.randint(1, 2 * self.points.spendable(who))
        points = min(bill, self.points.spendable(who))
        body = {"bill_minor": bill, "currency": "EUR", "partial": True}
        name, _ = self.begun(who, body, points, bill=bill)
        self.ids[name] = "bill"
        self.done["bills"] += 1

    def order(self, who: int) -> None:
        """A reward, where it can be paid and is there."""
        pieces = self.chance.randint(1, 3)
        body = {"reward": "year-mug", "quantity": pieces, "answers": {"pick_up_at": "12"}}
        free, _, _ = self.till.stock("mug", STOCK)
        points = pieces * PRICE
        if self.points.spendable(who) < points or free < pieces:
            self.ask("", {"identifier": f"card:{self.names[who]}"} | body, httpx.codes.CONFLICT)
            self.done["orders refused"] += 1
            return
        order = Order("mug", pieces, "ordered", self.points.now)
        name, _ = self.begun(who, body, points, order=order)
        self.ids[name] = "order"
        self.done["orders"] += 1

    def too_much(self, who: int) -> None:
        body = {"identifier": f"card:{self.names[who]}", "points": self.points.spendable(who) + 1}
        assert self.ask("", body, httpx.codes.CONFLICT)["code"] == "insufficient-points"
        self.done["refused"] += 1

    def give_back(self, name: str) -> None:
        """A redemption comes back, in part or whole: to a member who thought again, or by somebody's grace."""
        one, kind = self.till.spent[name], self.ids.pop(name)
        by = self.chance.choice(["member", "operator"])
        body: dict[str, Any] = {"by": by}
        if kind == "bill":
            minor = self.chance.randint(1, one.bill)
            share = one.points * minor // one.bill
            body["returned_minor"] = minor
        elif kind == "order":
            assert one.order is not None
            if by == "member" and self.points.now >= one.order.at + timedelta(days=14):
                by = body["by"] = "operator"
            pieces = self.chance.randint(1, one.order.pieces)
            share, body["quantity"] = pieces * PRICE, pieces
            one.order.gone, one.order.restocked = pieces, pieces
        else:
            share = body["points"] = self.chance.randint(1, one.points)
        if kind == "bill" and not share:
            self.ids[name] = kind
            return
        told = self.ask(f"/{name}/cancel", body, httpx.codes.OK)
        assert told["restored"] == share
        self.points.now = datetime.fromisoformat(told["changed_at"])  # from when a grace counts
        self.till.give_back(one, share, mercy=by != "member")
        self.done[f"{kind} given back by {by}"] += 1

    def check_balances(self) -> None:
        """Those who are asked for have what the calculation says."""
        some = self.chance.sample(range(len(self.names)), min(ASKED, len(self.names)))
        told = {who: self.shop.balance(self.names[who]) for who in some}
        assert told == {
            who: sum(lot.free for lot in self.points.usable(who)) - self.points.purses[who].owed for who in some
        }

    async def check_lots(self) -> None:
        """Everybody has what the calculation says and owes what it says, and the books are in balance."""
        left: dict[str, int] = json.loads(await self.platform.ask(LEFT))
        owed: dict[str, int] = json.loads(await self.platform.ask(OWED))
        purses = dict(zip(self.names, self.points.purses, strict=True))
        plain = {name: sum(lot.left for lot in purse.lots) for name, purse in purses.items()}
        assert {name: points for name, points in left.items() if points} == {n: p for n, p in plain.items() if p}
        assert owed == {name: purse.owed for name, purse in purses.items() if purse.owed}
        stock = self.shop.get("/v1/rewards/year-mug/stock")["data"][0]
        assert (stock["free"], stock["reserved"]) == self.till.stock("mug", STOCK)[:2]
        (equation,) = self.shop.get("/v1/conservation")["data"]
        sums = self.points.sums
        assert (equation["difference"], equation["issued"]) == (0, sums["issued"])
        assert self.points.in_balance()


@pytest.fixture
def in_2017() -> Iterator[Platform]:
    """A platform of its own that starts with 2017; no loop runs yet where it is started."""
    with running("--clock", "2017-01-01T00:00:00Z") as platform:
        yield platform


@pytest.mark.slow
async def test_a_year_of_earning_and_redeeming_ends_as_worked_out_by_hand(in_2017: Platform) -> None:
    year = await begun(in_2017)
    played = list(receipts(1, every=EVERY))
    numbers = {household: who for who, household in enumerate(sorted({one.household for one in played}))}
    at = datetime(2017, 1, 8, 20, tzinfo=UTC)
    boundary = quarter_end(at)
    while at < datetime(2018, 1, 1, tzinfo=UTC):
        await year.pass_to(at)
        week = [(numbers[one.household], one) for one in played if at - WEEK <= one.at < at]
        await year.buy(week)
        await year.spend(0.25)
        await year.bring_back(len(week) // 25)
        if at + WEEK > boundary:
            await close(year, boundary)
            boundary = quarter_end(boundary)
        at += WEEK
    assert year.platform.run("verify")["violations"] == 0
    print(json.dumps(dict(sorted(year.done.items()))), dict(year.points.sums), len(played), len(numbers))


async def begun(platform: Platform) -> Year:
    """The shop with its rules, its reward and everybody enrolled."""
    shop = platform.acme
    shop.http.timeout = httpx.Timeout(300)  # a year is long, and nothing here is about how fast it goes
    await platform.put_version(shop, RULES, LONG_AGO)
    await eventually(lambda: shop.get("/v1/programme")["version"] == RULES["version"], "the rules are in force")
    await loaded(platform)
    households = sorted({one.household for one in receipts(1, every=EVERY)})
    names = [f"y{household}" for household in households]
    year = Year(platform, shop, names, Points(platform.now(), [Purse() for _ in names]))
    year.published = int(await platform.ask(DECIDED))
    await year.publish([shop.enrolment(name, tier=None) for name in names])
    reward = shop.http.put("/v1/rewards/year-mug/document", json={"reward": MUG}, headers={"If-None-Match": "*"})
    assert reward.status_code == httpx.codes.OK, reward.text
    assert shop.http.put("/v1/rewards/year-mug/stock", json={"add": STOCK}).status_code == httpx.codes.OK
    return year


async def close(year: Year, boundary: datetime) -> None:
    """The end of a quarter: what lapses at it is gone, by the calculation and by the sweep."""
    await year.pass_to(boundary)
    year.check_balances()
    turn_clock(year.platform, boundary + SETTLED)
    await eventually(lambda: swept(year.shop, boundary) is not None, "the boundary is swept", seconds=300)
    await year.check_lots()
