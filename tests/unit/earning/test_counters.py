"""Limits hold for what a member had when a receipt was first judged, whatever tier the member has come to since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.history.needs import Needs, needs_of
from libs.judging.programmes import Programmes, by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.promotions.document import parse_programme
from libs.promotions.history import EVER
from tests.support.brokerless import Earning, Sent
from tests.support.in_memory import in_memory
from tests.support.lives import corrected, returned
from tests.support.receipts import Record, line, purchase
from tests.support.seeded import member, profile

BEGIN = datetime(2026, 11, 3, 8, tzinfo=UTC)
LATER = BEGIN + timedelta(days=1)
GOLD: dict[str, Any] = {
    "id": "gold",
    "name": "50 points for gold",
    "state": "live",
    "when": {"tiers": ["gold"]},
    "effect": {"kind": "fixed", "points": 50},
}
BASE: dict[str, Any] = {
    "id": "base",
    "name": "A point for each euro",
    "state": "live",
    "effect": {"kind": "per_amount", "points": 1, "per_minor": 100},
}
TWO = [line("tea", 1_000), line("milk", 500)]


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def programmes(*campaigns: dict[str, Any], after: tuple[dict[str, Any], ...] = (), **rest: Any) -> Programmes:
    """A programme of these campaigns, and of those of `after` from the day after on."""
    document = {"zone": "Europe/Rome", "currency": "EUR", "wallets": [{"name": "points", "expiry": {"kind": "never"}}]}
    states = [campaigns, *([after] if after else [])]
    documents = [document | {"version": at, "campaigns": each} | rest for at, each in enumerate(states, start=1)]
    begins = (datetime(2020, 1, 1, tzinfo=UTC), LATER)
    versions = tuple([activate(begin, each) for begin, each in zip(begins, documents, strict=False)])
    needs = needs_of(parse_programme(documents[0]))
    history = None if needs is None else Needs((*needs.windows, EVER), by_category=True)
    running = RunningProgramme(1, 1, "acme", "main", versions, counts_members=True, history=history)
    return by_prefix([("/acme/pos", (1, 1))], {(1, 1): running})


class Till:
    """A till whose records reach earning at once, each in a batch of its own or some together."""

    def __init__(self, known: Programmes) -> None:
        self.earning = Earning(known)
        for number in (1, 2):
            self.say(profile(f"enrol-{number}", number, BEGIN, identifiers=[str(number)]))

    def say(self, *records: Record, now: datetime = BEGIN) -> None:
        self.earning.batch([Sent(each, now) for each in records], now)

    def lift(self, number: int, tier: str | None) -> None:
        """Let a member have a tier."""
        heads, name = self.earning.memory.heads, (1, 1, member(number))
        heads[name] = heads[name]._replace(tier=tier)

    def points(self, number: int) -> int:
        return self.earning.memory.points((1, 1, UUID(int=number)))


def with_limit(campaign: dict[str, Any], **limit: Any) -> dict[str, Any]:
    return campaign | {"limits": [limit]}


@pytest.mark.parametrize("tier", ["silver", None])
def test_a_receipt_of_who_was_gold_finds_the_budget_of_gold_used_up_as_before(tier: str | None) -> None:
    till = Till(programmes(BASE, with_limit(GOLD, period="ever", points=50)))
    for number in (1, 2):
        till.lift(number, "gold")
        till.say(purchase(f"R-{number}", TWO, card=str(number), time=BEGIN))
    assert (till.points(1), till.points(2)) == (65, 15)
    till.lift(2, tier)
    till.say(returned("B-1", "R-2", [{"line": 2}], time=BEGIN))
    assert (till.points(1), till.points(2)) == (65, 10)


def test_a_receipt_that_is_dated_into_a_later_version_finds_what_its_own_version_limits() -> None:
    plain = with_limit(BASE, period="day", points=20)
    till = Till(programmes(plain, after=(BASE,)))
    till.say(purchase("R-1", 1_500, time=BEGIN))
    till.say(purchase("R-2", 5_000, time=BEGIN, card="2"))
    till.say(corrected("C-2", "R-2", 5_000, purchased_at=LATER, time=LATER, card="2"), now=LATER)
    assert (till.points(1), till.points(2)) == (15, 20)
    till.say(corrected("C-1", "R-1", 1_500, purchased_at=LATER, time=LATER), now=LATER)
    assert (till.points(1), till.points(2)) == (0, 20)


def test_what_comes_back_under_a_lower_limit_holds_up_nothing_that_a_higher_one_allowed() -> None:
    high, low = (with_limit(BASE, period="ever", points=most) for most in (100, 50))
    till = Till(programmes(high, after=(low,)))
    till.say(purchase("R-1", 4_000, time=BEGIN))
    till.say(purchase("R-2", TWO, time=LATER, card="2"), now=LATER)
    assert (till.points(1), till.points(2)) == (40, 10)
    late = purchase("R-3", 3_000, time=BEGIN)
    till.say(late, returned("B-2", "R-2", [{"line": 1}], time=LATER), now=LATER)
    assert (till.points(1), till.points(2)) == (70, 0)


STATUS: dict[str, Any] = {
    "name": "status",
    "levels": [{"name": "bronze"}, {"name": "gold", "needs": {"spend_minor": 2_000}}],
    "window": {"kind": "rolling", "days": 3},
    "holds": {"kind": "while_met"},
    "drives_tier": True,
}


@pytest.mark.parametrize("together", [True, False])
def test_a_member_who_comes_to_another_tier_within_a_batch_has_used_what_was_used_in_it_before(together: bool) -> None:
    limit = {"scope": "member", "period": "year", "points": 60}
    till = Till(programmes(BASE, with_limit(GOLD, **limit), tier_sets=[STATUS]))
    first = [purchase("R-1", 2_000, time=BEGIN), purchase("R-2", 100, time=BEGIN)]
    for record in first:
        till.say(record)
    assert till.points(1) == 20 + 1 + 50
    later = BEGIN + timedelta(days=30)
    till.say(purchase("R-3", 100, time=later), now=later)
    assert till.points(1) == 71 + 1, "no longer gold"
    second = [purchase("R-4", 2_000, time=later), purchase("R-5", 100, time=later)]
    if together:
        till.say(*second, now=later)
    else:
        for record in second:
            till.say(record, now=later)
    assert till.points(1) == 72 + 20 + 1 + 10


def test_a_member_whose_tier_has_ended_has_used_what_was_used_below_it() -> None:
    bronze = GOLD | {"id": "bronze", "when": {"tiers": ["bronze"]}}
    bronze = with_limit(bronze, scope="member", period="year", points=60)
    till = Till(programmes(BASE, bronze, tier_sets=[STATUS]))
    till.say(purchase("R-0", 100, time=BEGIN))
    till.say(purchase("R-1", 2_000, time=BEGIN))
    assert till.points(1) == 1 + 20 + 60
    later = BEGIN + timedelta(days=30)
    till.say(purchase("R-2", 100, time=later), now=later)
    assert till.points(1) == 81 + 1
