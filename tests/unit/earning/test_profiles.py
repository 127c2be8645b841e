"""What is known of members: told by profiles, asked by campaigns, and seen as it was when a receipt comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.promotions.pages import read_page
from tests.support.brokerless import Earning, Sent
from tests.support.in_memory import in_memory
from tests.support.lives import returned
from tests.support.receipts import PROFILES, event, purchase
from tests.support.seeded import member

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BIRTHDAY: dict[str, Any] = {"member": {"birthday": {}}}


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def club(*campaigns: tuple[str, dict[str, Any]], knows: bool = True) -> Earning:
    """A programme with a point for every euro, and campaigns of 100 points each under a condition."""
    base = {
        "id": "base",
        "name": "base",
        "state": "live",
        "effect": {"kind": "per_amount", "points": 1, "per_minor": 1},
    }
    more = [
        {"id": name, "name": name, "state": "live", "when": when, "effect": {"kind": "fixed", "points": 100_000}}
        for name, when in campaigns
    ]
    document = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "campaigns": [base, *more],
    }
    version = activate(datetime(2020, 1, 1, tzinfo=UTC), document)
    asks = version.compiled.needs.profile
    assert asks is knows
    running = RunningProgramme(1, 1, "acme", "main", (version,), knows=asks)
    return Earning(by_prefix([("/acme/pos", (1, 1))], {(1, 1): running}))


def tell(earning: Earning, name: str, at: datetime, **data: Any) -> None:
    """Enrol the member with card 1, or tell more of them."""
    kind = "enrolled" if name == "enrolled" else "updated"
    identifiers = {"identifiers": [{"kind": "card", "value": "1"}]} if kind == "enrolled" else {}
    payload = {"member_id": str(member(1))} | identifiers | data
    record = event(PROFILES, f"org.pointstream.member.{kind}.v1", name, "/acme/pos", at, str(member(1)), payload)
    earning.batch([Sent(record, at)], at)


def buy(earning: Earning, number: str, at: datetime, cents: int = 1_000) -> None:
    """Buy something with card 1."""
    earning.batch([Sent(purchase(number, cents, card="1", time=at), at)], at)


def give_back(earning: Earning, number: str, at: datetime, cents: int) -> None:
    """Return a part of a receipt."""
    earning.batch([Sent(returned(f"back-{number}-{cents}", number, amount=cents, time=at), at)], at)


def points(earning: Earning) -> int:
    """What the member has."""
    return sum(lot.remaining for lot in earning.memory.lots.values())


CITY = {"member": {"attributes": [{"name": "city", "one_of": ["rome"]}]}}


def test_attributes_birthday_and_the_day_of_enrolment_are_asked_as_they_stand() -> None:
    earning = club(("rome", CITY), ("day", BIRTHDAY), ("new", {"member": {"enrolled": {"max_days": 0}}}))
    tell(earning, "enrolled", NOON, birthday="03-01", attributes={"city": "rome", "dog": True})
    buy(earning, "R-1", NOON + timedelta(hours=1))
    assert points(earning) == 301_000
    tell(earning, "moved", NOON + timedelta(hours=2), attributes={"city": None})
    buy(earning, "R-2", NOON + timedelta(hours=3))
    assert points(earning) == 301_000 + 201_000
    buy(earning, "R-3", NOON + timedelta(days=1))
    assert points(earning) == 301_000 + 201_000 + 1_000


def test_what_changes_nothing_makes_no_state() -> None:
    earning = club(("rome", CITY))
    tell(earning, "enrolled", NOON, attributes={"city": "rome"})
    tell(earning, "again", NOON, attributes={"city": "rome", "dog": None})
    assert [each.revision for each in earning.memory.profiles[1, 1, member(1)]] == [1]
    tell(earning, "born", NOON, birthday="02-29")
    assert earning.memory.profiles[1, 1, member(1)][-1][:2] == (2, (2, 29))


@pytest.mark.parametrize(("first", "then"), [("rome", "milan"), ("milan", "rome"), (None, "rome"), ("rome", None)])
def test_a_return_is_judged_by_the_profile_of_the_first_time(first: str | None, then: str | None) -> None:
    earning = club(("rome", CITY))
    tell(earning, "enrolled", NOON, attributes={} if first is None else {"city": first})
    buy(earning, "R-1", NOON)
    had = points(earning)
    assert had == (101_000 if first == "rome" else 1_000)
    tell(earning, "moved", NOON + timedelta(hours=1), attributes={"city": then})
    give_back(earning, "R-1", NOON + timedelta(hours=2), 400)
    assert points(earning) == had - 400
    tell(earning, "again", NOON + timedelta(hours=3), attributes={"city": "oslo"})
    give_back(earning, "R-1", NOON + timedelta(hours=4), 100)
    assert points(earning) == had - 500


def test_a_decision_names_the_state_and_holds_nothing_of_it() -> None:
    earning = club(("rome", CITY))
    tell(earning, "enrolled", NOON, birthday="03-01", attributes={"city": "florence-on-the-arno"})
    buy(earning, "R-1", NOON)
    decisions = [each for page in earning.memory.pages.values() for each in read_page(page)]
    assert [each.profile for each in decisions] == [1]
    assert all(b"florence" not in bytes(each.facts) for each in decisions)
    assert "florence" not in repr(decisions)


def test_nothing_is_read_for_a_programme_that_does_not_ask() -> None:
    earning = club(knows=False)
    tell(earning, "enrolled", NOON, birthday="03-01", attributes={"city": "rome"})
    buy(earning, "R-1", NOON)
    decisions = [each for page in earning.memory.pages.values() for each in read_page(page)]
    assert [each.profile for each in decisions] == [None]
