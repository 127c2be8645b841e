"""Facts that arrive late or from the future."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from libs.ledger.boundary import ExpiryCalendar, NaturalPeriod, Never, Period
from libs.ledger.late import AwaitingOperator, Placed, effective_time, place
from libs.ledger.zones import load_zone

ROME = load_zone("Europe/Rome")
QUARTERS = ExpiryCalendar(ROME, NaturalPeriod(Period.QUARTER))
END_OF_MARCH = datetime(2024, 3, 31, 22, tzinfo=UTC)
EARNED = datetime(2024, 3, 20, 9, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def placed_until(earned_at: datetime, arrived_at: datetime, calendar: ExpiryCalendar = QUARTERS) -> tuple[date, bool]:
    placed = place(earned_at, arrived_at, calendar)
    assert isinstance(placed, Placed)
    assert placed.boundary is not None
    assert placed.expires_at == placed.boundary.instant
    return placed.boundary.local_date, placed.carried


@pytest.mark.parametrize(
    ("arrived_at", "last_day", "carried"),
    [
        (EARNED, date(2024, 3, 31), False),
        (END_OF_MARCH - MICROSECOND, date(2024, 3, 31), False),
        (END_OF_MARCH, date(2024, 6, 30), True),
        (END_OF_MARCH + timedelta(days=7), date(2024, 6, 30), True),
    ],
)
def test_a_lot_past_its_boundary_on_arrival_is_carried_to_the_next(
    arrived_at: datetime, last_day: date, carried: bool
) -> None:
    assert placed_until(EARNED, arrived_at) == (last_day, carried)


def test_after_the_grace_an_operator_decides() -> None:
    placed = place(EARNED, END_OF_MARCH + timedelta(days=7) + MICROSECOND, QUARTERS)
    assert isinstance(placed, AwaitingOperator)
    assert placed.boundary.instant == END_OF_MARCH


def test_a_long_grace_still_carries_to_a_boundary_that_lies_ahead() -> None:
    months = ExpiryCalendar(ROME, NaturalPeriod(Period.MONTH))
    arrived_at = END_OF_MARCH + timedelta(days=40)
    placed = place(EARNED, arrived_at, months, grace=timedelta(days=60))
    assert isinstance(placed, Placed)
    assert placed.boundary is not None
    assert placed.boundary.local_date == date(2024, 5, 31)


def test_a_lot_that_lives_longer_than_its_period_is_not_late_in_the_next_one() -> None:
    two = ExpiryCalendar(ROME, NaturalPeriod(Period.QUARTER, 1))
    assert placed_until(EARNED, END_OF_MARCH + timedelta(days=30), two) == (date(2024, 6, 30), False)


def test_a_carried_lot_gets_one_boundary_more_and_not_its_whole_life_again() -> None:
    two = ExpiryCalendar(ROME, NaturalPeriod(Period.QUARTER, 1))
    end_of_june = datetime(2024, 6, 30, 22, tzinfo=UTC)
    assert placed_until(EARNED, end_of_june + timedelta(days=1), two) == (date(2024, 9, 30), True)


def test_points_that_never_lapse_are_never_late() -> None:
    assert place(EARNED, EARNED + timedelta(days=9_000), ExpiryCalendar(ROME, Never())) == Placed(None, carried=False)


def test_the_year_one_waits_for_an_operator() -> None:
    assert isinstance(place(datetime(1, 1, 1, tzinfo=UTC), EARNED, QUARTERS), AwaitingOperator)


@pytest.mark.parametrize(
    ("ahead", "used", "reason"),
    [
        (timedelta(days=-400), timedelta(days=-400), None),
        (timedelta(minutes=5), timedelta(minutes=5), None),
        (timedelta(minutes=5) + MICROSECOND, timedelta(0), "event-time-ahead"),
        (timedelta(hours=2), timedelta(0), "event-time-ahead"),
    ],
)
def test_an_event_more_than_five_minutes_ahead_counts_from_its_arrival(
    ahead: timedelta, used: timedelta, reason: str | None
) -> None:
    assert effective_time(EARNED + ahead, EARNED) == (EARNED + used, reason)


def test_the_end_of_time_counts_from_arrival() -> None:
    assert effective_time(datetime.max.replace(tzinfo=UTC), EARNED).instant == EARNED
