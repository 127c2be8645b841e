"""Streaks: in each of so many periods in a row; late receipts fill gaps, returns open them, time breaks them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.history.days import Counted, MemberDays
from libs.promotions.compile import compile_programme
from libs.promotions.describe import Words
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.segments import Counted as Asked
from libs.promotions.segments import Segment
from libs.promotions.streaks import InARow
from libs.segments.challenges import Step, challenges
from libs.segments.decide import decide, segments_at
from libs.segments.explain import explain
from libs.segments.finding import Look
from libs.segments.known import Known, Rules
from libs.segments.rules import rules_of

ANNA = UUID(int=1)
ROME = ZoneInfo("Europe/Rome")
MONDAY = date(2024, 5, 6)
PERIODS = ("day", "week", "month", "quarter", "half_year", "year")


def weekly(periods: int = 3, least: int = 1, of: str = "week", **more: Any) -> dict[str, Any]:
    return {"kind": "count", "what": "visits", "min": least, "in_a_row": {"periods": periods, "of": of}} | more


def bought(day: date, visits: int = 1) -> Counted:
    return Counted(ANNA, day, visits, 1_000 * visits, 10 * visits)


def at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


def days_of(*done: Counted) -> MemberDays:
    days = MemberDays()
    for one in done:
        days = days.with_more(one)
    return days


def look(today: date, *done: Counted, language: str = "en", **asked: Any) -> tuple[Step, bool]:
    document = {
        "version": 1, "zone": "Europe/Rome", "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "segments": [{"name": "loyal", "title": "Every week", "when": {"all": [weekly(**asked)]}}],
        "campaigns": [{
            "id": "loyal", "name": "Loyal", "state": "live", "challenge": True,
            "trigger": {"kind": "segment_entered", "segment": "loyal"}, "effect": {"kind": "fixed", "points": 50},
        }],
    }  # fmt: skip
    compiled = compile_programme(parse_programme(document))
    rules = rules_of(compiled.source, compiled.zone)  # type: ignore[arg-type]  # Rome's is a ZoneInfo
    known = Known(enrolled_on=date(2024, 1, 1), days=days_of(*done))
    (found,) = challenges(compiled.source.campaigns, Look(rules, known, at_noon(today)), Words(compiled, language))
    (step,) = found.steps
    return step, "loyal" in decide(rules, known, at_noon(today)).segments


def week(number: int, day: int = 2) -> date:
    return MONDAY + timedelta(weeks=number, days=day)


def test_a_streak_tells_how_many_weeks_there_are_and_how_far_this_one_is() -> None:
    step, done = look(week(2), bought(week(0)), bought(week(1)))
    assert (step.done, step.needed, step.met, done, step.told) == (2, 3, False, False, "2 of 3 in a row")
    assert step.words == "at least 1 purchase in each of 3 weeks in a row"
    assert step.here is not None
    assert (step.here.done, step.here.needed, step.here.last_day) == (0, 1, date(2024, 5, 26))
    assert step.here.told == "this week: 0 of 1, until May 26, 2024"
    german, _ = look(week(2), bought(week(0)), bought(week(2)), language="de")
    assert german.told == "1 von 3 hintereinander"
    assert german.words == "mindestens 1 Einkauf in jeder von 3 Wochen hintereinander"


def test_it_is_done_with_the_last_week_and_stands_until_a_week_without_is_over() -> None:
    three = [bought(week(number)) for number in range(3)]
    assert look(week(2), *three)[1]
    assert look(week(3, 6), *three)[1], "this week can still be done"
    step, done = look(week(4, 0), *three)
    assert (done, step.done) == (False, 0)


def test_late_receipts_fill_a_gap_and_a_return_opens_one() -> None:
    gap = [bought(week(0)), bought(week(2))]
    assert look(week(2), *gap)[0].done == 1
    assert look(week(2), *gap, bought(week(1)))[1], "told a week late"
    assert look(week(2), *gap, bought(week(1)), bought(week(1)).less())[0].done == 1
    assert look(week(2), *gap, bought(week(1), 2), bought(week(1)).less())[1], "one of two came back"


def test_the_explanation_of_a_segment_tells_the_streak() -> None:
    segment = Segment.model_validate({"name": "loyal", "when": {"all": [weekly()]}})
    rules = Rules((segment,), ROME, "points")
    known = Known(enrolled_on=date(2024, 1, 1), days=days_of(bought(week(0)), bought(week(1))))
    compiled = compile_programme(parse_programme({
        "version": 1, "zone": "Europe/Rome", "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    }))  # fmt: skip
    lines = explain(segment, Look(rules, known, at_noon(week(1))), Words(compiled, "en")).lines
    assert [(line.words, line.met, line.there) for line in lines[1:]] == [
        ("at least 1 purchase in each of 3 weeks in a row", False, "2 in a row")
    ]


@pytest.mark.parametrize(
    "asked",
    [
        weekly(within={"days": 7}), weekly(max=3), weekly(min=0), weekly(what="average_basket_minor"), weekly(1),
        weekly(40, of="quarter"), weekly(of="fortnight"),
    ],
)  # fmt: skip
def test_what_no_streak_can_be_is_refused(asked: dict[str, Any]) -> None:
    document = {
        "version": 1, "zone": "Europe/Rome", "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "segments": [{"name": "loyal", "when": {"all": [asked]}}],
    }  # fmt: skip
    with pytest.raises(ProgrammeInvalid):
        parse_programme(document)


dates = st.dates(date(2023, 11, 1), date(2024, 6, 30))


@given(
    st.lists(st.tuples(dates, st.integers(1, 2)), max_size=12),
    dates,
    st.integers(2, 4),
    st.integers(1, 2),
    st.sampled_from(PERIODS[:5]),
)
def test_it_is_what_counting_period_by_period_finds(
    done: list[tuple[date, int]], today: date, periods: int, least: int, of: Any
) -> None:
    asked = InARow(periods=periods, of=of)
    names = {}
    for day in (date(2023, 1, 1) + timedelta(number) for number in range(600)):
        names[day] = {
            "day": day.isoformat(), "week": "{}-{}".format(*day.isocalendar()[:2]), "month": f"{day:%Y-%m}",
            "quarter": f"{day.year} {(day.month - 1) // 3}", "half_year": f"{day.year} {(day.month - 1) // 6}",
        }[of]  # fmt: skip
    ordered = list(dict.fromkeys(names.values()))
    count: dict[str, int] = {}
    for day, visits in done:
        if day <= today:
            count[names[day]] = count.get(names[day], 0) + visits
    at = ordered.index(names[today])
    run = int(count.get(ordered[at], 0) >= least)
    while count.get(ordered[at - 1], 0) >= least:
        at, run = at - 1, run + 1
    segment = Segment.model_validate({"name": "loyal", "when": {"all": [weekly(periods, least, of)]}})
    rules = Rules((segment,), ROME, "points")
    known = Known(enrolled_on=date(2023, 1, 1), days=days_of(*[bought(day, visits) for day, visits in done]))
    criterion = Asked.model_validate(weekly(periods, least, of))
    found = Look(rules, known, at_noon(today)).streak(criterion)
    assert found.run == min(run, periods)
    assert names[found.last_day] == names[today] != names[found.last_day + timedelta(1)]
    assert (names[asked.first_day(today)], asked.window.reach) == (names[today], asked.window.days)
    # Nothing changes between the instants at which somebody looks again.
    now = at_noon(today)
    decided = decide(rules, known, now, timedelta(days=40))
    between = [now + (decided.due_at - now) * part / 7 for part in range(7)]
    assert {segments_at(rules, known, instant) for instant in between} == {decided.segments}
