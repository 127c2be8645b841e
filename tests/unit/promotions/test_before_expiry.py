"""Campaigns in the last days of each period of a wallet: resolved to instants, wherever a frame is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ledger.boundary import Period, boundary_after
from libs.ledger.periods import Fiscal
from libs.programmes.calendar import DayRange, calendar, needed
from libs.programmes.versions import StoredVersion, Versions
from libs.promotions.before_expiry import BeforeExpiry
from libs.promotions.compile import compile_programme
from libs.promotions.days import in_spans
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme, programme_hash
from libs.promotions.explain import describe, why_not
from libs.promotions.pending import start_of_day
from libs.promotions.programme import Programme
from tests.unit.promotions.build import MEMBER, campaign, document, fixed, judge, points, total

MOMENT = timedelta(microseconds=1)
PERIODS = ("month", "quarter", "half_year", "year")


def programme(expiry: dict[str, Any] | None = None, **asked: Any) -> Programme:
    wallets = [{"name": "points", "expiry": expiry or {"kind": "natural", "period": "quarter"}}]
    frame = {"before_expiry": {"wallet": "points", "days": 14} | asked}
    return parse_programme(document(campaign("hurry", fixed(7), frame=frame), wallets=wallets, zone="Europe/Rome"))


@settings(max_examples=80, deadline=None)  # the first look at a zone finds a century of boundaries
@given(
    zone=st.sampled_from(["Europe/Rome", "America/Havana", "Africa/Cairo", "America/St_Johns", "Asia/Amman"]),
    period=st.sampled_from(PERIODS),
    starts=st.integers(1, 12),
    days=st.integers(1, 40),
    hours=st.integers(0, 30 * 8_766),
)
def test_it_is_open_from_the_first_of_its_days_to_the_boundary(
    zone: str, period: Any, starts: int, days: int, hours: int
) -> None:
    at = datetime(2005, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    found = BeforeExpiry(wallet="points", days=days, period=period, year_starts_in=starts).spans(ZoneInfo(zone))
    boundary = boundary_after(at, ZoneInfo(zone), Fiscal(Period(period), starts))
    first = start_of_day(boundary.local_date - timedelta(days - 1), ZoneInfo(zone))
    assert in_spans(found, at) is (first <= at)
    assert in_spans(found, boundary.instant - timedelta(microseconds=1))
    overlaps = period == "month" and days > 27
    assert in_spans(found, boundary.instant) is (overlaps and in_spans(found, boundary.instant + timedelta(hours=1)))
    assert all(one[1] < other[0] for one, other in pairwise(found))


def test_a_campaign_pays_up_to_the_boundary_and_says_why_not_before() -> None:
    source = programme()
    text = orjson.loads(canonical_json(source))
    first, boundary = datetime(2024, 3, 17, 23, tzinfo=UTC), datetime(2024, 3, 31, 22, tzinfo=UTC)
    tried = (first - MOMENT, first, boundary - MOMENT, boundary)
    evaluations = [judge(text, total(100), at) for at in tried]
    assert [points(each) for each in evaluations] == [0, 7, 7, 0]
    compiled = compile_programme(source)
    reasons = [why_not("hurry", compiled, total(100), MEMBER, at) for at in tried]
    assert reasons == ["before_expiry", None, None, "before_expiry"]
    assert describe("before_expiry", "de") == "nicht in den letzten Tagen des Zeitraums"


def test_what_is_stored_names_the_period_and_reads_back_the_same() -> None:
    plain = programme()
    stored = orjson.loads(canonical_json(plain))
    assert stored["campaigns"][0]["frame"]["before_expiry"] == {"wallet": "points", "days": 14, "period": "quarter"}
    assert (
        programme_hash(parse_programme(stored)) == programme_hash(plain) == programme_hash(programme(period="quarter"))
    )


def test_years_may_begin_in_any_month() -> None:
    fiscal = {"kind": "natural", "period": "quarter", "year_starts_in": 2}
    stored = orjson.loads(canonical_json(programme(fiscal)))
    frame = stored["campaigns"][0]["frame"]["before_expiry"]
    assert frame == {"wallet": "points", "days": 14, "period": "quarter", "year_starts_in": 2}
    compiled = compile_programme(parse_programme(stored))
    boundary = datetime(2024, 4, 30, 22, tzinfo=UTC)
    reasons = [why_not("hurry", compiled, total(100), MEMBER, at) for at in (boundary - MOMENT, boundary)]
    assert reasons == [None, "before_expiry"]
    monthly = canonical_json(programme({"kind": "natural", "period": "month", "year_starts_in": 2}))
    frame = orjson.loads(monthly)["campaigns"][0]["frame"]["before_expiry"]
    assert frame == {"wallet": "points", "days": 14, "period": "month"}


@pytest.mark.parametrize(
    ("expiry", "asked", "path"),
    [
        (None, {"wallet": "coins"}, "wallet"),
        (None, {"year_starts_in": 4}, "year_starts_in"),
        ({"kind": "never"}, {}, "wallet"),
        (None, {"period": "month"}, "period"),
        (None, {"days": 0}, "days"),
    ],
)
def test_without_such_a_boundary_it_is_refused(expiry: Any, asked: dict[str, Any], path: str) -> None:
    with pytest.raises(ProgrammeInvalid) as invalid:
        programme(expiry, **asked)
    assert [error.path for error in invalid.value.errors] == [f"campaigns[0].frame.before_expiry.{path}"]


def test_the_calendar_shows_the_boundary_with_the_campaign_before_it() -> None:
    source = programme()
    version = StoredVersion(1, datetime(2024, 1, 1, tzinfo=UTC), "x", datetime(2024, 1, 1, tzinfo=UTC))
    versions = Versions([version], {1: source})
    now = datetime(2024, 1, 15, tzinfo=UTC)
    days = DayRange(now.date(), now.date() + timedelta(90))
    assert needed(versions, days, "Europe/Rome", now) == [version]
    found = calendar(versions, {1: source}, (), days, "Europe/Rome", now)
    assert found is not None
    (planned,) = found.campaigns
    assert [(f"{run.first}", f"{run.last}") for run in planned.days] == [("2024-03-18", "2024-03-31")]
    assert [(f"{each.last_day}", each.campaigns) for each in found.endings] == [("2024-03-31", ("hurry",))]


def test_the_calendar_shows_it_before_the_boundaries_of_its_own_wallet_alone() -> None:
    wallets = [
        {"name": "points", "expiry": {"kind": "natural", "period": "quarter"}},
        {"name": "miles", "expiry": {"kind": "natural", "period": "half_year"}},
    ]
    frame = {"before_expiry": {"wallet": "points", "days": 60}}
    hurry = campaign("hurry", fixed(7), frame=frame)
    monthly = campaign("monthly", {**fixed(5), "expiry": {"kind": "natural", "period": "month"}})
    source = parse_programme(document(hurry, monthly, wallets=wallets, zone="Europe/Rome"))
    since = datetime(2024, 1, 1, tzinfo=UTC)
    version = StoredVersion(1, since, "x", since)
    days = DayRange(since.date(), since.date() + timedelta(365))
    found = calendar(Versions([version], {1: source}), {1: source}, (), days, "Europe/Rome", since)
    assert found is not None
    shown = [f"{each.last_day:%m-%d}" for each in found.endings if "hurry" in each.campaigns]
    assert shown == ["03-31", "06-30", "09-30", "12-31"]
    assert len(found.endings) == 12, "points of one campaign lapse every month"
