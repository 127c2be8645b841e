"""What a decision keeps of a member's history answers every window as the history did."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.history import EVER, History, HistoryDay, Totals, Window, totals
from libs.promotions.seen import as_history, condense

BEGAN = date(2024, 1, 1)
DAYS = st.lists(
    st.tuples(
        st.integers(0, 900), st.integers(0, 2), st.integers(-500, 9_000), st.lists(st.sampled_from("ab"), max_size=2)
    ),
    max_size=25,
)
WINDOWS = st.lists(
    st.one_of(
        st.builds(Window, days=st.integers(1, 400)),
        st.builds(Window, months=st.integers(1, 24)),
        st.builds(Window, period=st.sampled_from(["month", "quarter", "year"]), back=st.integers(0, 2)),
        st.just(EVER),
    ),
    max_size=4,
)


@given(DAYS, WINDOWS, st.integers(0, 950))
@settings(max_examples=150, deadline=None)
def test_no_window_can_tell(days: list[tuple[int, int, int, list[str]]], windows: list[Window], at: int) -> None:
    history = History()
    for day, visits, spend, names in days:
        categories = tuple([(name, spend) for name in dict.fromkeys(names)])
        history = history.added(HistoryDay(BEGAN + timedelta(day), visits, spend, visits * 10, categories))
    today = BEGAN + timedelta(at)
    seen = condense(history, windows, today)
    kept = as_history(seen)
    assert kept is not None
    for window in windows:
        assert _told(totals(kept.within(window, today))) == _told(totals(history.within(window, today)))
    assert kept.last_visit(today) == history.last_visit(today)
    assert len(seen) <= 2 * len(windows) + 1


def _told(found: Totals) -> Totals:
    """The same without categories that come to nothing."""
    return replace(found, categories={name: spend for name, spend in found.categories.items() if spend})


def test_what_nobody_has_loaded_stays_unknown() -> None:
    assert as_history(None) is None
    assert as_history(()) == History()
