"""The days of a calendar are those on which the engine pays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.facts import Receipt
from libs.promotions.frames import Frame
from libs.promotions.openings import DayRun, day_runs, open_days

ZONES = ("Europe/Rome", "America/New_York", "Asia/Amman", "America/Havana")
BEGIN = date(2024, 3, 25)
QUARTERS = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
WEEKDAYS = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), unique=True, max_size=4)
MORNING = {"weekdays": ["mon"], "from": "08:00", "to": "09:00"}
EVENING = {"weekdays": ["tue"], "from": "20:00", "to": "21:00"}
POINT = {"kind": "fixed", "points": 1}
WITHOUT = {"first_day": "2024-03-28"}
FROM_NOON = {"starts_at": "2024-03-26T12:00:00+01:00", "ends_at": "2024-03-28T10:00:00+01:00"}


def days_of(frame: dict[str, object], zone: str = "Europe/Rome", days: int = 14) -> list[int]:
    """The days of the first two weeks, counted from the beginning."""
    since = datetime(BEGIN.year, BEGIN.month, BEGIN.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = open_days(Frame.model_validate(frame), ZoneInfo(zone), (since, since + timedelta(days)))
    return [(day - BEGIN).days for day in found]


@pytest.mark.parametrize(
    ("frame", "days"),
    [
        ({"weekdays": ["fri"]}, [4, 11]),
        ({"hours": {"from": "22:00", "to": "02:00"}, "weekdays": ["sat"]}, [5, 12]),
        ({"windows": [MORNING, EVENING]}, [0, 1, 7, 8]),
        ({"hours": {"from": "02:15", "to": "02:45"}, "weekdays": ["sun"]}, [13]),  # the clocks skip that of the 31st
        ({"days": [{"first_day": "2024-03-27", "last_day": "2024-03-30"}], "blackouts": [WITHOUT]}, [2, 4, 5]),
        ({"starts_at": "2024-03-26T12:00:00+01:00", "ends_at": "2024-03-28T00:00:00+01:00"}, [1, 2]),
        ({"recurrence": [{"rule": "FREQ=MONTHLY;BYDAY=1FR", "first_day": "2024-01-01"}]}, [11]),
        ({"hours": {"from": "10:00", "to": "12:00"}, **FROM_NOON}, [2]),
    ],
)
def test_days_on_which_a_frame_is_open(frame: dict[str, object], days: list[int]) -> None:
    assert days_of(frame) == days


def test_runs_are_as_long_as_they_can_be() -> None:
    days = [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 3)]
    assert day_runs(days) == (DayRun(days[0], days[2]), DayRun(days[3], days[3]))
    assert day_runs([]) == ()


@st.composite
def frames(draw: st.DrawFn) -> dict[str, object]:
    frame: dict[str, object] = {"weekdays": draw(WEEKDAYS)}
    if draw(st.booleans()):
        since = draw(QUARTERS)
        frame["hours"] = {"from": since, "to": draw(QUARTERS.filter(lambda until: until != since))}
    if draw(st.booleans()):
        first = BEGIN + timedelta(draw(st.integers(0, 8)))
        frame["days"] = [{"first_day": str(first), "last_day": str(first + timedelta(draw(st.integers(0, 4))))}]
    if draw(st.booleans()):
        frame["blackouts"] = [{"first_day": str(BEGIN + timedelta(draw(st.integers(0, 10))))}]
    return frame


@given(frames(), st.sampled_from(ZONES))
@settings(max_examples=25)
def test_the_engine_pays_on_these_days_and_on_no_others(frame: dict[str, object], zone: str) -> None:
    """Every quarter of an hour of nine days is tried; a window over midnight counts for the day before."""
    compiled = compile_programme(
        parse_programme(
            {
                "version": 1,
                "zone": zone,
                "currency": "EUR",
                "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
                "campaigns": [{"id": "one", "name": "One", "state": "live", "frame": frame, "effect": POINT}],
            }
        )
    )
    hours = frame.get("hours")
    since = datetime(BEGIN.year, BEGIN.month, BEGIN.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    until = since + timedelta(9)
    told = set(open_days(Frame.model_validate(frame), ZoneInfo(zone), (since, until)))
    paid = set()
    at = since
    while at < until:
        if evaluate(compiled, Receipt("EUR", 100), None, at, {}).grants:
            local = at.astimezone(ZoneInfo(zone))
            wraps = isinstance(hours, dict) and hours["from"] > hours["to"]
            before = wraps and f"{local:%H:%M}" < hours["to"]  # type: ignore[index]  # it wraps, so it is there
            paid.add(local.date() - timedelta(1 if before else 0))
        at += timedelta(minutes=15)
    assert told == paid
