"""A quarter of all processes is stopped or killed every half minute while people shop, and nobody sees to it.

Tills sell and take points, guests join and hear of it, months end; each does one thing after the other and goes on when
it was answered. In the end everything was done once, and all of it is as worked out here.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from deploy.embedded import state
from deploy.embedded.process import birth
from deploy.embedded.state import SERVICES
from libs.runtime.clock import monotonic
from libs.runtime.postgres import DATABASE_ERRORS
from tests.e2e.test_exactly_once import ids_of, send
from tests.e2e.test_messages import enrolment
from tests.e2e.test_programme import loaded
from tests.e2e.test_sweeps_by_quarter import swept, turn_clock
from tests.support.receipts import Record
from tests.support.running import Door, Platform, eventually, running
from tests.support.spending import asked
from tests.support.stack import until

ROME = ZoneInfo("Europe/Rome")
PARTS = (*SERVICES, "kafka", "postgres")
POLITE = {"postgres": signal.SIGINT}
"""By what a part is asked to end; the others by SIGTERM."""
HAND, TILLS, MEMBERS, RUSH = 2, 3, 40, 2_000
CLOSING = 4
"""Every so many rounds a month has ended."""
POINTS, OPENING, SMALL = 7, 5_000, 5
PATIENCE = 240
"""Seconds that anything may take while parts are away, on a slow machine."""
LONG_AGO = timedelta(days=300)
SEED = 20_170_128
BASE = {
    "zone": "Europe/Rome", "currency": "EUR",
    "campaigns": [{"id": "base", "name": "A point for every 1.00", "state": "live",
                   "effect": {"kind": "per_amount", "points": 1, "per_minor": 100}}],
}  # fmt: skip
GROCER = BASE | {"version": 70, "wallets": [{"name": "points", "expiry": {"kind": "never"}}]}
TEA_SHOP = BASE | {
    "version": 70, "wallets": [{"name": "points", "expiry": {"kind": "natural", "period": "month"}}],
    "scenarios": [{"name": "thanks", "trigger": {"kind": "points_credited"}, "steps": [
        {"name": "now", "message": "points_credited", "purpose": "service", "channels": ["email"]}]}],
}  # fmt: skip
DECIDED = "SELECT count(*) FROM earning.inbox WHERE tenant_id = 2"
TAKEN = "SELECT count(*) FROM redemption.redemption WHERE tenant_id = 2 AND state = 'redeemed' AND points = 1"
BURIED = "SELECT count(*) FROM stream.dead_letter"
WRITTEN = """
SELECT coalesce(json_object_agg(member_id, copies), '{}')::text FROM (
    SELECT d.member_id, count(*) AS copies
    FROM notifier.captured c JOIN notifier.delivery d USING (tenant_id, delivery_id)
    WHERE tenant_id = 6 GROUP BY 1) AS each
