"""What a member did before: windows of days, and what lies in them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.history import EVER, History, HistoryDay, Totals, Window, same_day, totals

TODAY = date(2024, 5, 31)


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        (Window(days=1), "2024-05-31", "2024-05-31"),
        (Window(days=30), "2024-05-02", "2024-05-31"),
        (Window(months=1), "2024-05-01", "2024-05-31"),
        (Window(months=3), "2024-03-01", "2024-05-31"),
        (Window(months=12), "2023-06-01", "2024-05-31"),
        (Window(period="month"), "2024-05-01", "2024-05-31"),
        (Window(period="month", back=1), "2024-04-01", "2024-04-30"),
        (Window(period="quarter"), "2024-04-01", "2024-05-31"),
        (Window(period="quarter", back=2), "2023-10-01", "2023-12-31"),
        (Window(period="half_year", back=1), "2023-07-01", "2023-12-31"),
        (Window(period="year", back=1), "2023-01-01", "2023-12-31"),
        (EVER, "0001-01-01", "2024-05-31"),
        (Window(days=10**6), "0001-01-01", "2024-05-31"),
        (Window(months=10**6), "0001-01-01", "2024-05-31"),
        (Window(period="year", back=3000), "0001-01-01", "0001-12-31"),
    ],
)
def test_the_days_of_a_window(window: Window, first: str, last: str) -> None:
    assert window.span(TODAY) == (date.fromisoformat(first), date.fromisoformat(last))


def test_the_same_day_of_a_shorter_month_is_its_last() -> None:
    assert same_day(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert same_day(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert same_day(date(2024, 1, 15), -1) == date(2023, 12, 15)
    assert same_day(date(9999, 12, 1), 1) == date.max


days = st.dates(date(2022, 1, 1), date(2024, 12, 31))
done = st.builds(
    HistoryDay,
    days,
    st.integers(0, 3),
    st.integers(-500, 5000),
    st.integers(0, 90),
    st.dictionaries(st.sampled_from(("dairy", "bakery")), st.integers(-9, 99)).map(lambda one: tuple(one.items())),
    st.integers(0, 2),
)
windows = st.one_of(
    st.builds(Window, days=st.integers(1, 800)),
    st.builds(Window, months=st.integers(1, 30)),
    st.builds(Window, period=st.sampled_from(("month", "quarter", "half_year", "year")), back=st.integers(0, 5)),
    st.just(EVER),
)


def history_of(things: list[HistoryDay]) -> History:
    history = History()
    for one in things:
        history = history.added(one)
    return history


@settings(max_examples=60, deadline=None)
@given(st.lists(done, max_size=25), windows, days)
def test_what_lies_in_a_window_is_added_up(things: list[HistoryDay], window: Window, today: date) -> None:
    history = history_of(things)
    assert [one.day for one in history.days] == sorted({one.day for one in things})
    first, last = window.span(today)
    found = totals(history.within(window, today))
    wanted = totals(tuple(one for one in things if first <= one.day <= last))
    assert found == wanted
    assert found.categories == {
        name: sum(one.spend_in(name) for one in things if first <= one.day <= last) for name in found.categories
    }
    assert history.last_visit(today) == max(
        (one.day for one in things if one.visits and one.day <= today), default=None
    )


@settings(max_examples=60, deadline=None)
@given(windows, days)
def test_nothing_older_than_its_reach_is_in_a_window(window: Window, today: date) -> None:
    first, last = window.span(today)
    assert first <= last <= today
    if window.reach is None:
        assert window == EVER
    else:
        assert first > today - timedelta(window.reach)


@settings(max_examples=60, deadline=None)
@given(st.lists(done, min_size=1, max_size=25), windows, days, st.integers(0, 400))
def test_days_that_no_window_reaches_may_be_summed_up(
    things: list[HistoryDay], window: Window, today: date, later: int
) -> None:
    history = history_of(things)
    old = history.until(today - timedelta(window.reach or 0))
    bought = [one.day for one in old if one.visits]
    if not bought:
        return
    sums = totals(old)
    one = HistoryDay(max(bought), sums.visits, sums.spend_minor, sums.points, tuple(sums.categories.items()))
    short = History((one, *history.days[len(old) :]))
    on = today + timedelta(later)
    assert totals(short.within(window, on)).visits == totals(history.within(window, on)).visits
    assert totals(short.within(EVER, on)).spend_minor == totals(history.within(EVER, on)).spend_minor
    assert short.last_visit(on) == history.last_visit(on)


def test_nothing_adds_up_to_nothing() -> None:
    assert totals(()) == Totals()
    assert History().last_visit(TODAY) is None
    assert History((HistoryDay(TODAY, visits=0, spend_minor=-5),)).last_visit(TODAY) is None
