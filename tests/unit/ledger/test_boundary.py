"""Boundaries: the vectors of the design, an oracle that walks local minutes, and properties over all zones."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.ledger.boundary import Boundary, ExpiryCalendar, NaturalPeriod, Never, Period, boundary_after, natural_expiry
from libs.ledger.zones import load_zone, pinned_version, tzdata_version, zone_names

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
ZONES = sorted(zone_names())
FIRST_DAYS = [date(year, month, 1) for year in range(2000, 2041) for month in range(1, 13)]

seconds_since_2000 = st.integers(0, 41 * 365 * 86_400)
instants = seconds_since_2000.map(lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
zones = st.sampled_from(ZONES).map(load_zone)
periods = st.sampled_from(Period)


def month_end(next_day: date, zone: ZoneInfo) -> datetime:
    return boundary_after(next_day - DAY, zone, Period.MONTH).instant


def midnight_utc(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def end_by_walking(next_day: date, zone: ZoneInfo) -> datetime:
    """The oracle: go back minute by minute until local time shows an old date."""
    instant = midnight_utc(next_day) + DAY
    while instant.astimezone(zone).date() >= next_day:
        instant -= MINUTE
    return instant + MINUTE


@cache
def month_ends_with_a_clock_change() -> list[tuple[str, date]]:
    """Every zone and month since 2000 whose offset changes within a day of the month's end."""

    def offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
        return instant.astimezone(zone).utcoffset()

    return [
        (name, day)
        for name in ZONES
        for day in FIRST_DAYS
        if offset(midnight_utc(day) - DAY, load_zone(name)) != offset(midnight_utc(day) + DAY, load_zone(name))
    ]


@pytest.mark.parametrize(
    ("zone", "last_day", "period", "expected"),
    [
        ("Europe/Rome", "2024-03-31", Period.QUARTER, "2024-03-31T22:00Z"),
        ("Europe/Rome", "2021-10-31", Period.MONTH, "2021-10-31T23:00Z"),
        ("Asia/Amman", "2016-03-31", Period.QUARTER, "2016-03-31T22:00Z"),
        ("America/Asuncion", "2023-09-30", Period.QUARTER, "2023-10-01T04:00Z"),
        ("Africa/Cairo", "2014-07-31", Period.MONTH, "2014-07-31T22:00Z"),
        ("America/Havana", "2026-10-31", Period.MONTH, "2026-11-01T04:00Z"),
        ("America/St_Johns", "2009-10-31", Period.MONTH, "2009-11-01T03:30Z"),
    ],
)
def test_vectors(zone: str, last_day: str, period: Period, expected: str) -> None:
    day = date.fromisoformat(last_day)
    boundary = Boundary(datetime.fromisoformat(expected), day, zone, pinned_version())
    assert boundary_after(day, load_zone(zone), period) == boundary
    assert boundary_after(boundary.instant - DAY, load_zone(zone), period) == boundary


def test_every_month_end_near_a_clock_change_agrees_with_walking_local_minutes() -> None:
    cases = month_ends_with_a_clock_change()
    assert len(cases) > 1_500
    wrong = [
        (name, day) for name, day in cases if month_end(day, load_zone(name)) != end_by_walking(day, load_zone(name))
    ]
    assert wrong == []


def assert_plain_midnights(stride: int) -> None:
    """Where no clock changes, the boundary is midnight by the only offset there is."""
    changing = set(month_ends_with_a_clock_change())
    plain = [(name, day) for name in ZONES for day in FIRST_DAYS if (name, day) not in changing][::stride]
    assert len(plain) > 290_000 // stride
    for name, day in plain:
        zone = load_zone(name)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        assert month_end(day, zone) == midnight, (name, day)


def test_a_sample_of_other_month_ends_is_plain_midnight() -> None:
    assert_plain_midnights(stride=29)


@pytest.mark.slow
def test_all_other_month_ends_are_plain_midnight() -> None:
    assert_plain_midnights(stride=1)


def clock_changes(name: str) -> list[int]:
    """The UTC seconds at which a zone's clocks change, read from the second block of its TZif file (RFC 8536)."""
    raw = resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()

    def counts(start: int) -> tuple[int, ...]:
        return struct.unpack(">6l", raw[start + 20 : start + 44])

    ut, standard, leaps, times, types, characters = counts(0)
    second = 44 + times * 5 + types * 6 + characters + leaps * 8 + ut + standard
    times = counts(second)[3]
    return list(struct.unpack(f">{times}q", raw[second + 44 : second + 44 + 8 * times]))


def test_no_zone_changes_its_clocks_twice_within_the_step_that_is_searched() -> None:
    changes = {name: [second for second in clock_changes(name) if second >= 0] for name in ZONES}
    shortest = min(b - a for seconds in changes.values() for a, b in pairwise(seconds))
    assert shortest > timedelta(days=6).total_seconds()


