"""Challenges: how far a member is, and which campaigns can be none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

import libs.promotions
from libs.history.days import Counted, MemberDays
from libs.promotions.compile import compile_programme
from libs.promotions.describe import Words
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.segments.challenges import Step, challenges
from libs.segments.decide import decide
from libs.segments.finding import Look
from libs.segments.known import Known
from libs.segments.rules import rules_of

EXAMPLE = Path(libs.promotions.__file__).parent / "examples/library/challenge.yaml"
ANNA = UUID(int=1)
NOON = datetime(2024, 5, 20, 10, tzinfo=UTC)


def document() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    return read


def look(at: datetime, *done: Counted) -> tuple[list[Step], bool]:
    compiled = compile_programme(parse_programme(document()))
    rules = rules_of(compiled.source, compiled.zone)  # type: ignore[arg-type]  # Rome's is a ZoneInfo
    days = MemberDays()
    for one in done:
        days = days.with_more(one)
    known = Known(enrolled_on=date(2024, 1, 1), days=days)
    (found,) = challenges(compiled.source.campaigns, Look(rules, known, at), Words(compiled, "en"))
    return list(found.steps), "coffee-month" in decide(rules, known, at).segments


def bought(day: date, coffee: int = 0) -> Counted:
    return Counted(ANNA, day, 1, 1_000, 10, {"category:COFFEE": coffee} if coffee else {})


REVIEW = Counted(ANNA, date(2024, 5, 11), 0, 0, 0, {"activity:product-reviewed": 1})


def test_each_step_says_how_far_it_is() -> None:
    steps, done = look(NOON, bought(date(2024, 4, 30), 900), bought(date(2024, 5, 2), 200), bought(date(2024, 5, 9)))
    assert not done
    assert [(one.done, one.needed, one.met, one.told) for one in steps] == [
        (2, 3, False, "2 of 3"),
        (0, 1, False, "0 of 1"),
        (200, 500, False, "€2.00 of €5.00"),
    ]
    assert "product-reviewed" in steps[1].words


def test_all_done_is_the_segment_and_no_step_shows_more_than_it_takes() -> None:
    days = [bought(date(2024, 5, day), 900) for day in (2, 9, 10, 11)]
    steps, done = look(NOON, *days, REVIEW)
    assert done
    assert [(one.done, one.met) for one in steps] == [(3, True), (1, True), (500, True)]
    assert look(datetime(2024, 6, 1, 10, tzinfo=UTC), *days, REVIEW)[0][0].told == "0 of 3", "another month"


def test_what_came_back_is_less_and_never_below_nothing() -> None:
    steps, _ = look(
        NOON, bought(date(2024, 5, 2), 200), Counted(ANNA, date(2024, 5, 3), 0, 0, 0, {"category:COFFEE": -300})
    )
    assert steps[2].told == "€0.00 of €5.00"


@pytest.mark.parametrize(
    ("segment", "campaign", "path"),
    [
        ({"list": True, "when": None}, {}, "campaigns[0].trigger.segment"),
        ({"when": {"any": [{"kind": "count", "what": "visits", "min": 3}]}}, {}, "campaigns[0].trigger.segment"),
        ({"when": {"all": [{"kind": "count", "what": "visits", "max": 3}]}}, {}, "campaigns[0].trigger.segment"),
        ({"when": {"all": [{"kind": "recency", "min_days": 3}]}}, {}, "campaigns[0].trigger.segment"),
        ({}, {"trigger": {"kind": "segment_left", "segment": "coffee-month"}}, "campaigns[0].challenge"),
        ({}, {"trigger": {"kind": "enrolled"}}, "campaigns[0].challenge"),
    ],
)
def test_what_cannot_be_shown_to_grow_is_no_challenge(
    segment: dict[str, Any], campaign: dict[str, Any], path: str
) -> None:
    changed = document()
    changed["segments"][0] |= segment
    changed["campaigns"][0] |= campaign
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(changed)
    assert [error.path for error in refused.value.errors] == [path]


def test_a_segment_may_ask_for_tier_points() -> None:
    asked = {"kind": "count", "what": "tier_points", "one_of": ["stars"], "within": {"period": "year"}, "min": 100}
    changed = document() | {"tier_sets": [TIERS], "segments": [{"name": "coffee-month", "when": {"all": [asked]}}]}
    compiled = compile_programme(parse_programme(changed))
    rules = rules_of(compiled.source, compiled.zone)  # type: ignore[arg-type]  # Rome's is a ZoneInfo

    def inside(stars: int, others: int = 0) -> bool:
        parts = {"tier:stars": stars, "tier:moons": others}
        days = MemberDays().with_more(Counted(ANNA, date(2024, 5, 2), 1, 100, 1, parts))
        return "coffee-month" in decide(rules, Known(enrolled_on=date(2024, 1, 1), days=days), NOON).segments

    assert [inside(99), inside(100), inside(0, 200)] == [False, True, False]
    found = challenges(compiled.source.campaigns, Look(rules, Known(date(2024, 1, 1)), NOON), Words(compiled, "de"))
    assert found[0].steps[0].words == "mindestens 100 Stufenpunkte in diesem Kalenderjahr in stars"
    wrongs: list[dict[str, Any]] = [{"one_of": ["suns"]}, {"one_of": []}]
    for wrong in wrongs:
        bad = changed | {"segments": [{"name": "coffee-month", "when": {"all": [asked | wrong]}}]}
        with pytest.raises(ProgrammeInvalid):
            parse_programme(bad)


TIERS: dict[str, Any] = {
    "name": "stars",
    "window": {"kind": "calendar", "period": "month"},
    "holds": {"kind": "months", "months": 1},
    "levels": [{"name": "star", "needs": {"tier_points": 100}}],
}