"""


@dataclass
class Street:
    """A grocer whose points live for ever, a tea shop whose points lapse each month, and the platform behind both."""

    platform: Platform
    http: httpx.AsyncClient
    chance: Random
    names: list[str]
    sold: dict[str, str] = field(default_factory=dict)
    """receipt → who bought"""
    taken: list[str] = field(default_factory=list)
    """who took a point, each time"""
    guests: dict[str, datetime] = field(default_factory=dict)
    """who joined the tea shop → when they bought"""
    redemptions: set[str] = field(default_factory=set)
    by_topic: int = 0
    done: Counter[str] = field(default_factory=Counter)
    open: bool = True
    boundaries: list[datetime] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _deck: list[str] = field(default_factory=list)
    _busy: list[asyncio.Lock] = field(default_factory=lambda: [asyncio.Lock() for _ in range(TILLS + 1)])
    _enrolled: int = 0

    @property
    def grocer(self) -> Door:
        return self.platform.acme

    @property
    def tea_shop(self) -> Door:
        return self.platform.tea_shop

    async def begin(self) -> None:
        """Both shops have their rules, and everybody at the grocer's has points to spend."""
        for shop, rules in ((self.grocer, GROCER), (self.tea_shop, TEA_SHOP)):
            await self.platform.put_version(shop, rules, LONG_AGO)
            await eventually(partial(judged_by, shop, rules["version"]), "the rules are in force")
        await loaded(self.platform)
        self._enrolled = int(await self.platform.ask(DECIDED)) + len(self.names)
        await self.send([self.grocer.enrolment(name, tier=None) for name in self.names])
        await self.grocer.enrolled(*self.names)
        opening = {f"opening-{name}": name for name in self.names}
        await self.sell(opening, OPENING)
        await until(self.all_decided, "everybody has points", seconds=PATIENCE)

    async def send(self, records: list[Record]) -> None:
        """Publish, and all of it again until the broker answers."""
        await send(self.platform, records, PATIENCE)

    async def sell(self, receipts: dict[str, str], points: int = POINTS) -> None:
        """Receipts as a till has them."""
        self.sold |= receipts
        await self.send([self.grocer.purchase(n, points * 100, card=name) for n, name in receipts.items()])

    async def ask(
        self, shop: Door, method: str, path: str, wanted: int, *, enough: Callable[[Any], bool] = bool, **told: Any
    ) -> Any:
        """Ask until it is answered as wanted; whoever is told to come again, or not answered at all, comes again."""
        answers: list[Any] = []
        headers = {"Authorization": shop.http.headers["Authorization"]} | told.pop("headers", {})

        async def answered() -> bool:
            try:
                answer = await self.http.request(method, path, headers=headers, **told)
            except httpx.TransportError:
                self.done["not answered"] += 1
                return False
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                self.done["told to come again"] += 1
                return False
            if answer.status_code == httpx.codes.NOT_FOUND and method == "GET":
                return False
            assert answer.status_code == wanted, f"{method} {path}: {answer.status_code} {answer.text}"
            answers.append(answer.json())
            return enough(answers[-1])

        await until(answered, f"{method} {path} is answered", seconds=PATIENCE)
        return answers[-1]

    # What people do, one thing after the other, until the shops close.

    async def keep_till(self, number: int) -> None:
        """Somebody buys, and takes a point for it: at the till, or by an event that comes twice."""
        shop, ways = self.grocer, itertools.cycle((self.take, self.take, self.take_by_event))
        while self.open:
            async with self._busy[number]:
                turn = next(self._numbers)
                name, receipt = self.names[turn % MEMBERS], f"till-{number}-{turn}"
                await self.sell({receipt: name})
                await self.ask(shop, "GET", f"/v1/receipts{shop.source}/1/{receipt}", httpx.codes.OK)
                await next(ways)(name, f"take-{receipt}")
                self.done["sold and taken"] += 1

    async def take(self, name: str, key: str) -> None:
        body = {"identifier": f"card:{name}", "points": 1}
        created, headers = httpx.codes.CREATED, {"Idempotency-Key": key}
        told = await self.ask(self.grocer, "POST", "/v1/redemptions", created, json=body, headers=headers)
        assert (told["points"], told["state"]) == (1, "redeemed")
        assert told["redemption_id"] not in self.redemptions
        self.redemptions.add(told["redemption_id"])
        self.taken.append(name)

    async def take_by_event(self, name: str, key: str) -> None:
        shop = self.grocer
        more: dict[str, Any] = {"source": f"{shop.source}/7", "time": shop.now(), "points": 1}
        self.by_topic += 1
        self.taken.append(name)
        await self.send([asked(key, shop.member_id(name), "redeem", **more)] * 2)

    async def pour_tea(self) -> None:
        """A guest joins, buys, and gets a mail that says what it brought."""
        shop = self.tea_shop
        while self.open:
            async with self._busy[TILLS]:
                name = f"guest-{next(self._numbers)}"
                member = f"/v1/members/{shop.member_id(name)}"
                await self.send([enrolment(shop, name)])
                await self.ask(shop, "GET", member, httpx.codes.OK)
                self.guests[name] = shop.now()
                await self.send([shop.purchase(f"tea-{name}", SMALL * 100, card=name)])
                await self.ask(shop, "GET", f"{member}/messages", httpx.codes.OK, enough=handed)
                self.done["guests"] += 1

    # What befalls the platform.

    def deal(self, *, closing: bool) -> list[str]:
        """A quarter of all parts at random, each once before any comes again; where a month ends its sweep too."""
        hand: list[str] = []
        while len(hand) < HAND:
            self._deck = self._deck or self.chance.sample(PARTS, len(PARTS))
            if (part := self._deck.pop()) in hand:
                self._deck.insert(0, part)
            else:
                hand.append(part)
        return [*hand, "expiry"] if closing and "expiry" not in hand else hand

    async def end_month(self) -> None:
        """Nothing is in hand for a moment, and then it is a day of the next month."""
        async with AsyncExitStack() as still:
            for lock in self._busy:
                await still.enter_async_context(lock)
            await until(self.all_decided, "all is decided before the month ends", seconds=PATIENCE)
            boundary = month_end(self.platform.now())
            self.boundaries.append(boundary)
            turn_clock(self.platform, boundary + timedelta(days=2, hours=11))

    async def strike(self, number: int, parts: list[str]) -> None:
        """Stop some parts while receipts are on their way, each politely or not, and wait until they are back."""
        before = await self.counted(DECIDED)
        receipts = {f"rush-{number}-{n}": self.names[n % MEMBERS] for n in range(RUSH)}
        rush = asyncio.create_task(self.sell(receipts))
        found = [before]

        async def some_decided() -> bool:
            found[0] = await self.counted(DECIDED)
            return found[0] > before >= 0 or rush.done()

        try:
            await until(some_decided, "receipts come in", seconds=PATIENCE)
            gone = [await self.end(part) for part in parts]
            open_receipts = self._enrolled + len(self.sold) - found[0]
            assert open_receipts > 0, f"{parts} were stopped when there was nothing to do"
            self.done["in flight when it struck"] += open_receipts
        finally:
            await rush
        for part, pid in zip(parts, gone, strict=True):
            await eventually(partial(replaced, self.platform, part, pid), f"{part} is back", seconds=PATIENCE)

    async def end(self, part: str) -> int:
        """End a part, which may just have come back, or come back only now."""
        await eventually(lambda: pid_of(self.platform, part) is not None, f"{part} runs", seconds=PATIENCE)
        pid = pid_of(self.platform, part)
        assert pid is not None
        how = self.chance.choice((signal.SIGKILL, POLITE.get(part, signal.SIGTERM)))
        self.done[f"{part}: {how.name}"] += 1
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        return pid

    # What has come of it.

    async def counted(self, query: str) -> int:
        """A count from the database; less than any where it is away."""
        try:
            return int(await self.platform.ask(query))
        except DATABASE_ERRORS:
            return -1

    async def all_decided(self) -> bool:
        """Whether each receipt is decided and each point taken."""
        decided = await self.counted(DECIDED) >= self._enrolled + len(self.sold)
        return decided and await self.counted(TAKEN) == len(self.taken)

    async def check_points(self) -> None:
        """Each receipt was credited once and told once; each point was taken once; balances are what is left."""

        def all_credited(events: list[dict[str, Any]]) -> bool:
            return ids_of(events, "credited", self.sold).keys() == self.sold.keys()

        told = await self.platform.events("loyalty.points", all_credited, seconds=PATIENCE)
        for kind in ("evaluated", "credited"):
            ids = ids_of(told, kind, self.sold)
            assert ids.keys() == self.sold.keys()
            assert {len(each) for each in ids.values()} == {1}, f"one event '{kind}' for each receipt"
        spent = {each["id"] for each in told if each["type"].endswith("points.redeemed.v1")}
        assert len(spent) == len(self.taken) == len(self.redemptions) + self.by_topic
        plain = Counter(dict.fromkeys(self.names, OPENING - POINTS))  # the first receipt brought more than the rest
        plain.update({name: POINTS * many for name, many in Counter(self.sold.values()).items()})
        plain.subtract(Counter(self.taken))
        assert {name: self.grocer.balance(name) for name in self.names} == dict(plain)

    async def check_guests(self) -> None:
        """Each guest got one mail; what they had is gone with its month, told once."""
        shop = self.tea_shop
        ids = {name: str(shop.member_id(name)) for name in self.guests}
        assert json.loads(await self.platform.ask(WRITTEN)) == dict.fromkeys(ids.values(), 1)
        sent = await self.of_tea_shop("loyalty.messages", "message.sent.v1", len(ids))
        assert Counter(sent.values()) == Counter(ids.values())
        lapsed = [ids[name] for name, at in self.guests.items() if month_end(at) in self.boundaries]
        assert lapsed, "nobody's month has ended"
        expired = await self.of_tea_shop("loyalty.points", "points.expired.v1", len(lapsed))
        assert Counter(expired.values()) == Counter(lapsed)
        left = {name: shop.balance(name) for name in self.guests}
        assert left == {name: 0 if ids[name] in lapsed else SMALL for name in self.guests}

    async def of_tea_shop(self, topic: str, kind: str, many: int) -> dict[str, str]:
        """The events of a kind, each once however often it was sent: whom it is about."""

        def found(events: list[dict[str, Any]]) -> dict[str, str]:
            mine = [each for each in events if each["type"].endswith(kind) and each["tenant"] == self.tea_shop.slug]
            return {each["id"]: each["subject"] for each in mine}

        return found(await self.platform.events(topic, lambda all_: len(found(all_)) >= many, seconds=PATIENCE))


