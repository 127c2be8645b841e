"""Days on which campaigns run: rules, holidays, clocks that change, and an index that knows them."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.promotions import recurrence
from libs.promotions.compile import compile_programme
from libs.promotions.days import spans
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme
from libs.promotions.frames import Frame
from libs.promotions.programme import Programme
from libs.promotions.recurrence import Recurrence
from tests.support.work import calls_of
from tests.unit.promotions.build import MEMBER, campaign, document, fixed, total

ROME = ZoneInfo("Europe/Rome")
BAVARIA = {"country": "DE", "subdivision": "BY", "first_year": 2024, "last_year": 2025}


def frame(**parts: Any) -> Frame:
    return parse_programme(document(campaign("c", fixed(1), frame=parts))).campaigns[0].frame


def fault(**parts: Any) -> tuple[str, str]:
    with pytest.raises(ProgrammeInvalid) as caught:
        frame(**parts)
    (error,) = caught.value.errors
    return error.path.removeprefix("campaigns[0].frame."), error.reason


def test_a_day_is_as_long_as_it_is() -> None:
    """23 hours when the clocks go forward, 25 when they go back; neighbours are one span."""
    found = spans(
        frame(days=[{"first_day": "2024-03-31"}, {"first_day": "2024-10-27", "last_day": "2024-10-28"}]), ROME
    )
    assert [until - since for since, until in found] == [timedelta(hours=23), timedelta(hours=49)]
    assert found[0][0] == datetime(2024, 3, 30, 23, tzinfo=UTC)


def test_blackouts_cut_what_instants_allow() -> None:
    found = spans(
        frame(
            starts_at="2024-05-01T12:00:00Z",
            ends_at="2024-05-05T00:00:00Z",
            blackouts=[{"first_day": "2024-05-03"}],
        ),
        UTC,
    )
    assert found == (
        (datetime(2024, 5, 1, 12, tzinfo=UTC), datetime(2024, 5, 3, tzinfo=UTC)),
        (datetime(2024, 5, 4, tzinfo=UTC), datetime(2024, 5, 5, tzinfo=UTC)),
    )


def test_a_rule_without_an_end_runs_ten_years() -> None:
    days = Recurrence(rule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", first_day=date(2020, 1, 1)).days()
    assert sorted(days) == [date(2020, 2, 29), date(2024, 2, 29), date(2028, 2, 29)]
    assert len(Recurrence(rule="FREQ=DAILY", first_day=date(2020, 1, 1)).days()) == 3653
    assert len(Recurrence(rule="FREQ=WEEKLY;COUNT=3", first_day=date(2020, 1, 1)).days()) == 3


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=HOURLY", "DAILY, WEEKLY"),
        ("FREQ=DAILY;BYHOUR=8", "no meaning for days"),
        ("FREQ=DAILY;INTERVAL=0", "at least 1"),
        ("FREQ=DAILY;INTERVAL=-0;BYMONTH=2;BYMONTHDAY=31", "at least 1"),
        ("FREQ=DAILY;INTERVAL=-1", "at least 1"),
        ("FREQ=DAILY;COUNT=many", "no rule"),
        ("FREQ=DAILY;UNTIL=20250101T100000Z", "must be a day"),
        ("every Friday", "no meaning"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "gives no day"),
        ("FREQ=DAILY;UNTIL=20190101", "gives no day"),
        ("FREQ=DAILY;UNTIL=99999999999999999", "must be a day"),
        ("FREQ=DAILY;UNTIL=12", "must be a day"),
        ("FREQ=DAILY;COUNT=3\nDTSTART:20000101", "one rule in one line"),
        ("FREQ=DAILY;BYMONTH=1,13", "BYMONTH must be numbers up to 12"),
        ("FREQ=MONTHLY;BYMONTHDAY=99", "BYMONTHDAY must be numbers up to 31"),
        ("FREQ=MONTHLY;BYDAY=99MO", "no rule"),
    ],
)
def test_a_rule_that_gives_no_days_is_refused(rule: str, reason: str) -> None:
    where, why = fault(recurrence=[{"rule": rule, "first_day": "2020-01-01"}])
    assert where.startswith("recurrence[0]")
    assert reason in why


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=WEEKLY;BYMONTHDAY=31;BYMONTH=4"],
)
def test_a_day_that_never_comes_is_not_looked_for_through_thousands_of_years(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[int] = []

    def look(text: str, *, dtstart: datetime) -> object:
        began.append(dtstart.year)
        return rrulestr(text, dtstart=dtstart)

    monkeypatch.setattr(recurrence, "rrulestr", look)
    assert fault(recurrence=[{"rule": rule, "first_day": "2024-01-01"}])[1].startswith("gives no day")
    assert min(began) > MAXYEAR - 450


@given(
    rule=st.sampled_from(
        [
            "FREQ=DAILY;INTERVAL=9",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SA;WKST=SU",
            "FREQ=MONTHLY;BYDAY=-1FR",
            "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=12",
            "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=YEARLY;INTERVAL=4",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ]
    ),
    first=st.dates(date(1970, 1, 1), date(2999, 12, 31)),
    ends=st.none() | st.integers(0, 4_000),
)
@settings(deadline=None)
def test_a_rule_gives_the_days_of_its_own_years(rule: str, first: date, ends: int | None) -> None:
    until = None if ends is None else first + timedelta(ends)
    own = rule if until is None else f"{rule};UNTIL={until:%Y%m%d}"
    begin = datetime(first.year, first.month, first.day)  # noqa: DTZ001 a day, not an instant
    after = date(first.year + 10, first.month, min(first.day, 28))
    wanted = {each.date() for each in takewhile(lambda each: each.date() < after, rrulestr(rule, dtstart=begin))}
    wanted = {day for day in wanted if until is None or day <= until}
    try:
        found = {day for day in Recurrence(rule=own, first_day=first).days() if day < after}
    except ValidationError:
        found = set()
    assert found == wanted


def test_holidays_are_looked_up_once_and_stay() -> None:
    """What a stored version means does not depend on the calendar that a later release knows."""
    text = document(campaign("c", fixed(1), frame={"holidays": [BAVARIA | {"names": ["Good Friday", "Epiphany"]}]}))
    stored = parse_programme(text)
    assert stored.campaigns[0].frame.holidays[0].dates == (
        date(2024, 1, 6),
        date(2024, 3, 29),
        date(2025, 1, 6),
        date(2025, 4, 18),
    )
    document_of = stored.model_dump(mode="json", by_alias=True)
    document_of["campaigns"][0]["frame"]["holidays"][0]["dates"] = ["2024-02-02"]
    kept = parse_programme(document_of)
    assert kept.campaigns[0].frame.holidays[0].dates == (date(2024, 2, 2),)
    assert b'"dates":["2024-01-06","2024-03-29","2025-01-06","2025-04-18"]' in canonical_json(stored)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"country": "QQ"}, "country"),
        ({"subdivision": "XX"}, "subdivision"),
        ({"names": ["Pancake Day"]}, "names[0]"),
        ({"last_year": 2044}, "last_year"),
        ({"last_year": 2023}, "last_year"),
    ],
)
def test_holidays_that_nobody_knows_are_refused(changes: dict[str, Any], where: str) -> None:
    assert fault(holidays=[BAVARIA | changes])[0] == f"holidays[0].{where}"


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"days": [{"first_day": "2024-05-02", "last_day": "2024-05-01"}]}, "days[0].last_day"),
        ({"days": [{"first_day": "2024-05-02", "last_day": "2044-05-01"}]}, "days[0].last_day"),
        ({"days": [{"first_day": 20240502}]}, "days[0].first_day"),
        ({"days": [{"first_day": "2024-02-30"}]}, "days[0].first_day"),
        ({"hours": {"from": "08:00", "to": "09:00"}, "windows": [{"from": "10:00", "to": "11:00"}]}, "windows"),
    ],
)
def test_days_that_can_not_be_are_refused(parts: dict[str, Any], where: str) -> None:
    assert fault(**parts)[0] == where


def crowded(each: int) -> Programme:
    """A programme with so many campaigns of each of four kinds."""
    others: list[dict[str, Any]] = [
        *({"frame": {"days": [{"first_day": str(date(2024, 1, 1) + timedelta(number))}]}} for number in range(each)),
        *({"when": {"segments": [f"segment-{number}"]}} for number in range(each)),
        *({"when": {"cities": [f"city-{number}"]}} for number in range(each)),
        *({"when": {"lines": [{"categories": [f"category-{number}"]}]}} for number in range(each)),
    ]
    campaigns = [campaign(f"c{number}", fixed(1), **rule) for number, rule in enumerate(others)]
    stores = [{"id": f"store-{number}", "city": f"city-{number}"} for number in range(each)]
    return parse_programme(document(*campaigns, stores=stores))


def test_what_does_not_run_today_is_no_candidate() -> None:
    """Hundreds of campaigns for other days, places and members cost a receipt nothing, and each as much to compile."""
    few, many = crowded(100), crowded(200)
    assert calls_of(lambda: compile_programme(many)) < 3 * calls_of(lambda: compile_programme(few))
    compiled = compile_programme(many)
    day = datetime(2024, 3, 1, 12, tzinfo=UTC)
    found = compiled.timeline.at(day).candidates(total(100, store="store-7"), MEMBER)
    assert {compiled.campaigns[rank].id for rank in found} == {"c60", "c407"}
