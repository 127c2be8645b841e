"""Referrals in earning: any order and repetition ends where a direct calculation ends, and nothing is paid twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from libs.contracts.registry import event_model
from libs.judging.programmes import Programmes
from libs.referral.codes import make_code as code
from services.earning.metrics import EarningMetrics
from tests.support.brokerless import ACTIVITIES, Earning, Sent
from tests.support.in_memory import in_memory
from tests.support.lives import activity, returned, voided
from tests.support.receipts import PROFILES, Record, event, purchase
from tests.support.referred import (
    BEGIN,
    HOUR,
    LEAST,
    REFERRERS,
    WALLET,
    enrolled,
    member,
    programmes,
    resolved,
)

METRICS = EarningMetrics(CollectorRegistry())


@dataclass
class World:
    """Earning, and the records that it sends to itself: they are taken in when the test says so."""

    programmes: Programmes
    earning: Earning = field(init=False)
    own: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.earning = Earning(self.programmes, METRICS)
        tables = self.earning.memory.referrals
        tables.codes |= {(1, 1, code(number)): member(number) for number in range(1, 30)}

    def take(self, records: list[Record], now: datetime, *, drop: bool = False) -> None:
        """Apply records of one topic; what they ask of us is kept until it is taken."""
        told = len(self.earning.told)
        self.earning.batch([Sent(record, now) for record in records], now, drop=drop)
        for each in self.earning.told[told:]:
            if each.topic == ACTIVITIES:
                self.own.append(Record(each.topic, each.key, each.value))

    def settle(self, now: datetime) -> None:
        """Take in what was asked, until nothing is."""
        while self.own:
            records, self.own = self.own, []
            self.take(records, now)

    def say(self, *records: Record, now: datetime = BEGIN + timedelta(days=9)) -> None:
        """Take records one after the other, each with all that follows from it."""
        for record in records:
            self.take([record], now)
            self.settle(now)

    def points(self, number: int, wallet: str = WALLET) -> int:
        ledger = self.earning.memory.ledger((1, 1, member(number)))
        owed = sum(debt.amount for debt in ledger.debts if debt.wallet == wallet)
        return sum(lot.remaining for lot in ledger.lots if lot.wallet == wallet) - owed

    def state(self, friend: int) -> str | None:
        rows = self.earning.memory.referrals.rows
        return rows[1, 1, member(friend)].outcome.state if (1, 1, member(friend)) in rows else None

    def told(self, what: str) -> list[dict[str, Any]]:
        """The data of the events of a referral of this kind, each once."""
        events = [json.loads(each.value) for each in self.earning.told if each.topic == "loyalty.members"]
        found = {each["id"]: each["data"] for each in events if each["type"] == f"org.pointstream.referral.{what}.v1"}
        return list(found.values())

    def outcomes(self, what: str) -> set[str | None]:
        """The reasons of decisions of this outcome."""
        found = self.earning.memory.decisions().values()
        return {each.reason for each in found if each is not None and each.outcome == what}


@pytest.fixture(autouse=True, scope="module")
def memory() -> Iterator[None]:
    with in_memory():
        yield


@given(seed=st.integers(0, 2**32), order=st.integers(1, 2), limit=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_any_order_and_repetition_ends_where_a_direct_calculation_ends(seed: int, order: int, limit: int) -> None:
    random = Random(seed)
    world = World(programmes(order=order, limit=limit, gifts=True))
    story = Story(random, order, limit)
    end = BEGIN + timedelta(days=12)
    world.take([enrolled(number, BEGIN) for number in REFERRERS], BEGIN)
    waiting = list(story.said)
    while waiting or world.own:
        joined = {record for record in waiting if record.topic == PROFILES}
        # An activity of nobody known names no code: friends name it when they have joined.
        pool = [record for record in waiting if story.after.get(record) not in joined] + world.own
        chosen = random.sample(pool, min(len(pool), random.randint(1, 4)))
        topic = chosen[0].topic
        batch = [record for record in chosen if record.topic == topic]
        if random.random() < 0.2:
            world.take(batch, end, drop=True)
            continue
        for record in batch:
            (waiting if record in waiting else world.own).remove(record)
        world.take(batch + (batch[:1] if random.random() < 0.3 else []), end)
        if random.random() < 0.2:
            waiting += batch
    for friend, word in story.words.items():
        world.say(resolved(friend, word, end), now=end)
    assert world.earning.refused == []
    assert world.earning.memory.flaws() == []
    assert {each: world.points(each) for each in story.members} == story.expected()
    converted = {(each["friend_id"], each["referrer_id"]) for each in world.told("converted")}
    assert {str(member(friend)) for friend in story.converted()} <= {friend for friend, _ in converted}


class Story:
    """What friends do, and what it comes to: computed here, without any code that is tested."""

    def __init__(self, random: Random, order: int, limit: int) -> None:
        self.order, self.limit = order, limit
        self.by: dict[int, int] = {}
        self.held: set[int] = set()
        self.words: dict[int, str] = {}
        self.said: list[Record] = []
        self.left: dict[int, list[tuple[datetime, str, int]]] = {}
        self.claimed: dict[int, datetime] = {}
        self.after: dict[Record, Record] = {}
        for friend in range(10, 10 + random.randint(1, 4)):
            self._friend(random, friend)
        self.members = (*REFERRERS, *self.by)

    def _friend(self, random: Random, friend: int) -> None:
        self.by[friend] = random.choice(REFERRERS)
        joined = BEGIN + random.randint(0, 40) * HOUR
        by_activity = random.random() < 0.3
        claimed = joined + random.randint(0, 9) * HOUR if by_activity else joined
        self.claimed[friend] = claimed
        self.said.append(enrolled(friend, joined, brought_by=None if by_activity else self.by[friend]))
        if by_activity:
            facts = {"code": code(self.by[friend])}
            names = activity(f"names-{friend}", "referral", card=str(friend), time=claimed, data=facts)
            self.after[names] = self.said[-1]
            self.said.append(names)
        self.left[friend] = []
        for number in range(random.randint(0, 4)):
            self._purchase(random, friend, f"R-{friend}-{number}", joined + random.randint(-20, 130) * HOUR)
        word = random.choice((None, None, "refuse", "release"))
        if word is not None:
            self.words[friend] = word

    def _purchase(self, random: Random, friend: int, number: str, at: datetime) -> None:
        amount = random.choice((500, 1_999, 2_000, 4_000))
        self.said.append(purchase(number, amount, card=str(friend), time=at))
        what = random.random()
        if what < 0.2:
            self.said.append(voided(f"void-{number}", number, time=at + 99 * HOUR))
            amount = 0
        elif what < 0.5:
            back = random.choice((1, 100, amount))
            self.said.append(returned(f"back-{number}", number, amount=back, time=at + 99 * HOUR))
            amount -= back
        if amount > 0:
            self.left[friend].append((at, number, amount))

    def converted(self) -> dict[int, datetime]:
        """When each friend came to what it takes, of those who did and were not refused."""
        found = {}
        for friend, claimed in self.claimed.items():
            until = claimed + timedelta(days=4)
            reached = sorted(at for at, _, amount in self.left[friend] if amount >= LEAST and at <= until)
            if len(reached) >= self.order and self.words.get(friend) != "refuse":
                found[friend] = max(claimed, reached[self.order - 1])
        return found

    def expected(self) -> dict[int, int]:
        """Points of each member in the wallet of referrals."""
        due = dict.fromkeys(self.members, 0)
        converted = self.converted()
        for referrer in REFERRERS:
            mine = [friend for friend in converted if self.by[friend] == referrer]
            due[referrer] = sum([100, 150, 150, 150][: min(len(mine), self.limit)])
        return due | dict.fromkeys(converted, 7)


def test_a_purchase_pays_both_sides_once_and_its_return_takes_both_back() -> None:
    world = World(programmes(gifts=True))
    bought = purchase("R-1", 2_500, card="10", time=BEGIN + HOUR)
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=1), bought, bought)
    assert (world.points(1), world.points(10), world.state(10)) == (100, 7, "converted")
    world.say(returned("back", "R-1", amount=600, time=BEGIN + 2 * HOUR))
    assert (world.points(1), world.points(10), world.state(10)) == (0, 0, "started")
    world.say(purchase("R-2", 2_000, card="10", time=BEGIN + 3 * HOUR))
    assert (world.points(1), world.points(10), world.state(10)) == (100, 7, "converted")
    assert [each["number"] for each in world.told("converted")] == [2, 4]
    rewards = [json.loads(each.value) for each in world.earning.told if each.topic == "loyalty.rewards"]
    assert [each["type"].split(".")[-2] for each in rewards] == ["granted", "revoked", "granted"]
    assert world.earning.memory.flaws() == []


def test_nobody_brings_in_themselves() -> None:
    world = World(programmes())
    world.say(enrolled(1, BEGIN), activity("a", "referral", card="1", time=BEGIN, data={"code": code(1)}))
    world.say(purchase("R-1", 9_000, card="1", time=BEGIN + HOUR))
    assert (world.points(1), world.state(1)) == (0, "refused")
    assert [each["reason"] for each in world.told("refused")] == ["self-referral"]


def test_two_members_who_bring_in_each_other_wait_for_a_person() -> None:
    world = World(programmes())
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=1))
    world.say(activity("back", "referral", card="1", time=BEGIN, data={"code": code(10)}))
    for number in (1, 10):
        world.say(purchase(f"R-{number}", 2_000, card=str(number), time=BEGIN + HOUR))
    assert (world.state(10), world.state(1)) == ("converted", "held")
    assert (world.points(1), world.points(10)) == (100, 7)
    assert [each["reason"] for each in world.told("held")] == ["each-other"]
    world.say(resolved(1, "release", BEGIN))
    assert (world.points(1), world.points(10)) == (107, 107)


@pytest.mark.parametrize("early", [True, False])
def test_whoever_takes_over_a_card_of_the_referrer_is_the_referrer(early: bool) -> None:
    world = World(programmes())
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=None if early else 1))
    moves = {"member_id": str(member(10)), "move": [{"kind": "card", "value": "1"}]}
    moved = event(PROFILES, "org.pointstream.member.updated.v1", "move", "/acme/pos", BEGIN, "10", moves)
    named = activity("names", "referral", card="10", time=BEGIN, data={"code": code(1)})
    if early:
        world.say(moved, named)
    world.say(purchase("R-1", 9_000, card="10", time=BEGIN + HOUR))
    if not early:
        assert (world.points(1), world.points(10)) == (100, 7)
        world.say(moved)
    assert (world.points(1), world.points(10), world.state(10)) == (0, 0, "refused")
    world.say(resolved(10, "release", BEGIN))
    assert world.state(10) == "refused"


def test_a_shared_device_is_held_and_an_operator_decides() -> None:
    world = World(programmes())
    world.say(enrolled(1, BEGIN, device="tablet"), enrolled(10, BEGIN, brought_by=1, device="tablet"))
    world.say(enrolled(11, BEGIN, brought_by=1, device="tablet"), enrolled(12, BEGIN, brought_by=1, device="phone"))
    for friend in (10, 11, 12):
        world.say(purchase(f"R-{friend}", 2_000, card=str(friend), time=BEGIN + HOUR))
    assert [world.state(friend) for friend in (10, 11, 12)] == ["held", "held", "converted"]
    assert world.points(1) == 100
    assert [each["reason"] for each in world.told("held")] == ["same-device", "same-device"]
    world.say(resolved(10, "release", BEGIN), resolved(11, "refuse", BEGIN))
    assert [world.state(friend) for friend in (10, 11)] == ["converted", "refused"]
    assert (world.points(1), world.points(10), world.points(11)) == (250, 7, 0)
    world.say(resolved(10, "release", BEGIN, "again"), resolved(13, "release", BEGIN))
    assert world.outcomes("refused") >= {"nothing-held", "member-unknown"}
    changes = world.earning.memory.referrals.changes
    assert changes[(1, 1, member(11)), 2].decided_by == "eva"


@pytest.mark.parametrize("together", [True, False])
def test_two_friends_with_one_device_are_found_wherever_batches_are_cut(together: bool) -> None:
    world = World(programmes())
    world.say(enrolled(1, BEGIN))
    joining = [enrolled(friend, BEGIN, brought_by=1, device="tablet") for friend in (10, 11)]
    if together:
        world.take(joining, BEGIN)
        world.settle(BEGIN)
    else:
        world.say(*joining)
    assert [world.state(friend) for friend in (10, 11)] == ["started", "held"]


def test_friends_that_come_too_fast_are_held() -> None:
    world = World(programmes(suspicion={"velocity": {"friends": 2, "days": 1}}))
    world.say(enrolled(1, BEGIN), *[enrolled(friend, BEGIN, brought_by=1) for friend in (10, 11, 12)])
    world.say(enrolled(13, BEGIN + timedelta(days=2), brought_by=1))
    assert [world.state(friend) for friend in (10, 11, 12, 13)] == ["started", "started", "held", "started"]


def test_consent_given_later_lets_a_referral_count() -> None:
    world = World(programmes(needs_consent=True))
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=1), purchase("R-1", 2_000, card="10", time=BEGIN))
    assert (world.state(10), world.told("held")[0]["consented"]) == ("held", False)
    agreed = {"code": code(1), "consent": True}
    world.say(activity("agrees", "referral", card="10", time=BEGIN + HOUR, data=agreed))
    assert (world.state(10), world.points(1), world.told("converted")[0]["consented"]) == ("converted", 100, True)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("K7M2", "code-unknown"),
        (code(99), "code-unknown"),
        (code(2), "already-referred"),
        (code(1), "already-referred"),
    ],
)
def test_a_code_that_does_not_count_changes_nothing(written: str, reason: str) -> None:
    world = World(programmes())
    world.say(enrolled(1, BEGIN), enrolled(2, BEGIN), enrolled(10, BEGIN, brought_by=1))
    world.say(activity("names", "referral", card="10", time=BEGIN, data={"code": written}))
    assert world.outcomes("refused") == {reason}
    assert world.earning.memory.referrals.rows[1, 1, member(10)].claim.referrer == member(1)


def test_who_has_been_a_member_for_long_is_not_brought_in() -> None:
    world = World(programmes(new_within_days=2))
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN))
    world.say(activity("names", "referral", card="10", time=BEGIN + timedelta(days=3), data={"code": code(1)}))
    assert (world.state(10), [each["reason"] for each in world.told("refused")]) == ("refused", ["not-new"])


def test_at_enrolment_both_sides_are_paid_at_once() -> None:
    world = World(programmes(at_once=True))
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=1))
    assert (world.points(1), world.points(10), world.state(10)) == (100, 7, "converted")
    assert len(world.told("started")) == len(world.told("converted")) == 1


def test_what_is_switched_off_brings_nothing_and_is_taken_back_all_the_same() -> None:
    off = programmes(off=True)
    world = World(off)
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=1))
    assert (world.state(10), world.outcomes("refused")) == (None, {"switched-off"})
    world = World(programmes())
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=1), enrolled(11, BEGIN, brought_by=1))
    world.say(purchase("R-10", 2_000, card="10", time=BEGIN + HOUR))
    dark = Earning(off, METRICS)
    dark.memory, world.earning = world.earning.memory, dark
    world.say(purchase("R-11", 2_000, card="11", time=BEGIN + HOUR))
    assert (world.points(1), world.points(11), world.state(11)) == (100, 0, "started")
    world.say(voided("void", "R-10", time=BEGIN + HOUR))
    assert (world.points(1), world.points(10)) == (0, 0)


def test_what_is_told_is_what_its_schema_says() -> None:
    world = World(programmes(gifts=True))
    world.say(enrolled(1, BEGIN), enrolled(10, BEGIN, brought_by=1), purchase("R-1", 2_500, card="10", time=BEGIN))
    world.say(voided("void", "R-1", time=BEGIN + HOUR), resolved(10, "refuse", BEGIN))
    told = [json.loads(each.value) for each in world.earning.told]
    for each in told:
        event_model(each["type"]).model_validate_json(json.dumps(each), extra="forbid")
    outcomes = [each["data"]["outcome"] for each in told if each["type"].endswith("activity.evaluated.v1")]
    assert outcomes == ["unchanged", "credited", "credited", "adjusted", "adjusted", "unchanged"]