def handed(told: Any) -> bool:
    """Whether a message was handed over."""
    return any(each["state"] == "handed" for each in told["data"])


def month_end(instant: datetime) -> datetime:
    """The end of the month that an instant lies in, in Rome, where no change of clocks touches such a midnight."""
    local = instant.astimezone(ROME)
    return datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=ROME).astimezone(UTC)


def judged_by(shop: Door, version: object) -> bool:
    """Whether a version of a shop's programme is in force."""
    return bool(shop.get("/v1/programme")["version"] == version)


def is_swept(shop: Door, boundary: datetime) -> bool:
    """Whether the sweep of a boundary is over."""
    return swept(shop, boundary) is not None


def pid_of(platform: Platform, part: str) -> int | None:
    """The process of a part; None while it has none."""
    try:
        pid = platform.process_of(part)
    except FileNotFoundError:
        return None
    return pid if birth(pid) is not None else None


def replaced(platform: Platform, part: str, pid: int) -> bool:
    """Whether a part runs as another process."""
    return pid_of(platform, part) not in (None, pid)


@pytest.fixture
def from_january() -> Iterator[Platform]:
    """A platform of its own; no loop runs yet where it is started."""
    with running("--clock", "2017-01-20T10:00:00Z") as platform:
        yield platform


@pytest.mark.slow
@pytest.mark.parametrize(("rounds", "every"), [(4, 15), (20, 30)], ids=["a-minute", "ten-minutes"])
async def test_whatever_is_restarted_nobody_has_to_see_to_it(from_january: Platform, rounds: int, every: int) -> None:
    """F-9: parts end at random, and are started again by nobody but their supervisor."""
    names = [f"street-{number}" for number in range(MEMBERS)]
    address = from_january.told["gateway"]
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as http:
        street = Street(from_january, http, Random(SEED), names)
        await street.begin()
        async with asyncio.TaskGroup() as people:
            for number in range(TILLS):
                people.create_task(street.keep_till(number))
            people.create_task(street.pour_tea())
            began = monotonic()
            for number in range(rounds):
                closing = number % CLOSING == CLOSING // 2
                if closing:
                    await street.end_month()
                await street.strike(number, street.deal(closing=closing))
                await passed(began + every * (number + 1), 2 * every)
            street.open = False
    await ended(street)


async def passed(over: float, seconds: float) -> None:
    """Wait until a round is over; one that took longer is over already."""
    await eventually(lambda: monotonic() >= over, "the round is over", seconds=seconds)


async def ended(street: Street) -> None:
    """All parts are back by themselves, nothing is left to do, and everything was done once."""
    platform = street.platform
    await eventually(lambda: all(platform.ready().values()), "every part is ready again", seconds=PATIENCE)
    await until(street.all_decided, "all is decided", seconds=PATIENCE)
    for boundary in street.boundaries:
        await eventually(partial(is_swept, street.tea_shop, boundary), f"{boundary} is swept", seconds=PATIENCE)
    await street.check_points()
    await street.check_guests()
    assert await platform.ask(BURIED) == 0, "nothing became a dead letter"
    assert platform.run("verify")["violations"] == 0
    met = street.done["not answered"] + street.done["told to come again"]
    assert met > 0, "nobody met anything that was away"
    assert min(state.load(platform.data).restarts.values()) > 0, "every service was started again"
    print(json.dumps(dict(sorted(street.done.items()))), len(street.sold), len(street.taken), len(street.boundaries))
