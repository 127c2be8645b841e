"""Expiry policies: their days against walking the calendar, and their instants in every zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ledger.boundary import ExpiryCalendar, boundary_after, day_ends, day_of, expiry_of
from libs.ledger.periods import EveryDay, Fiscal, Listed, Period, Rhythm, Yearly, begin_of
from libs.ledger.policies import CustomPeriods, FixedDates, LapsingPolicy, NaturalPeriod, Rolling
from libs.ledger.zones import load_zone, zone_names

DAY = timedelta(days=1)
ROME = load_zone("Europe/Rome")
WEEKS_4_4_5 = Listed(tuple(date(2026, 1, 31) + timedelta(weeks=week) for week in (0, 4, 8, 13, 17, 21, 26)))
SALES = Yearly(((1, 31), (7, 31)))

days = st.dates(date(2024, 1, 1), date(2040, 12, 31))
months = st.integers(1, 12)
rhythms: st.SearchStrategy[Rhythm] = st.one_of(
    st.sampled_from(Period),
    st.builds(Fiscal, st.sampled_from(Period), months),
    st.sampled_from([SALES, Yearly(((2, 29),)), WEEKS_4_4_5, EveryDay()]),
)
least = st.sampled_from([0, 0, 30, 400])
tables = st.lists(st.dates(date(2020, 1, 1), date(2030, 12, 31)), min_size=1, max_size=4, unique=True).map(
    lambda found: tuple((day, day + 90 * DAY) for day in sorted(found))
)
policies: st.SearchStrategy[LapsingPolicy] = st.one_of(
    st.builds(NaturalPeriod, st.sampled_from(Period), st.integers(0, 5), months, least),
    st.builds(CustomPeriods, rhythms, st.integers(0, 3), least),
    st.builds(Rolling, st.integers(1, 30), st.integers(0, 60), rhythms, least),
    st.builds(FixedDates, tables, least),
)
zones = st.sampled_from(sorted(zone_names())).map(load_zone)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2040, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001 - it gets its zone


@given(rhythms, days)
def test_periods_leave_no_day_out_and_begin_where_the_one_before_ends(rhythm: Rhythm, day: date) -> None:
    """Walking on from a day, the first one that ends a period is the end of its own."""
    end = rhythm.end_of(day)
    walked = next(day + step * DAY for step in range(2_000) if rhythm.end_of(day + step * DAY) == day + step * DAY)
    assert end == walked
    begun = begin_of(rhythm, end)
    assert begun <= day
    assert rhythm.end_of(begun) == end
    assert end - begun > 1_400 * DAY or rhythm.end_of(begun - DAY) == begun - DAY


@given(policies, days)
def test_points_live_as_long_as_promised_and_lapse_on_a_boundary(policy: LapsingPolicy, day: date) -> None:
    lapse = policy.lapses_on(day)
    assert lapse >= day + policy.at_least_days * DAY
    if not (isinstance(policy, Rolling) and policy.scattered):
        assert policy.end_of(lapse) == lapse
    assert policy.lapses_on(day + DAY) >= lapse or isinstance(policy, Rolling)


@settings(max_examples=60)
@given(policies, zones, instants)
def test_a_calendar_gives_the_end_of_the_day_that_the_policy_names(
    policy: LapsingPolicy, where: ZoneInfo, earned_at: datetime
) -> None:
    """The oracle finds the local day by walking days until one has not ended."""
    guess = earned_at.astimezone(where).date() - 2 * DAY
    day = next(guess + step * DAY for step in range(5) if earned_at < day_ends(guess + step * DAY, where))
    assert day_of(earned_at, where) == day
    calendar = ExpiryCalendar(where, policy)
    expiry = calendar.expires_at(earned_at)
    assert expiry is not None
    assert expiry == expiry_of(earned_at, where, policy)
    assert (expiry.local_date, expiry.instant) == (policy.lapses_on(day), day_ends(policy.lapses_on(day), where))
    coming = calendar.next_boundary(earned_at)
    assert coming == boundary_after(earned_at, where, policy)
    assert coming is not None
    assert coming.instant > earned_at


TWO_YEARS_BY_QUARTER = Rolling(24, 0, Period.QUARTER)


@pytest.mark.parametrize(
    ("policy", "earned", "lapses"),
    [
        (TWO_YEARS_BY_QUARTER, date(2019, 1, 15), date(2021, 3, 31)),
        (TWO_YEARS_BY_QUARTER, date(2019, 4, 1), date(2021, 6, 30)),
        (TWO_YEARS_BY_QUARTER, date(2019, 9, 30), date(2021, 9, 30)),
        (TWO_YEARS_BY_QUARTER, date(2019, 12, 31), date(2021, 12, 31)),
        (Rolling(12, 0, EveryDay()), date(2024, 2, 29), date(2025, 2, 28)),
        (Rolling(1, 0, EveryDay()), date(2024, 1, 31), date(2024, 2, 29)),
        (Rolling(0, 365, EveryDay()), date(2023, 12, 31), date(2024, 12, 30)),
        (NaturalPeriod(Period.YEAR, 0, 4), date(2024, 3, 31), date(2024, 3, 31)),
        (NaturalPeriod(Period.YEAR, 1, 4), date(2024, 4, 1), date(2026, 3, 31)),
        (NaturalPeriod(Period.QUARTER, 0, 2), date(2024, 1, 31), date(2024, 1, 31)),
        (NaturalPeriod(Period.QUARTER, 0, 1, 30), date(2024, 3, 1), date(2024, 3, 31)),
        (NaturalPeriod(Period.QUARTER, 0, 1, 30), date(2024, 3, 2), date(2024, 6, 30)),
        (CustomPeriods(WEEKS_4_4_5), date(2026, 2, 1), date(2026, 2, 28)),
        (CustomPeriods(WEEKS_4_4_5, 1), date(2026, 2, 28), date(2026, 3, 28)),
        (CustomPeriods(WEEKS_4_4_5), date(2026, 8, 2), date(2027, 8, 1)),
        (CustomPeriods(SALES), date(2024, 2, 1), date(2024, 7, 31)),
        (FixedDates(((date(2024, 6, 30), date(2024, 12, 31)), (date(2024, 12, 31), date(2025, 6, 30)))),
         date(2024, 6, 30), date(2024, 12, 31)),
        (FixedDates(((date(2024, 6, 30), date(2024, 12, 31)), (date(2024, 12, 31), date(2025, 6, 30)))),
         date(2024, 7, 1), date(2025, 6, 30)),
        (FixedDates(((date(2024, 12, 31), date(2024, 12, 31)),)), date(2025, 1, 1), date(2025, 12, 31)),
        (FixedDates(((date(2024, 12, 31), date(2024, 12, 31)),), 60), date(2024, 11, 15), date(2025, 12, 31)),
    ],
)  # fmt: skip
def test_days_as_people_write_them(policy: LapsingPolicy, earned: date, lapses: date) -> None:
    assert policy.lapses_on(earned) == lapses


def test_what_is_rounded_to_no_period_is_carried_to_the_end_of_the_month() -> None:
    calendar = ExpiryCalendar(ROME, Rolling(0, 10, EveryDay()))
    expiry = calendar.expires_at(datetime(2024, 5, 6, 10, tzinfo=UTC))
    assert expiry is not None
    assert expiry.local_date == date(2024, 5, 16)
    carried = calendar.next_boundary(datetime(2024, 5, 18, tzinfo=UTC))
    assert carried is not None
    assert carried.local_date == date(2024, 5, 31)
