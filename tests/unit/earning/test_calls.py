"""When the clock brings occasions: birthdays, anniversaries and schedules, in the programme's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from libs.judging.calls import Call, calls, is_clocked
from libs.judging.versions import ActiveVersion, RunningProgramme, activate

FIRST = datetime(2020, 2, 29, 12, tzinfo=UTC)


def version(begin: datetime, *campaigns: dict[str, Any], zone: str = "Europe/Rome", number: int = 1) -> ActiveVersion:
    effect = {"kind": "fixed", "points": 10}
    return activate(
        begin,
        {
            "version": number,
            "zone": zone,
            "currency": "EUR",
            "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
            "campaigns": [
                {"id": f"c{at}", "name": "c", "state": "live", "effect": effect} | one
                for at, one in enumerate(campaigns)
            ],
        },
    )


def programme(*versions: ActiveVersion) -> RunningProgramme:
    return RunningProgramme(1, 1, "acme", "main", versions)


BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
BIRTHDAY = {"trigger": {"kind": "birthday"}}
YEARS = {"trigger": {"kind": "anniversary"}}


def daily(at: str = "00:00", **more: Any) -> dict[str, Any]:
    rule = {"kind": "schedule", "rule": "FREQ=DAILY", "first_day": "2026-01-01", "at": at}
    return {"trigger": rule} | more


def on(running: RunningProgramme, day: date, first: datetime | None = FIRST) -> list[Call]:
    """The calls of a day in Rome."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return calls(running, noon - timedelta(days=1), noon, first)


def test_a_birthday_comes_as_its_day_begins() -> None:
    (call,) = on(programme(version(BEGIN, BIRTHDAY)), date(2026, 7, 5))
    assert (call.at, call.birthdays) == (datetime(2026, 7, 4, 22, tzinfo=UTC), (705,))
    assert call.once == "0/2026"


@pytest.mark.parametrize(
    ("day", "birthdays"),
    [
        (date(2026, 2, 28), (228, 229)),
        (date(2028, 2, 28), (228,)),
        (date(2028, 2, 29), (229,)),
        (date(2026, 3, 1), (301,)),
    ],
)
def test_29_february_is_the_last_day_of_february(day: date, birthdays: tuple[int, ...]) -> None:
    (call,) = on(programme(version(BEGIN, BIRTHDAY)), day)
    assert call.birthdays == birthdays


def test_days_before_it_may_lie_in_the_year_before() -> None:
    (call,) = on(programme(version(BEGIN, {"trigger": {"kind": "birthday", "days_before": 7}})), date(2026, 12, 28))
    assert (call.birthdays, call.once, call.of) == ((104,), "7/2027", "7")


def test_an_anniversary_is_of_every_year_since_anybody_enrolled() -> None:
    found = on(programme(version(BEGIN, YEARS)), date(2026, 2, 28))
    assert [call.years for call in found] == [1, 2, 3, 4, 5, 6]
    spans = {call.years: call.enrolled for call in found}
    assert spans[6] == (datetime(2020, 2, 27, 23, tzinfo=UTC), datetime(2020, 2, 29, 23, tzinfo=UTC))
    assert spans[5] == (datetime(2021, 2, 27, 23, tzinfo=UTC), datetime(2021, 2, 28, 23, tzinfo=UTC))
    assert on(programme(version(BEGIN, YEARS)), date(2026, 2, 28), first=None) == []


def test_only_years_that_a_campaign_names_are_called() -> None:
    some_years = {"trigger": {"kind": "anniversary", "years": [2, 5]}}
    assert [call.of for call in on(programme(version(BEGIN, some_years)), date(2026, 3, 1))] == ["2", "5"]
    both = on(programme(version(BEGIN, some_years, YEARS)), date(2026, 3, 1))
    assert [call.of for call in both] == ["any", "2", "any", "any", "5", "any"]


def test_a_schedule_comes_at_its_local_time_also_when_clocks_change() -> None:
    running = programme(version(BEGIN, daily("02:30")))
    assert [call.at.hour for day in (28, 29, 30) for call in on(running, date(2026, 3, day))] == [1, 1, 0]


def test_no_call_outside_its_frame() -> None:
    framed = daily(frame={"starts_at": "2026-02-01T00:00:00Z", "blackouts": [{"first_day": "2026-02-10"}]})
    running = programme(version(BEGIN, framed))
    assert [bool(on(running, date(2026, *day))) for day in ((1, 30), (2, 9), (2, 10), (2, 11))] == [
        False,
        True,
        False,
        True,
    ]


def test_each_call_is_by_the_version_of_its_time() -> None:
    turn = datetime(2026, 5, 9, 22, tzinfo=UTC)
    running = programme(version(BEGIN, BIRTHDAY), version(turn, daily("00:00"), number=2))
    kinds = [call.kind for call in calls(running, turn - timedelta(days=2), turn + timedelta(days=1), FIRST)]
    assert kinds == ["birthday", "schedule", "schedule"]
    assert is_clocked(running)
    assert not is_clocked(programme(version(BEGIN)))


@settings(max_examples=30, deadline=None)
@given(
    some.integers(0, 500),
    some.lists(some.integers(0, 500 * 24 * 60), max_size=6),
    some.sampled_from(["Europe/Rome", "America/Havana", "Pacific/Apia", "America/St_Johns"]),
)
def test_looking_in_pieces_finds_the_same(start: int, cuts: list[int], zone: str) -> None:
    """However often the clock is looked at, and however long nobody does, the same calls come in the same order."""
    since = BEGIN + timedelta(hours=start)
    running = programme(version(BEGIN, BIRTHDAY, YEARS, daily("02:30"), zone=zone))
    until = since + timedelta(days=20)
    bounds = sorted({since, until, *(since + timedelta(minutes=cut % (20 * 24 * 60)) for cut in cuts)})
    pieces = [call for a, b in pairwise(bounds) for call in calls(running, a, b, FIRST)]
    assert pieces == calls(running, since, until, FIRST)
    assert len({(call.at, call.place) for call in pieces}) == len(pieces)
    assert sum(call.kind == "birthday" for call in pieces) == 20
