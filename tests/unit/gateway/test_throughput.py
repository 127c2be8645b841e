"""Throughput from pages: exact where they were read, an average where they were only seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.gateway.live.board import lags
from services.gateway.live.lag import Ends
from services.gateway.live.store import Position
from services.gateway.live.throughput import WINDOW, PageCounts, SeenPage

NOW = datetime(2024, 3, 2, 10, tzinfo=UTC)


def ago(page: int, seconds: float) -> SeenPage:
    return SeenPage(page, NOW - timedelta(seconds=seconds))


def test_pages_that_were_read_count_exactly_in_their_second() -> None:
    counts = PageCounts()
    counts.note([ago(3, 0), ago(2, 0.5), ago(1, 59.5), ago(0, 61)], {3: 5, 2: 2, 1: 1, 0: 100})
    told = counts.tell(NOW)
    assert told.exact
    assert (told.seconds[0], told.seconds[-1], sum(told.seconds)) == (1, 7, 8)
    assert told.rate == 8 / WINDOW


def test_a_page_that_was_only_seen_counts_as_an_average_one() -> None:
    counts = PageCounts()
    counts.note([ago(3, 1), ago(2, 1), ago(1, 1)], {3: 30, 2: 10})
    told = counts.tell(NOW)
    assert (sum(told.seconds), told.exact) == (60, False)


def test_looking_again_counts_nothing_twice_and_forgets_what_is_old() -> None:
    counts = PageCounts()
    for _ in range(3):
        counts.note([ago(2, 1), ago(1, 50)], {2: 4, 1: 6})
    assert sum(counts.tell(NOW).seconds) == 10
    assert sum(counts.tell(NOW + timedelta(seconds=20)).seconds) == 4
    assert sum(counts.tell(NOW + timedelta(seconds=90)).seconds) == 0


def test_a_page_once_read_stays_exact_when_it_is_only_seen_later() -> None:
    counts = PageCounts()
    counts.note([ago(1, 1)], {1: 7})
    counts.note([ago(1, 1)], {})
    assert counts.tell(NOW).exact


def test_lag_is_the_ends_less_the_positions_by_topic() -> None:
    positions = [
        Position("x.loyalty.purchases", 0, 10, NOW - timedelta(seconds=9), None, None),
        Position("x.loyalty.purchases", 1, 5, NOW, NOW, "too many bad records"),
        Position("x.loyalty.profiles", 0, 3, NOW, None, None),
    ]
    ends = Ends({("x.loyalty.purchases", 0): 25, ("x.loyalty.purchases", 1): 4}, away=False)
    profiles, purchases = lags(positions, ends, "x.")
    assert (purchases.topic, purchases.behind, purchases.moved_at) == ("loyalty.purchases", 15, NOW)
    assert [position.part for position in purchases.halted] == [1]
    assert profiles.behind is None
    assert lags(positions, Ends(ends.offsets, away=True), "x.")[1].behind is None
