"""Business time: the machine's, or driven from anchors that all processes share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.runtime.clock import (
    FILE,
    DrivenClock,
    FollowedClock,
    SystemClock,
    begin_followed,
    elapsed_since,
    monotonic,
    parse_clock,
    parse_instant,
)

START, REAL = datetime(2017, 2, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


def test_driven_clock_runs_from_its_anchors() -> None:
    clock = DrivenClock(START, REAL, 60, wall=lambda: REAL + timedelta(seconds=2))
    assert clock.now() == START + timedelta(minutes=2)
    assert clock.at(REAL - timedelta(seconds=1)) == START - timedelta(minutes=1)


def test_speed_zero_stands_still() -> None:
    assert DrivenClock(START, REAL, 0).now() == START


@given(st.floats(0, 10_000, allow_nan=False), st.integers(-100_000, 100_000))
def test_another_process_tells_the_same_time(speed: float, seconds: int) -> None:
    clock, wall = DrivenClock(START, REAL, speed), REAL + timedelta(seconds=seconds)
    assert parse_clock(clock.encode()).at(wall) == clock.at(wall)


def test_nothing_means_the_machine_s_clock() -> None:
    assert isinstance(parse_clock(None), SystemClock)
    assert isinstance(parse_clock(""), SystemClock)
    assert parse_clock("").at(REAL) == REAL


def test_an_instant_starts_a_clock_now() -> None:
    clock = parse_clock("2017-02-01T01:00:00+01:00@10")
    assert isinstance(clock, DrivenClock)
    assert (clock.business, clock.speed) == (START, 10)
    assert START <= clock.now() < START + timedelta(minutes=1)


@pytest.mark.parametrize("text", ["2017-02-01", "2017-02-01T00:00:00", "noon", "2017-02-01T00:00:00Z@fast", "a|b"])
def test_what_is_no_clock_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_clock(text)


def test_whoever_follows_a_clock_sees_it_set_and_keeps_the_time_of_what_was_before(tmp_path: Path) -> None:
    minute, wall = timedelta(minutes=1), [REAL]
    begin_followed(tmp_path / "clock", DrivenClock(START, REAL, 1))
    setter = FollowedClock(tmp_path / "clock", wall=lambda: wall[0])
    follower = parse_clock(f"{FILE}{tmp_path / 'clock'}")
    assert follower.at(REAL + minute) == START + minute

    wall[0] = REAL + 2 * minute
    setter.set(START + timedelta(days=90), speed=60)
    assert follower.at(REAL + minute) == START + minute
    assert follower.at(REAL + 3 * minute) == START + timedelta(days=90, hours=1)
    with pytest.raises(ValueError, match="does not go back"):
        setter.set(START, speed=1)
    assert setter.now() == START + timedelta(days=90)


def test_instants_need_an_offset() -> None:
    with pytest.raises(ValueError, match="has no offset"):
        parse_instant("2017-02-01T00:00:00")


def test_durations_never_go_back() -> None:
    assert elapsed_since(monotonic()) >= timedelta(0)
