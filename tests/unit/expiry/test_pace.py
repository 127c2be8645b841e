"""How many members a step takes: as many as two fifths of the bound allow, and never so few that steps cost most."""

from __future__ import annotations

from random import Random

import pytest

from services.expiry.pace import FEW, MOST, Pace


def settled(bound: float, fixed: float, per_lot: float, lots: int) -> tuple[int, float]:
    """The size that a pace comes to where a step costs so much by itself and by its lots; and what that step takes."""
    pace = Pace(bound)
    for _ in range(30):
        pace.tell(pace.size, pace.size * lots, fixed + per_lot * lots * pace.size)
    return pace.size, fixed + per_lot * lots * pace.size


@pytest.mark.parametrize("lots", [1, 3, 10, 200, 5_000])
def test_steps_stay_below_the_bound_where_that_is_possible(lots: int) -> None:
    size, seconds = settled(0.025, 0.002, 20e-6, lots)
    assert 1 <= size <= MOST
    assert seconds <= 0.025 or size == 1
    assert size * lots >= FEW


def test_a_busy_machine_does_not_make_steps_so_small_that_they_never_end() -> None:
    size, _ = settled(0.025, 0.030, 20e-6, 5)
    assert size * 5 >= FEW


def test_it_grows_carefully_and_not_beyond_all_bounds() -> None:
    pace = Pace(0.025)
    first = pace.size
    pace.tell(first, first, 1e-9)
    assert first < pace.size <= 2 * first
    assert settled(10.0, 0.0, 1e-9, 1)[0] == MOST


def test_steps_keep_clear_of_the_bound_where_some_take_longer_than_others() -> None:
    chance, pace, late, steps = Random(1), Pace(0.025), 0, 2_000
    for _ in range(steps):
        lots = pace.size * 10
        seconds = (0.004 + 15e-6 * lots) * chance.lognormvariate(0, 0.3)
        seconds = 2 * seconds + 0.004 if chance.random() < 0.01 else seconds
        late += seconds > 0.025
        pace.tell(pace.size, lots, seconds)
    assert late < steps / 50


def test_a_step_that_was_slow_makes_the_next_one_small_at_once() -> None:
    pace = Pace(0.025)
    for _ in range(30):
        pace.tell(pace.size, 10 * pace.size, 10e-6 * 10 * pace.size)
    before = pace.size
    pace.tell(before, 10 * before, 0.050)
    assert FEW <= 10 * pace.size <= 10 * before / 3
    pace.tell(pace.size, 10 * pace.size, 0.001)
    assert pace.size < before, "and one quick step does not make it large again"


def test_a_sweep_rests_where_lots_take_longer_than_they_did_and_the_longer_the_slower() -> None:
    pace = Pace(0.025)
    rests = []
    for seconds in (0.010, 0.010, 0.013, 0.020, 0.040, 10.0):
        pace.tell(FEW, FEW, seconds)
        rests.append(pace.rest)
    assert rests[:3] == [0, 0, 0], "a step is not always as long as the one before"
    assert 0 < rests[3] < rests[4] < rests[5] <= 40.0


def test_a_few_lots_say_nothing_about_the_machine() -> None:
    pace = Pace(0.025)
    pace.tell(FEW, FEW, 0.002)
    pace.tell(1, 1, 0.002)
    assert pace.rest == 0
