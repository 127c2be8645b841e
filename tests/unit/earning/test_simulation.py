"""R-13: earning as a whole over a transport in memory that loses, repeats, reorders and delays, by a driven clock.

A seed stands for one simulation. On failure its number is shown: `simulate(number)` plays the same again.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from libs.contracts.events import MemberTierPointsChangedV1
from libs.history.counted import ACTIVITY_KIND, count_decision, count_receipt
from libs.history.days import Sum
from libs.promotions.gifts import TIER_POINTS
from libs.promotions.pages import StoredDecision
from services.earning.announcements import MEMBERS, REWARDS
from services.earning.history import terms_of
from services.earning.metrics import EarningMetrics
from tests.support.brokerless import Earning, Sent
from tests.support.in_memory import in_memory
from tests.support.memory import Memory
from tests.support.receipts import PROFILES
from tests.support.seeded import Dealings, Delivery, due, member

METRICS = EarningMetrics(CollectorRegistry())
NORMAL_SECONDS, LEAST = 15, 30


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def simulate(seed: int) -> None:
    """Play one seed in every way, and check all that must hold."""
    dealings = Dealings(seed, tame=seed % 2 == 0)
    random = Random(seed)
    delivery = Delivery(random, dealings.said)
    whole = Earning(dealings.programmes, METRICS)
    for batch, now in delivery.cut(random, 0.1):
        if random.random() < 0.15:
            whole.batch(batch, now, drop=True)
        whole.batch(batch, now)
    _grow_old(whole, dealings, delivery)
    _sound(whole)
    _days(whole, dealings)
    if seed % 4 < 2:
        single = Earning(dealings.programmes, METRICS)
        for batch, now in delivery.cut(random, 1):
            single.batch(batch, now)
        _grow_old(single, dealings, delivery)
        assert _told(whole) == _told(single)
    if dealings.tame:
        plain = Earning(dealings.programmes, METRICS)
        _in_plain_order(plain, dealings, delivery)
        _grow_old(plain, dealings, delivery)
        _sound(plain)
        assert _points(whole, dealings) == _points(plain, dealings)
        assert whole.memory.days == plain.memory.days


def _grow_old(earning: Earning, dealings: Dealings, delivery: Delivery) -> None:
    """Let the clock say what has come for everybody: for the wild over boundaries of periods."""
    for turn, days in enumerate([8] if dealings.tame else [8, 40, 70]):
        now = delivery.end + timedelta(days=days)
        earning.batch([Sent(due(f"due-{turn}-{each}", each, now), now) for each in dealings.members], now)


def _in_plain_order(earning: Earning, dealings: Dealings, delivery: Delivery) -> None:
    """Everything once, in the order of its own time, a batch a topic; it arrived when it did."""
    stamps = {each.record: each.at for each, _ in delivery.steps}
    said = [each._replace(at=stamps[each.record]) for each in dealings.said]
    topics = [PROFILES, *sorted({each.record.topic for each in said} - {PROFILES})]
    for topic in topics:
        earning.batch([each for each in said if each.record.topic == topic], delivery.end)


def _points(earning: Earning, dealings: Dealings) -> dict[int, int]:
    return {number: earning.memory.points((1, 1, member(number))) for number in dealings.members}


def _told(earning: Earning) -> dict[str, object]:
    """What must be the same wherever batches are cut."""
    memory = earning.memory
    return {
        "journal": memory.journal,
        "heads": memory.heads,
        "days": memory.days,
        "tiers": memory.places,
        "changes": memory.tier_changes,
        "counters": {name: used for name, used in memory.counters.items() if used},
        "decisions": {key: _meaning(each) for key, each in memory.decisions().items()},
        "unclaimed": memory.unclaimed.keys(),
        "parked": memory.parked.keys(),
        "refused": sorted(why.code for _, why in earning.refused),
    }


def _meaning(decision: StoredDecision | None) -> object:
    return None if decision is None else (decision.outcome, decision.reason, decision.lots, decision.member_id)


def _sound(earning: Earning) -> None:
    memory = earning.memory
    assert memory.flaws() == []
    for (_, key), decision in memory.decisions().items():
        assert decision is None or decision.key == key
    _heads(memory)
    _counters(memory)
    _receipts(memory)
    _rewards(earning)


def _heads(memory: Memory) -> None:
    """What is known of a member without the lots is true: when time will do something, and whether anything is owed."""
    for name, head in memory.heads.items():
        ledger = memory.ledger(name, whole=False)
        assert head.seq == len(memory.journal.get(name, ()))
        assert head.owing == any(debt.amount for debt in ledger.debts)
        assert head.activates_at == min([lot.active_from for lot in ledger.lots if lot.pending], default=None)
        lapses = [lot.expires_at for lot in ledger.lots if lot.expires_at is not None and lot.free]
        assert head.lapses_at is None or not lapses or head.lapses_at <= min(lapses)
        assert lapses == [] or head.lapses_at is not None


def _counters(memory: Memory) -> None:
    """A counter is what stands of all receipts and activities, and within its limit."""
    used: Counter[tuple[int, int, str]] = Counter()
    for _, story in memory.stories():
        for key, points, _ in story.uses:
            used[1, 1, key] += points
    for decision in memory.decisions().values():
        if decision is not None and decision.kind.startswith("activity") and decision.evaluation:
            for use in decision.evaluation.uses:
                used[1, 1, use.key] += use.points
    assert +used == {name: count for name, count in memory.counters.items() if count}
    assert all(0 <= memory.counters[name] <= limit for name, limit in memory.limits.items())


def _days(earning: Earning, dealings: Dealings) -> None:
    """The days of members are what stands of receipts, and the activities that were judged."""
    programme = dealings.programmes.prefixes["/acme/pos"]
    if programme.history is None:
        assert earning.memory.days == {}
        return
    terms = terms_of(programme)
    found = [count_receipt(story, terms) for _, story in earning.memory.stories()]
    found += [
        count_decision(decision, terms)
        for decision in earning.memory.decisions().values()
        if decision is not None and decision.kind == ACTIVITY_KIND
    ]
    days: dict[tuple[int, int, UUID, date], Sum] = {}
    for counted in found:
        if counted is not None:
            name = (1, 1, counted.member_id, counted.day)
            days[name] = days.get(name, Sum()).with_more(*counted[2:])
    assert {name: done for name, done in days.items() if not done.empty} == earning.memory.days


def _receipts(memory: Memory) -> None:
    """What stands of a receipt is what its owner was given for it; who waits for somebody has nobody."""
    for (_, key), story in memory.stories():
        if story.owner is None:
            assert story.accounts == ()
            continue
        assert key not in memory.unclaimed
        lots = {lot.seq: lot for lot in memory.ledger((1, 1, story.owner)).lots}
        for account in story.accounts:
            assert account.standing >= 0
            for gain in account.gained:
                assert lots[gain.lot].amount == gain.points >= gain.reversed


def _rewards(earning: Earning) -> None:
    """What was granted beside points, less what was revoked, is what stands of all receipts and activities."""
    told: Counter[tuple[str, ...]] = Counter()
    names = []
    for topic, event in [(each.topic, json.loads(each.value)) for each in earning.told]:
        if topic not in (REWARDS, MEMBERS):
            continue
        data = event["data"]
        if event["type"] == MemberTierPointsChangedV1.event_type:
            told[data["member_id"], data["campaign"], TIER_POINTS, data["tier_set"]] += data["points"]
        elif topic == REWARDS:
            sign = 1 if event["type"].endswith("granted.v1") else -1
            told[data["member_id"], data["campaign"], data["kind"], data["reference"]] += sign * data["quantity"]
        names.append(event["id"])
    stands: Counter[tuple[str, ...]] = Counter()
    for _, story in earning.memory.stories():
        for *name, quantity in story.granted:
            stands[str(story.owner), *name] += quantity
    for decision in earning.memory.decisions().values():
        if decision is not None and decision.kind.startswith("activity") and decision.evaluation:
            for one in decision.evaluation.granted:
                stands[str(decision.member_id), one.campaign, one.kind, one.reference] += one.quantity
    assert {name: many for name, many in told.items() if many} == stands
    assert len(names) == len(set(names)), "each event has an id of its own"


def _play(seeds: range, seconds: float, least: int = 0) -> int:
    """Play seeds for so long, and so many at least, however slow the machine is."""
    begun, played = time.perf_counter(), 0
    for seed in seeds:
        try:
            simulate(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            print(f"seed {seed}")
            raise
        played += 1
        if played >= least and time.perf_counter() - begun > seconds:
            break
    print(f"{played} seeds, {played / (time.perf_counter() - begun):.0f}/s")
    return played


def test_any_delivery_ends_the_same() -> None:
    assert _play(range(1_000), NORMAL_SECONDS, LEAST) >= LEAST


@pytest.mark.slow
def test_a_thousand_and_more_deliveries_end_the_same() -> None:
    assert _play(range(4_000), 0, 4_000) == 4_000
