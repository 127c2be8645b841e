"""When figures are due, and over which days: in any zone, through changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.deliveries.periods import EVERY, Every, next_due, period_before, span_of
from services.notifier.own.results import OTHERS

ROME = ZoneInfo("Europe/Rome")
SUNDAY = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "due", "days"),
    [
        ("day", datetime(2026, 3, 30, 5, tzinfo=UTC), (date(2026, 3, 29), date(2026, 3, 29))),
        ("week", datetime(2026, 3, 30, 5, tzinfo=UTC), (date(2026, 3, 23), date(2026, 3, 29))),
        ("month", datetime(2026, 4, 1, 5, tzinfo=UTC), (date(2026, 3, 1), date(2026, 3, 31))),
    ],
)
def test_figures_are_of_the_time_that_is_over(every: Every, due: datetime, days: tuple[date, date]) -> None:
    assert next_due(every, 7, ROME, SUNDAY) == due
    assert period_before(every, ROME, due) == days
    assert next_due(every, 7, ROME, due) > due


def test_a_day_of_another_clock_has_another_length() -> None:
    begins, ends = span_of((date(2026, 3, 29), date(2026, 3, 29)), ROME)
    assert ends - begins == timedelta(hours=23)
    assert OTHERS.faults() == []


@given(
    minutes=st.integers(0, 4 * 366 * 24 * 60),
    every=st.sampled_from(EVERY),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["Europe/Rome", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]),
)
@settings(max_examples=40)
def test_periods_follow_each_other_without_a_gap(minutes: int, every: Every, hour: int, zone: str) -> None:
    where, after = ZoneInfo(zone), datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    first = next_due(every, hour, where, after)
    second = next_due(every, hour, where, first)
    assert after < first < second
    assert period_before(every, where, second)[0] == period_before(every, where, first)[1] + timedelta(days=1)
