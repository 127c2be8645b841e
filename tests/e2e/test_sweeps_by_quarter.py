"""Real receipts by the quarter under a clock of the test: what is forecast lapses, gold is spared, all adds up."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from cli.verify import check
from deploy.embedded import state
from libs.runtime.clock import FollowedClock, parse_clock
from tests.e2e.by_hand import baskets, cents
from tests.support.running import Door, Platform, eventually, running
from tests.support.stack import until

ROME = ZoneInfo("Europe/Rome")
GOLD, HOUSEHOLDS = 1_500, 2_500
SETTLED = timedelta(minutes=5)
"""So long after a boundary its sweep has begun; far enough ahead for a clock that runs meanwhile."""
HOUR = timedelta(hours=1)
ASKED = 80
"""Of so many households at most the balance is asked for one by one; of all of them it is read in one statement."""
DECIDED = "SELECT count(*) FROM earning.inbox WHERE tenant_id = 8"
LEFT = """
SELECT json_object_agg(substr(i.identifier, 7), l.points)::text
FROM members.identifier i
JOIN (SELECT member_id, sum(remaining) AS points FROM ledger.lot WHERE tenant_id = 8 GROUP BY 1) AS l USING (member_id)
WHERE i.tenant_id = 8 AND starts_with(i.identifier, 'card:q')
"""


@dataclass(frozen=True, slots=True)
class Basket:
    """A receipt as far as the rules here ask: when, whose, and what it cost."""

    number: str
    at: datetime
    household: int
    total_minor: int


@dataclass
class ByHand:
    """What households have, by the boundary at which it lapses: the rules in a dozen lines, without the platform."""

    had: dict[int, Counter[datetime]] = field(default_factory=lambda: defaultdict(Counter))
    earned: Counter[int] = field(default_factory=Counter)

    def buy(self, basket: Basket) -> None:
        """A point for every 1.00, good to the end of the next quarter."""
        points = basket.total_minor // 100
        if points:
            self.had[basket.household][quarter_end(quarter_end(basket.at))] += points
            self.earned[basket.household] += points

    def redeem(self, household: int, points: int) -> None:
        """Take what lapses first."""
        for boundary in sorted(self.had[household]):
            taken = min(points, self.had[household][boundary])
            self.had[household][boundary] -= taken
            points -= taken
        assert not points

    def balance(self, household: int) -> int:
        """What is there."""
        return self.had[household].total()

    def ahead(self, boundary: datetime) -> tuple[int, int]:
        """What lapses at a boundary if nothing comes before it, and what is spared."""
        due = {household: had[boundary] for household, had in self.had.items()}
        spared = sum(points for household, points in due.items() if self.earned[household] >= GOLD)
        return sum(due.values()) - spared, spared

    def reminded(self, boundary: datetime) -> dict[int, int]:
        """Whom to remind of a boundary, and of how much: not those who are spared."""
        due = {household: had[boundary] for household, had in self.had.items() if self.earned[household] < GOLD}
        return {household: points for household, points in due.items() if points}

    def close(self, boundary: datetime) -> None:
        """The boundary: what gold has lives on to the next one, all else is gone."""
        for household, had in self.had.items():
            points = had.pop(boundary, 0)
            if self.earned[household] >= GOLD and points:
                had[quarter_end(boundary)] += points


def quarter_end(instant: datetime) -> datetime:
    """The end of the quarter that an instant lies in, in Rome; no change of clocks touches such a midnight."""
    local = instant.astimezone(ROME)
    month = (local.month - 1) // 3 * 3 + 4
    year, month = (local.year + 1, 1) if month > 12 else (local.year, month)
    return datetime(year, month, 1, tzinfo=ROME)


def receipts(years: int, every: int) -> Iterator[Basket]:
    """The year of real receipts of one household in `every`, so many years in a row, under numbers of their own."""
    real = baskets(households=range(every, HOUSEHOLDS + 1, every))
    for year in range(years):
        for lines in real:
            first = lines[0]
            at = first["transaction_timestamp"].replace(year=2017 + year)
            yield Basket(f"Q{year}-{first['basket_id']}", at, first["household_id"], sum(map(cents, lines)))


@dataclass
class Simulation:
    """The platform and the calculation by hand, side by side."""

    platform: Platform
    shop: Door
    by_hand: ByHand = field(default_factory=ByHand)
    chance: Random = field(default_factory=lambda: Random(1_931))
    published: int = 0
    thorough: bool = True
    """Whether every invariant is checked at every boundary, and not at the ends of years alone."""

    async def enrol(self, households: Iterable[int]) -> None:
        """Enrol everybody."""
        records = [self.shop.enrolment(f"q{household}", tier=None) for household in households]
        await self.platform.publish(records)
        self.published += len(records)
        await self.settled()

    async def settled(self) -> None:
        """Wait until all that was published is decided."""

        async def all_decided() -> bool:
            return bool(await self.platform.ask(DECIDED) >= self.published)

        await until(all_decided, f"{self.published} events are decided", seconds=300)

    async def trade(self, quarter: list[Basket]) -> None:
        """Play the receipts of a quarter."""
        await self.platform.publish(
            [self.shop.purchase(one.number, one.total_minor, card=f"q{one.household}", time=one.at) for one in quarter]
        )
        self.published += len(quarter)
        await self.settled()
        for one in quarter:
            self.by_hand.buy(one)

    def _redeemed(self, body: dict[str, Any], key: dict[str, str]) -> bool:
        """Ask once; whoever is told to come again, by a machine that is busy, comes again under the same key."""
        answer = self.shop.http.post("/v1/redemptions", json=body, headers=key)
        assert answer.status_code in (httpx.codes.CREATED, httpx.codes.SERVICE_UNAVAILABLE), answer.text
        return bool(answer.status_code == httpx.codes.CREATED)

    async def spend(self, quarter: str, many: int) -> None:
        """Some members spend some of what they have."""
        rich = [household for household in sorted(self.by_hand.had) if self.by_hand.balance(household)]
        for household in self.chance.sample(rich, min(many, len(rich))):
            points = self.chance.randint(1, self.by_hand.balance(household))
            body = {"identifier": f"card:q{household}", "points": points}
            key = {"Idempotency-Key": f"{quarter}/{household}"}
            await eventually(partial(self._redeemed, body, key), f"{key} is answered")
            self.by_hand.redeem(household, points)

    def check_balances(self) -> None:
        """Everybody who is asked for has what the calculation says."""
        households = sorted(self.by_hand.had)
        asked = self.chance.sample(households, min(ASKED, len(households)))
        told = {household: self.shop.balance(f"q{household}") for household in asked}
        assert told == {household: self.by_hand.balance(household) for household in asked}

    async def check_lots(self) -> None:
        """The lots that are left are everybody's, once what is due is written down."""
        told = json.loads(await self.platform.ask(LEFT))
        expected = {str(household): self.by_hand.balance(household) for household in self.by_hand.had}
        assert {household: points for household, points in told.items() if points or household in expected} == expected

    async def check_reminders(self, boundary: datetime) -> None:
        """Everybody who is to be reminded of a boundary was, once, of what the calculation says."""
        expected = {
            (str(self.shop.member_id(f"q{household}")), points)
            for household, points in self.by_hand.reminded(boundary).items()
        }

        def ours(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
            told = [each["data"] for each in {each["id"]: each for each in events}.values()]
            at = [data for data in told if datetime.fromisoformat(data["boundary"]) == boundary]
            return [(data["member_id"], data["points"]) for data in at]

        if expected:
            events = await self.platform.events("loyalty.reminders", lambda found: len(ours(found)) >= len(expected))
            assert Counter(ours(events)) == Counter(expected)

    async def boundary(self, boundary: datetime) -> None:
        """Forecast, pass the boundary, and hold the sweep and all balances against the calculation."""
        lapses, spared = self.by_hand.ahead(boundary)
        assert forecast(self.shop, boundary) == (lapses, spared)
        self.by_hand.close(boundary)
        turn_clock(self.platform, boundary)
        self.check_balances()
        turn_clock(self.platform, max(boundary, self.platform.now()) + SETTLED)
        await eventually(lambda: swept(self.shop, boundary) is not None, "the boundary is swept", seconds=300)
        assert swept(self.shop, boundary) == (lapses, spared)
        self.check_balances()
        await self.check_lots()
        (equation,) = self.shop.get("/v1/conservation")["data"]
        assert equation["difference"] == 0
        assert equation["active"] == sum(map(self.by_hand.balance, self.by_hand.had))
        if self.thorough or boundary.astimezone(ROME).month == 1:
            found = await check(self.platform.told["postgres"])
            assert {each.name: each.samples for each in found if each.violations} == {}


def forecast(shop: Door, boundary: datetime) -> tuple[int, int]:
    """What is forecast to lapse at a boundary, and to be spared."""
    told = shop.get("/v1/expiry/forecast", fresh="true")["lapses"]
    found = [each for each in told if each["lapses_at"] and datetime.fromisoformat(each["lapses_at"]) == boundary]
    return sum(each["points"] for each in found), sum(each["spared"] for each in found)


def swept(shop: Door, boundary: datetime) -> tuple[int, int] | None:
    """What a sweep that is over let lapse and spared; None while it is not."""
    found: list[dict[str, Any]] = shop.get("/v1/sweeps")["data"]
    for each in found:
        if datetime.fromisoformat(each["boundary"]) == boundary and each["state"] == "finished":
            return sum(one["points"] for one in each["lapsed"]), sum(one["points"] for one in each["spared"])
    return None


async def simulate(
    platform: Platform, played: list[Basket], quarters: int, redemptions: int, *, thorough: bool = True
) -> Simulation:
    """Play quarters from the first of 2017 on."""
    simulation = Simulation(platform, platform.doors["quarterly"], thorough=thorough)
    await simulation.enrol(sorted({one.household for one in played}))
    end = quarter_end(played[0].at)
    for _ in range(quarters):
        turn_clock(platform, end - HOUR)
        await simulation.check_reminders(end)
        await simulation.trade([one for one in played if quarter_end(one.at) == end])
        await simulation.spend(f"{end:%Y-%m}", redemptions)
        await simulation.boundary(end)
        end = quarter_end(end)
    return simulation


def turn_clock(platform: Platform, at: datetime) -> None:
    """What `pointstream clock` does, without the seconds that a command takes to start."""
    held = parse_clock(state.load(platform.data).clock)
    assert isinstance(held, FollowedClock)
    held.set(at.astimezone(UTC), 1.0)


@pytest.mark.feature("AHEAD-2", "AHEAD-9", "OMNI-20")
async def test_what_is_forecast_lapses_at_each_quarter_and_gold_is_spared(platform_in_2017: Platform) -> None:
    played = list(receipts(1, every=60))
    simulation = await simulate(platform_in_2017, played, quarters=2, redemptions=8)
    gold = [household for household, earned in simulation.by_hand.earned.items() if earned >= GOLD]
    assert gold, "somebody is spared"
    page = expiry_page(simulation.shop, platform_in_2017)
    for told in (
        "They lapse at the end of the quarter after the one they were earned in.",
        "Level gold: points do not lapse at such a date; they live on to the next one.",
        "Boundaries ahead", "What lapses, if nothing else happens", "Sweeps", "Spared, and by what", "Reminders",
    ):  # fmt: skip
        assert told in page, "rules, exceptions, boundaries, forecast, sweeps and reminders are on one page"


def expiry_page(shop: Door, platform: Platform) -> str:
    """The page of expiry, as whoever runs the programme has it."""
    with httpx.Client(base_url=platform.told["gateway"], follow_redirects=True, trust_env=False, timeout=60) as browser:
        key = shop.http.headers["Authorization"].removeprefix("Bearer ")
        assert browser.post("/sign-in", data={"key": key}).is_success
        return unescape(browser.get("/expiry", params={"lang": "en"}).text)


@pytest.fixture
def one_in_2017() -> Iterator[Platform]:
    """A platform of its own that starts with 2017; no loop runs yet where it is started."""
    with running("--clock", "2017-01-01T00:00:00Z") as platform:
        yield platform


@pytest.mark.slow
async def test_three_years_of_real_receipts_end_as_worked_out_by_hand(one_in_2017: Platform) -> None:
    played = list(receipts(3, every=60))
    await simulate(one_in_2017, played, quarters=12, redemptions=20, thorough=False)
