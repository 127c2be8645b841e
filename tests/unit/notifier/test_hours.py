"""Quiet hours in twelve zones, through both days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ledger.zones import load_zone
from services.notifier.hours import Quiet, next_decent

NIGHT = Quiet(time(21), time(8))
MINUTE = timedelta(minutes=1)
CHANGES = {
    "Europe/Prague": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Europe/London": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "America/St_Johns": ("2026-03-08T05:30", "2026-11-01T04:30"),
    "America/Havana": ("2026-03-08T05:00", "2026-11-01T05:00"),
    "America/Los_Angeles": ("2026-03-08T10:00", "2026-11-01T09:00"),
    "America/Santiago": ("2026-09-06T04:00", "2026-04-05T03:00"),
    "Africa/Cairo": ("2026-04-23T22:00", "2026-10-29T21:00"),
    "Australia/Lord_Howe": ("2026-10-03T15:30", "2026-04-04T15:00"),
    "Pacific/Auckland": ("2026-09-26T14:00", "2026-04-04T14:00"),
    "Asia/Beirut": ("2026-03-28T22:00", "2026-10-24T21:00"),
    "Asia/Kathmandu": ("2026-03-29T01:00", "2026-10-25T01:00"),
}


def by_the_minute(now: datetime, quiet: Quiet, zone: str) -> datetime:
    """The same by looking at the clock on the wall, minute by minute."""
    at = now
    while quiet.covers(at.astimezone(load_zone(zone)).time()):
        at = (at + MINUTE).replace(second=0, microsecond=0)
    return at


@pytest.mark.parametrize("zone", CHANGES)
def test_a_driven_clock_is_never_let_through_at_night(zone: str) -> None:
    for change in CHANGES[zone]:
        around = datetime.fromisoformat(change).replace(tzinfo=UTC)
        for hours in range(-30, 31, 3):
            now = around + timedelta(hours=hours, minutes=17)
            found = next_decent(now, NIGHT, load_zone(zone))
            assert found == by_the_minute(now, NIGHT, zone)
            assert not NIGHT.covers(found.astimezone(load_zone(zone)).time())


def test_both_changes_move_the_morning() -> None:
    prague = load_zone("Europe/Prague")
    assert next_decent(datetime(2026, 3, 28, 23, tzinfo=UTC), NIGHT, prague) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert next_decent(datetime(2026, 10, 24, 23, tzinfo=UTC), NIGHT, prague) == datetime(2026, 10, 25, 7, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(sorted(CHANGES)),
    which=st.integers(0, 1),
    away=st.integers(-36 * 60, 36 * 60),
    since=st.integers(0, 1439),
    until=st.integers(0, 1439),
)
def test_any_hours_end_where_a_look_at_the_wall_says(zone: str, which: int, away: int, since: int, until: int) -> None:
    now = datetime.fromisoformat(CHANGES[zone][which]).replace(tzinfo=UTC) + away * MINUTE
    quiet = Quiet(time(*divmod(since, 60)), time(*divmod(until, 60)))
    assert next_decent(now, quiet, load_zone(zone)) == by_the_minute(now, quiet, zone)


def test_the_same_time_twice_means_never() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    assert next_decent(at, Quiet(time(5), time(5)), load_zone("Europe/Prague")) == at
