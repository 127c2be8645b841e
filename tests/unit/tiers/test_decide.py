"""Tiers, day by day: what a member is told against a model that looks at every day by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.history.days import Counted, MemberDays
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme
from libs.promotions.tiers import TierSet
from libs.tiers.decide import Decided, Decision, Rules, TierStanding
from tests.support.database import ACME, programme_document
from tests.unit.tiers.clock import next_change_at

ROME = ZoneInfo("Europe/Rome")
MEMBER = UUID(int=1)
BEGAN = date(2026, 1, 1)
LEVELS = [
    {"name": "bronze"},
    {"name": "silver", "needs": {"points": 100}},
    {"name": "gold", "needs": {"points": 300}},
]
YEARLY = {
    "window": {"kind": "calendar", "period": "year"},
    "holds": {"kind": "period_end", "period": "year", "extra_periods": 1},
}


def tier_set(**rules: Any) -> TierSet:
    return TierSet.model_validate({"name": "status", "levels": LEVELS} | rules)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


class Member:
    """A member by one set, as a worker decides: on each deed, and when the clock says so."""

    def __init__(self, tiers: TierSet, enrolled_on: date = BEGAN) -> None:
        self.rules = Rules(tiers, ROME)
        self.enrolled_on = enrolled_on
        self.days = MemberDays()
        self.standing: TierStanding | None = None
        self.told: list[tuple[str | None, str | None, str]] = []

    def decide(self, now: datetime, **more: Any) -> str | None:
        decided = Decision(self.rules, self.days, self.enrolled_on).decide(self.standing, now, **more)
        self._take(decided)
        again = Decision(self.rules, self.days, self.enrolled_on).decide(decided.standing, now)
        assert again == Decided(decided.standing, ())
        return decided.standing.level

    def _take(self, decided: Decided) -> None:
        self.standing = decided.standing
        self.told += [(change.before, change.after.level, change.reason) for change in decided.changes]

    def earn(self, day: date, points: int, now: datetime | None = None) -> str | None:
        self.decide(now or noon(day))
        self.days = self.days.with_more(Counted(MEMBER, day, 1, points * 100, points))
        return self.decide(now or noon(day), done_on=day, lessened=points < 0)

    def give(self, level: str, now: datetime) -> None:
        self._take(Decision(self.rules, self.days, self.enrolled_on).give(self.standing, level, now))


def test_a_level_of_a_year_holds_to_the_end_of_the_next_and_is_kept_by_what_it_needs() -> None:
    member = Member(tier_set(**YEARLY))
    assert member.earn(date(2026, 2, 1), 99) == "bronze"
    assert member.earn(date(2026, 2, 2), 201) == "gold"
    assert member.standing is not None
    assert member.standing.until == datetime(2027, 12, 31, 23, tzinfo=UTC) == next_change_at(member.standing)
    member.earn(date(2027, 5, 1), 300)
    assert member.decide(noon(date(2028, 1, 1))) == "gold"
    assert member.standing.until == datetime(2028, 12, 31, 23, tzinfo=UTC)
    member.earn(date(2028, 6, 1), 120)
    assert member.decide(noon(date(2029, 3, 1))) == "silver"
    assert member.told[-1] == ("gold", "silver", "not_kept")
    assert member.standing.since == datetime(2028, 12, 31, 23, tzinfo=UTC)


def test_grace_keeps_a_level_a_little_longer_and_it_may_be_earned_in_it() -> None:
    rules = YEARLY | {"grace_days": 30, "window": {"kind": "rolling", "days": 400}, "drop": "by_one"}
    for again, level in ((300, "gold"), (200, "silver")):
        member = Member(tier_set(**rules))
        member.earn(date(2026, 2, 1), 300)
        assert member.decide(noon(date(2028, 1, 20))) == "gold"
        member.earn(date(2028, 1, 21), again)
        assert member.decide(noon(date(2028, 2, 1))) == level


def test_tier_points_of_the_set_make_a_level_and_those_of_another_do_not() -> None:
    levels = [{"name": "bronze"}, {"name": "silver", "needs": {"tier_points": 50}}]
    member = Member(tier_set(levels=levels, window={"kind": "rolling", "days": 30}, holds={"kind": "while_met"}))
    day = date(2026, 2, 1)
    member.days = member.days.with_more(Counted(MEMBER, day, 1, 0, 0, {"tier:other": 99, "tier:status": 49}))
    assert member.decide(noon(day)) == "bronze"
    member.days = member.days.with_more(Counted(MEMBER, day, 0, 0, 0, {"tier:status": 1}))
    assert member.decide(noon(day)) == "silver"
    member.days = member.days.with_more(Counted(MEMBER, day, 0, 0, 0, {"tier:status": -1}))
    assert member.decide(noon(day), done_on=day, lessened=True) == "bronze"


def test_what_is_done_late_reaches_no_level_that_would_be_over_by_now() -> None:
    member = Member(tier_set(window={"kind": "rolling", "days": 5}, holds={"kind": "while_met"}))
    member.earn(date(2026, 2, 1), 90)
    member.earn(date(2026, 2, 4), 60, now=noon(date(2026, 2, 8)))
    assert [to for _, to, _ in member.told] == ["bronze"]


def test_a_soft_landing_is_not_taken_away_by_a_return() -> None:
    member = Member(tier_set(**YEARLY, drop="by_one"))
    member.earn(date(2026, 2, 1), 300)
    assert member.decide(noon(date(2028, 1, 2))) == "silver"
    assert member.earn(date(2028, 1, 3), 10) == "silver"
    assert member.earn(date(2028, 1, 3), -10) == "silver"


def test_a_return_takes_away_what_would_not_have_been_reached_unless_the_set_says_otherwise() -> None:
    for lowers, level in ((True, "silver"), (False, "gold")):
        member = Member(tier_set(**YEARLY, returns_lower_tier=lowers))
        member.earn(date(2026, 2, 1), 150)
        member.earn(date(2026, 2, 2), 160)
        assert member.earn(date(2026, 2, 2), -100) == level


def test_a_late_purchase_reaches_a_level_of_the_year_that_it_was_made_in() -> None:
    member = Member(tier_set(**YEARLY))
    member.earn(date(2026, 12, 1), 250)
    assert member.earn(date(2026, 12, 30), 60, now=noon(date(2027, 1, 4))) == "gold"
    assert member.standing is not None
    assert member.standing.until == datetime(2027, 12, 31, 23, tzinfo=UTC)


def test_a_person_names_a_level_that_holds_as_long_as_an_earned_one() -> None:
    member = Member(tier_set(**YEARLY))
    member.earn(date(2026, 2, 1), 10)
    member.give("gold", noon(date(2026, 3, 1)))
    assert member.earn(date(2026, 3, 2), -10) == "gold"
    assert member.decide(noon(date(2028, 1, 1))) == "bronze"
    member.give("staff", noon(date(2028, 2, 1)))
    assert member.earn(date(2028, 2, 2), 900) == "staff"
    assert next_change_at(member.standing) is None


def test_a_level_may_wait_for_the_end_of_its_period() -> None:
    member = Member(
        tier_set(
            window={"kind": "calendar", "period": "quarter"},
            holds={"kind": "period_end", "period": "quarter"},
            reached="at_period_end",
        )
    )
    assert member.earn(date(2026, 2, 1), 300) == "bronze"
    april = datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert next_change_at(member.standing) == april
    assert member.decide(april - timedelta(seconds=1)) == "bronze"
    assert member.decide(april) == "gold"
    assert member.decide(noon(date(2026, 7, 1))) == "bronze"


def test_years_of_membership_begin_with_enrolment() -> None:
    rules = {"window": {"kind": "membership_year"}, "holds": {"kind": "while_met"}}
    member = Member(tier_set(**rules), enrolled_on=date(2026, 3, 10))
    assert member.earn(date(2027, 3, 9), 150) == "silver"
    assert next_change_at(member.standing) == datetime(2027, 3, 9, 23, tzinfo=UTC)
    assert member.decide(noon(date(2027, 3, 10))) == "bronze"


DEEDS = st.lists(st.tuples(st.integers(0, 90), st.sampled_from([40, 100, 150, 300])), max_size=8)


@given(DEEDS, st.integers(1, 40), st.lists(st.integers(0, 140), max_size=4))
@settings(max_examples=80, deadline=None)
def test_while_it_is_met_a_level_is_what_each_day_alone_would_say(
    deeds: list[tuple[int, int]], width: int, looks: list[int]
) -> None:
    member = Member(tier_set(window={"kind": "rolling", "days": width}, holds={"kind": "while_met"}))
    for at in sorted({*[day for day, _ in deeds], *looks}):
        today = BEGAN + timedelta(at)
        member.decide(noon(today))
        for day, points in deeds:
            if day == at:
                member.earn(today, points)
        seen = sum(points for day, points in deeds if at - width < day <= at)
        expected = "gold" if seen >= 300 else "silver" if seen >= 100 else "bronze"
        assert member.standing is not None
        assert member.standing.level == expected
        due = next_change_at(member.standing)
        if due is not None:
            assert due > noon(today)
            still = at + (due.astimezone(ROME).date() - today).days
            assert (
                sum(points for day, points in deeds if still - width < day <= at)
                < {"gold": 300, "silver": 100}[expected]
            )


@given(
    DEEDS,
    st.sets(st.integers(91, 1_500), max_size=5),
    st.sampled_from(["to_earned", "by_one"]),
    st.sampled_from([0, 20]),
)
@settings(max_examples=80, deadline=None)
def test_looking_in_between_changes_nothing(
    deeds: list[tuple[int, int]], looks: set[int], drop: str, grace: int
) -> None:
    """Whoever looks at a member often, and whoever looks once in the end, find the same changes."""
    rules = {
        "window": {"kind": "rolling", "days": 45},
        "holds": {"kind": "months", "months": 6},
        "drop": drop,
        "grace_days": grace,
    }
    often, seldom = Member(tier_set(**rules)), Member(tier_set(**rules))
    for day, points in sorted(deeds):
        often.earn(BEGAN + timedelta(day), points)
        seldom.earn(BEGAN + timedelta(day), points)
    for at in sorted(looks):
        often.decide(noon(BEGAN + timedelta(at)))
    end = noon(BEGAN + timedelta(1_501))
    assert often.decide(end) == seldom.decide(end)
    assert often.told == seldom.told


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"levels": [{"name": "one"}, {"name": "two"}]}, "tier_sets[0].levels[1].needs"),
        ({"levels": [{"name": "one", "needs": {}}]}, "tier_sets[0].levels[0].needs.points"),
        ({"reached": "at_period_end"}, "tier_sets[0].reached"),
        ({"wallets": ["coins"]}, "tier_sets[0].wallets"),
        ({"drop": "by_one", "holds": {"kind": "while_met"}}, "tier_sets[0].drop"),
        ({"window": {"kind": "rolling"}}, "tier_sets[0].window.days"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(change: dict[str, Any], path: str) -> None:
    one = {"name": "status", "levels": LEVELS} | change
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(programme_document(ACME) | {"tier_sets": [one]})
    assert refused.value.errors[0].path == path


def test_one_set_drives_the_tier_and_a_document_without_sets_stays_as_it_was() -> None:
    driving = [{"name": name, "levels": LEVELS, "drives_tier": True} for name in ("one", "two")]
    with pytest.raises(ProgrammeInvalid, match="another set drives the tier"):
        parse_programme(programme_document(ACME) | {"tier_sets": driving})
    assert b"tier_sets" not in canonical_json(parse_programme(programme_document(ACME)))
