"""Occasions that batches bring about: each is told with what brought it about, and paid once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from libs.history.needs import needs_of
from libs.judging.occasions import enrolment, occasion_event, segment_turn
from libs.judging.programmes import Programmes, by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.promotions.document import parse_programme
from tests.support.brokerless import ACTIVITIES, Earning, Sent
from tests.support.in_memory import in_memory
from tests.support.lives import activity, returned
from tests.support.receipts import PROFILES, PURCHASES, Record, event, purchase
from tests.support.seeded import member

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def running(*campaigns: tuple[str, dict[str, Any], int], expiry: str | None = None) -> RunningProgramme:
    """A programme with a point for each 1.00, two levels by points, and points for occasions."""
    base = {
        "id": "base",
        "name": "base",
        "state": "live",
        "effect": {"kind": "per_amount", "points": 1, "per_minor": 100},
    }
    bonuses = [
        {"id": name, "name": name, "state": "live", "trigger": trigger, "effect": {"kind": "fixed", "points": points}}
        for name, trigger, points in campaigns
    ]
    natural = {"kind": "natural", "period": expiry, "extra_periods": 0}
    levels = [
        {"name": "base"},
        {"name": "silver", "needs": {"points": 100}},
        {"name": "gold", "needs": {"points": 200}},
    ]
    document = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": natural if expiry else {"kind": "never"}}],
        "campaigns": [base, *bonuses],
        "tier_sets": [{"name": "status", "levels": levels, "wallets": ["points"], "drives_tier": True}],
    }
    version = activate(datetime(2020, 1, 1, tzinfo=UTC), document)
    needs = needs_of(parse_programme(document))
    return RunningProgramme(1, 1, "acme", "main", (version,), history=needs)


def programmes(programme: RunningProgramme) -> Programmes:
    return by_prefix([("/acme/pos", (1, 1))], {(1, 1): programme})


WELCOME = ("welcome", {"kind": "enrolled"}, 10)
SILVER = ("silver", {"kind": "tier_reached", "tier_set": "status", "level": "silver"}, 50)
HIGHER = ("higher", {"kind": "tier_reached", "tier_set": "status"}, 60)
SORRY = ("sorry", {"kind": "return"}, 5)


def enrol(at: datetime = NOON, name: str = "E-1") -> Sent:
    data = {"member_id": str(member(1)), "identifiers": [{"kind": "card", "value": "1"}]}
    kind = "org.pointstream.member.enrolled.v1"
    return Sent(event(PROFILES, kind, name, "/acme/pos", at, str(member(1)), data), at)


def buy(number: str, euros: int, at: datetime = NOON) -> Sent:
    return Sent(purchase(number, euros * 100, card="1", time=at), at)


def bring_back(name: str, number: str, amount: int, at: datetime = NOON) -> Sent:
    return Sent(returned(name, number, amount=amount, time=at), at)


def noticed(earning: Earning) -> list[Sent]:
    """What earning has told itself so far."""
    own = [event for event in earning.told if event.topic == ACTIVITIES]
    return [Sent(Record(ACTIVITIES, each.key, each.value), NOON) for each in own]


def settle(earning: Earning, now: datetime) -> None:
    """Let earning read what it told itself, until it tells nothing new."""
    read = 0
    while read < len(own := noticed(earning)):
        earning.batch([each._replace(at=now) for each in own[read:]], now)
        read = len(own)


def points(earning: Earning) -> int:
    return sum(lot.remaining for lot in earning.memory.lots.values())


def test_who_enrols_is_welcomed_once() -> None:
    earning = Earning(programmes(running(WELCOME)))
    earning.batch([enrol()], NOON)
    settle(earning, NOON)
    assert points(earning) == 10
    earning.batch([enrol(NOON + HOUR, "again")], NOON + HOUR)
    settle(earning, NOON + HOUR)
    assert points(earning) == 10, "whoever sends the same member anew"


def test_who_comes_from_elsewhere_enrolled_long_ago() -> None:
    earning = Earning(programmes(running(WELCOME)))
    earning.batch([enrol(NOON - timedelta(days=8))], NOON)
    assert noticed(earning) == []


def test_nobody_is_told_of_what_no_campaign_waits_for() -> None:
    earning = Earning(programmes(running()))
    earning.batch([enrol()], NOON)
    earning.batch([buy("R-1", 150)], NOON)
    earning.batch([bring_back("B-1", "R-1", 100)], NOON)
    assert noticed(earning) == []


def test_a_level_pays_when_it_is_reached_and_a_bonus_may_reach_the_next() -> None:
    earning = Earning(programmes(running(SILVER, HIGHER)))
    earning.batch([enrol()], NOON)
    earning.batch([buy("R-1", 120)], NOON)
    settle(earning, NOON + HOUR)
    # 120 bring silver and its 110; with these gold is reached, which pays the 60 of any higher level.
    assert points(earning) == 120 + 110 + 60
    assert earning.memory.heads[1, 1, member(1)].tier == "gold"


def test_a_receipt_of_which_something_comes_back_pays_once_in_whatever_pieces() -> None:
    earning = Earning(programmes(running(SORRY)))
    earning.batch([enrol()], NOON)
    earning.batch([buy("R-1", 30)], NOON)
    for name, amount in (("B-1", 1_000), ("B-2", 500)):
        earning.batch([bring_back(name, "R-1", amount, NOON + HOUR)], NOON + HOUR)
        settle(earning, NOON + HOUR)
    assert points(earning) == 15 + 5


def test_a_return_that_comes_before_its_purchase_or_its_member_pays_once_both_are_there() -> None:
    earning = Earning(programmes(running(SORRY)))
    earning.batch([bring_back("B-1", "R-1", 1_000)], NOON)
    assert noticed(earning) == []
    earning.batch([buy("R-1", 30)], NOON)
    assert noticed(earning) == [], "nobody owns it"
    earning.batch([enrol()], NOON + HOUR)
    settle(earning, NOON + HOUR)
    assert points(earning) == 20 + 5


def test_nobody_else_may_tell_of_an_occasion() -> None:
    earning = Earning(programmes(running(WELCOME)))
    earning.batch([enrol()], NOON)
    false = activity("F-1", "occasion-enrolled", card="1", time=NOON)
    other = activity("F-2", "occasion-enrolled", card="1", time=NOON, source="/pointstream/acme/main/api")
    earning.batch([Sent(false, NOON), Sent(other, NOON)], NOON)
    assert [why.code for _, why in earning.refused] == ["unknown-source", "unknown-source"]
    assert points(earning) == 0


def test_the_word_of_a_segment_is_taken() -> None:
    programme = running(("back", {"kind": "segment_entered", "segment": "lapsing"}, 40))
    earning = Earning(programmes(programme))
    earning.batch([enrol()], NOON)
    value = occasion_event(programme, segment_turn(member(1), "lapsing", NOON, entered=True, number=1))
    for _ in range(2):
        earning.batch([Sent(Record(ACTIVITIES, str(member(1)).encode(), value), NOON)], NOON)
    assert points(earning) == 40


def test_an_occasion_that_is_told_late_is_carried_over_the_boundary() -> None:
    programme = running(WELCOME, expiry="month")
    earning = Earning(programmes(programme))
    earning.batch([enrol()], NOON)
    value = occasion_event(programme, enrolment(member(1), NOON))
    late = NOON + timedelta(days=60)
    earning.batch([Sent(Record(ACTIVITIES, str(member(1)).encode(), value), late)], late)
    (lot,) = earning.memory.lots.values()
    assert (lot.amount, lot.expires_at) == (10, datetime(2026, 4, 30, 22, tzinfo=UTC))


@settings(max_examples=40, deadline=None)
@given(some.integers(0, 2**32))
def test_any_order_and_repetition_pays_once(seed: int) -> None:
    """Enrolment, purchase and return cross; batches are lost and repeated; what earning tells itself comes again."""
    random = Random(seed)
    with in_memory():
        earning = Earning(programmes(running(WELCOME, SILVER, SORRY)))
        said = [enrol(), buy("R-1", 80), buy("R-2", 60), bring_back("B-1", "R-2", 1_000)]
        waiting = [*said, *random.choices(said, k=random.randrange(4))]
        random.shuffle(waiting)
        read = 0
        while waiting:
            one = waiting.pop()
            now = NOON + HOUR
            if random.random() < 0.3:
                earning.batch([one], now, drop=True)
            earning.batch([one], now)
            own = noticed(earning)
            for new in own[read:]:
                waiting += [new] * random.randint(1, 3)
            read = len(own)
            random.shuffle(waiting)
        assert earning.refused == []
        assert points(earning) == 80 + 50 + 10 + 50 + 5
        assert {PURCHASES, PROFILES, ACTIVITIES} >= {each.record.topic for each in said}