@given(instants, zones, periods)
def test_no_old_date_is_shown_after_a_boundary_and_one_is_shown_before(
    instant: datetime, zone: ZoneInfo, period: Period
) -> None:
    boundary = boundary_after(instant, zone, period)
    assert instant < boundary.instant
    before = boundary.instant - timedelta(microseconds=1)
    assert before.astimezone(zone).date() <= boundary.local_date
    later = [boundary.instant + step * timedelta(minutes=15) for step in range(150)]
    assert all(moment.astimezone(zone).date() > boundary.local_date for moment in later)


@given(instants, zones, periods)
def test_periods_are_half_open_and_leave_nothing_out(instant: datetime, zone: ZoneInfo, period: Period) -> None:
    boundary = boundary_after(instant, zone, period)
    assert boundary_after(boundary.instant - timedelta(microseconds=1), zone, period) == boundary
    following = boundary_after(boundary.instant, zone, period)
    assert following.local_date > boundary.local_date
    assert boundary_after(boundary.local_date, zone, period) == boundary
    assert boundary_after(boundary.local_date + DAY, zone, period) == following


@given(
    instants,
    st.integers(-14, 14),
    zones,
    periods,
    st.integers(0, 9),
)
def test_the_calendar_says_what_the_plain_function_says(
    instant: datetime, hours: int, zone: ZoneInfo, period: Period, extra: int
) -> None:
    policy = NaturalPeriod(period, extra)
    earned_at = instant.astimezone(timezone(timedelta(hours=hours)))
    expiry = ExpiryCalendar(zone, policy).expires_at(earned_at)
    assert expiry == natural_expiry(instant, zone, policy)
    own = boundary_after(instant, zone, period)
    for _ in range(extra):
        own = boundary_after(own.instant, zone, period)
    assert expiry == own


def test_one_calendar_serves_instants_in_any_order() -> None:
    policy = NaturalPeriod(Period.MONTH, 1)
    zone = load_zone("America/St_Johns")
    calendar = ExpiryCalendar(zone, policy)
    around = [end + step * MINUTE for end in (month_end(day, zone) for day in FIRST_DAYS) for step in (-90, -1, 0, 1)]
    for earned_at in [*reversed(around), *around]:
        assert calendar.expires_at(earned_at) == natural_expiry(earned_at, zone, policy)


@pytest.mark.parametrize("hours", [14, -12])
def test_the_calendar_reads_the_instant_and_not_the_month_it_is_written_in(hours: int) -> None:
    policy, utc = NaturalPeriod(Period.MONTH), load_zone("UTC")
    for earned_at in (datetime(2024, 3, 31, 12, tzinfo=UTC), datetime(2024, 4, 1, 6, tzinfo=UTC)):
        written = earned_at.astimezone(timezone(timedelta(hours=hours)))
        assert ExpiryCalendar(utc, policy).expires_at(written) == natural_expiry(earned_at, utc, policy)


def test_an_instant_that_already_shows_the_new_date_belongs_to_the_old_period_until_its_boundary() -> None:
    zone = load_zone("America/St_Johns")
    already_november = datetime(2009, 11, 1, 2, 30, 30, tzinfo=UTC)
    assert already_november.astimezone(zone).date() == date(2009, 11, 1)
    assert boundary_after(already_november, zone, Period.MONTH).local_date == date(2009, 10, 31)


def test_extra_periods_are_whole_periods_after_the_one_of_earning() -> None:
    calendar = ExpiryCalendar(load_zone("Europe/Rome"), NaturalPeriod(Period.QUARTER, 8))
    expiry = calendar.expires_at(datetime(2024, 2, 10, tzinfo=UTC))
    assert expiry is not None
    assert expiry.local_date == date(2026, 3, 31)


def test_points_that_never_lapse_have_no_boundary() -> None:
    calendar = ExpiryCalendar(load_zone("Europe/Rome"), Never())
    assert calendar.expires_at(datetime(2024, 2, 10, tzinfo=UTC)) is None
    assert calendar.next_boundary(datetime(2024, 2, 10, tzinfo=UTC)) is None


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "UTC"])
def test_the_oldest_instants_count_as_of_1900(zone: str) -> None:
    calendar = ExpiryCalendar(load_zone(zone), NaturalPeriod(Period.YEAR))
    oldest = calendar.expires_at(datetime.min.replace(tzinfo=UTC))
    assert oldest is not None
    assert oldest.local_date.year in (1899, 1900)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(TypeError):
        ExpiryCalendar(load_zone("UTC"), NaturalPeriod(Period.YEAR)).expires_at(datetime(2024, 1, 1))  # noqa: DTZ001 - that is the point


def test_zones_come_from_the_pinned_data() -> None:
    assert load_zone("Europe/Rome") is load_zone("Europe/Rome")
    assert tzdata_version(load_zone("Europe/Rome")) == pinned_version()
    assert tzdata_version(ZoneInfo.no_cache("Europe/Rome")) == "system"


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../zones", "/etc/passwd", "tzdata.zi"])
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        load_zone(name)
