"""Dates that move: what members do keeps their points alive, and old points come under another version's policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.ledger.model import Kind, Lot
from tests.support.brokerless import Earning, Sent
from tests.support.database import ACME, programme_document
from tests.support.in_memory import in_memory
from tests.support.lives import CLI, activity, returned
from tests.support.receipts import Record, enrolment, event, member_id, purchase

ME = member_id("1")
BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
NOW = datetime(2028, 6, 1, 12, tzinfo=UTC)
INACTIVITY = {"kind": "inactivity", "months": 12, "activities": ["app-opened"]}
QUARTERS = {"kind": "natural", "period": "quarter"}
TWO_YEARS = {"kind": "rolling", "months": 24, "rounded_to": "quarter"}
CHRISTMAS = {"kind": "fixed", "day": "2026-12-24"}
BASE = {"id": "base", "name": "Base", "state": "live", "effect": {"kind": "per_amount", "points": 1, "per_minor": 100}}


def earning(*wallets: dict[str, Any], campaigns: Sequence[dict[str, Any]] = (BASE,)) -> Earning:
    """Earning with a version a wallet, a year apart; each may have a policy for some members as well."""
    versions = []
    for number, wallet in enumerate(wallets, start=1):
        document = programme_document(ACME) | {"version": number, "campaigns": list(campaigns)}
        document["wallets"] = [{"name": "points", **wallet}]
        versions.append(activate(BEGIN.replace(year=2015 + number), document))
    running = RunningProgramme(1, 1, "acme", "main", tuple(versions))
    return Earning(by_prefix([("/acme/pos", (1, 1))], {(1, 1): running}))


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def day(month: int, number: int, year: int = 2026) -> datetime:
    return datetime(year, month, number, 12, tzinfo=UTC)


def tell(one: Earning, *records: Record, at: datetime) -> None:
    for record in records:
        one.batch([Sent(record, at)], at)


def joined(one: Earning, tier: str | None = None) -> Earning:
    tell(one, enrolment("1", tier=tier), at=day(1, 1))
    return one


def lots(one: Earning) -> list[Lot]:
    return list(one.memory.ledger((1, 1, ME)).lots)


def last_days(one: Earning) -> list[date | None]:
    """The last day of each lot, by its number."""
    zone, tick = ZoneInfo("Europe/Rome"), timedelta(microseconds=1)
    return [None if lot.expires_at is None else (lot.expires_at - tick).astimezone(zone).date() for lot in lots(one)]


def redated(one: Earning) -> list[dict[str, Any]]:
    told = [orjson.loads(each.value) for each in one.told]
    return [each["data"] for each in told if each["type"] == "org.pointstream.points.redated.v1"]


def test_a_purchase_moves_the_dates_of_all_points_and_most_move_nothing() -> None:
    one = joined(earning({"expiry": INACTIVITY}))
    for number, time in enumerate((day(5, 4), day(5, 28), day(6, 2)), start=1):
        tell(one, purchase(f"R-{number}", time=time), at=time)
    assert last_days(one) == [date(2027, 6, 30)] * 3
    (moved,) = redated(one)
    assert [share["lot"] for share in moved["lots"]] == [1, 2]
    assert (moved["points"], moved["reason"], moved["expires_at"]) == (20, "kept-alive", "2027-06-30T22:00:00Z")
    assert one.memory.flaws() == []


def test_only_the_activities_that_are_named_keep_points_alive() -> None:
    one = joined(earning({"expiry": INACTIVITY}))
    tell(one, purchase("R-1", time=day(5, 4)), at=day(5, 4))
    tell(one, activity("A-1", "page-seen", time=day(8, 1)), at=day(8, 1))
    assert last_days(one) == [date(2027, 5, 31)]
    tell(one, activity("A-2", "app-opened", time=day(8, 2)), at=day(8, 2))
    assert last_days(one) == [date(2027, 8, 31)]


def test_what_had_lapsed_when_it_was_done_stays_so_and_what_is_told_late_does_not_come_too_late() -> None:
    one = joined(earning({"expiry": INACTIVITY}))
    tell(one, purchase("R-1", time=day(5, 4)), at=day(5, 4))
    tell(one, purchase("R-2", time=day(5, 30, 2027)), at=day(6, 2, 2027))
    assert last_days(one) == [date(2028, 5, 31)] * 2
    tell(one, purchase("R-3", time=day(6, 1, 2028)), at=day(6, 1, 2028))
    assert last_days(one)[-1] == date(2029, 6, 30)
    assert [lot.remaining for lot in lots(one)][-1] == 10
    assert one.memory.points((1, 1, ME)) == 10


def test_points_told_late_live_as_long_as_what_was_earned_since() -> None:
    one = joined(earning({"expiry": INACTIVITY}))
    tell(one, purchase("R-1", time=day(9, 4)), at=day(9, 4))
    tell(one, purchase("R-2", time=day(5, 4)), at=day(9, 5))
    assert last_days(one) == [date(2027, 9, 30)] * 2
    assert redated(one) == []


DEEDS = st.lists(st.tuples(st.integers(0, 700), st.integers(0, 6)), min_size=2, max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DEEDS, st.sets(st.integers(1, 5)))
def test_where_a_batch_is_cut_changes_nothing(deeds: list[tuple[int, int]], cuts: set[int]) -> None:
    """Purchases in any order, some of them told days late, at one instant of the clock."""
    start = NOW - timedelta(days=800)
    records = [
        Sent(purchase(f"R-{number}", time=start + timedelta(days=after)), start + timedelta(days=after + late))
        for number, (after, late) in enumerate(sorted(deeds))
    ]
    whole, cut = joined(earning({"expiry": INACTIVITY})), joined(earning({"expiry": INACTIVITY}))
    whole.batch(records, NOW)
    edges = [0, *sorted(edge for edge in cuts if edge < len(records)), len(records)]
    for since, until in pairwise(edges):
        cut.batch(records[since:until], NOW)
    assert lots(whole) == lots(cut)
    assert redated(whole) == redated(cut)
    assert whole.memory.flaws() == []


def test_a_member_of_a_tier_gets_other_dates_and_keeps_them() -> None:
    gold = {"expiry": QUARTERS, "expiry_for": [{"tiers": ["gold"], "expiry": {"kind": "natural", "period": "year"}}]}
    plain, best = joined(earning(gold)), joined(earning(gold), "gold")
    for one in (plain, best):
        tell(one, purchase("R-1", time=day(5, 4)), at=day(5, 4))
    assert (last_days(plain), last_days(best)) == ([date(2026, 6, 30)], [date(2026, 12, 31)])


def test_an_effect_has_a_date_of_its_own_and_a_return_takes_the_wallets_points_first() -> None:
    bonus = {
        "id": "bonus",
        "name": "Bonus",
        "state": "live",
        "effect": {"kind": "per_amount", "points": 1, "per_minor": 300, "expiry": CHRISTMAS},
    }
    one = joined(earning({"expiry": TWO_YEARS}, campaigns=[BASE, bonus]))
    tell(one, purchase("R-1", 1_100, time=day(5, 4)), at=day(5, 4))
    assert [(lot.amount, last) for lot, last in zip(lots(one), last_days(one), strict=True)] == [
        (11, date(2028, 6, 30)),
        (3, date(2026, 12, 24)),
    ]
    tell(one, returned("T-1", "R-1", amount=200, time=day(5, 5)), at=day(5, 5))
    assert sorted(lot.remaining for lot in lots(one)) == [3, 9]
    tell(one, returned("T-2", "R-1", time=day(5, 6)), at=day(5, 6))
    assert one.memory.points((1, 1, ME)) == 0
    assert one.memory.flaws() == []


def asked(name: str, at: datetime, **changes: Any) -> Record:
    data = {"member_id": str(ME), "from_version": 1, "to_version": 2, "reason": "new-terms", "requested_by": "eva"}
    kind = "org.pointstream.redating.requested.v1"
    return event("loyalty.activities", kind, name, CLI, at, str(ME), data | changes)


def test_old_points_come_under_another_version_once_and_say_so() -> None:
    one = joined(earning({"expiry": QUARTERS}, {"expiry": TWO_YEARS}))
    tell(one, purchase("R-1", time=day(11, 4)), at=day(11, 4))
    assert last_days(one) == [date(2028, 12, 31)], "the second version is in force by then"
    one = joined(earning({"expiry": QUARTERS}, {"expiry": TWO_YEARS}))
    old = BEGIN + timedelta(days=300)
    tell(one, purchase("R-1", time=old), at=old)
    assert last_days(one) == [date(2016, 12, 31)]
    for name in ("M-1", "M-2"):
        tell(one, asked(name, old), at=old)
    assert last_days(one) == [date(2018, 12, 31)]
    (moved,) = redated(one)
    assert (moved["reason"], moved["points"]) == ("new-terms", 10)
    assert [lot.policy_version for lot in lots(one)] == [1]


@pytest.mark.parametrize(
    ("notice", "last_day"),
    [
        ("2017-01-05T12:00:00Z", date(2017, 3, 31)),
        (None, date(2016, 12, 31)),
    ],
)
def test_a_date_becomes_earlier_only_with_notice_or_where_that_is_asked_for(notice: str | None, last_day: date) -> None:
    half = {"kind": "calendar", "yearly": ["03-31", "12-31"]}
    one = joined(earning({"expiry": TWO_YEARS}, {"expiry": half}))
    old = BEGIN + timedelta(days=20)
    tell(one, purchase("R-1", time=old), at=old)
    assert last_days(one) == [date(2018, 3, 31)]
    now = datetime(2016, 11, 5, tzinfo=UTC)
    tell(one, asked("M-1", now, notice_until=notice), at=now)
    assert last_days(one) == [last_day]
    tell(one, asked("M-2", now, notice_until=notice and notice.replace("2017-01", "2017-08")), at=now)
    assert last_days(one) == [last_day], "what was shortened with notice stays where it is"
    assert {movement.kind for movement in one.memory.journal[1, 1, ME]} == {Kind.CREDIT, Kind.WAIVE}
