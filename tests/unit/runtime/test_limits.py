"""When a partition halts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from libs.runtime.limits import Health, Limits, judge

LIMITS = Limits(max_consecutive=3, share_percent=50, at_least=10, window=40)


def test_good_records_end_a_streak() -> None:
    assert judge(Health(2, 5, 2), [False], LIMITS).health == Health(0, 6, 2)


def test_streak_halts_at_the_record_that_reaches_it() -> None:
    verdict = judge(Health(), [False, True, True, True, False], LIMITS)
    assert (verdict.take, verdict.halt) == (4, "3 bad records in a row")


def test_streak_goes_on_from_the_batch_before() -> None:
    verdict = judge(Health(streak=2, seen=2, bad=2), [True, False], LIMITS)
    assert verdict.take == 1
    assert verdict.halt is not None


def test_empty_batch_changes_nothing() -> None:
    assert judge(Health(2, 2, 2), [], LIMITS).health == Health(2, 2, 2)


def test_share_counts_only_once_enough_were_seen() -> None:
    alternating = [True, True, False] * 4
    verdict = judge(Health(), alternating, LIMITS)
    assert (verdict.take, verdict.halt) == (10, "7 of the last 10 records were bad")
    assert judge(Health(), alternating[:9], LIMITS).halt is None


def test_exactly_half_is_borne() -> None:
    assert judge(Health(), [False, True] * 15, LIMITS).halt is None


def test_older_records_fade() -> None:
    assert judge(Health(0, 39, 10), [False], LIMITS).health == Health(0, 20, 5)


@given(st.lists(st.booleans(), max_size=60), st.data())
def test_cutting_a_batch_changes_no_streak(bad: list[bool], data: st.DataObject) -> None:
    """Wherever a batch is cut, it halts at the same record of a streak."""
    only_streaks = Limits(max_consecutive=3, at_least=10**9)
    cut = data.draw(st.integers(0, len(bad)))
    whole = judge(Health(), bad, only_streaks)
    first = judge(Health(), bad[:cut], only_streaks)
    if first.halt is not None:
        assert (first.take, first.halt) == (whole.take, whole.halt)
        return
    second = judge(first.health, bad[cut:], only_streaks)
    assert (cut + second.take, second.halt) == (whole.take, whole.halt)
