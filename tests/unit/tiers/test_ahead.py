"""Who is about to drop is told once for each end of a level, when it is near and what there is does not keep it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.history.days import Counted, MemberDays
from libs.tiers.decide import Decision, Drop, TierStanding
from tests.unit.tiers.clock import next_change_at
from tests.unit.tiers.test_decide import MEMBER, YEARLY, Member, noon, tier_set

BY_POINTS = [{"name": "bronze"}, {"name": "gold", "needs": {"tier_points": 100}}]


class Warned(Member):
    """A member who notes what is told ahead."""

    def __init__(self, **rules: Any) -> None:
        super().__init__(tier_set(levels=BY_POINTS) if not rules else tier_set(**rules))
        self.ahead: list[Drop] = []

    def look(self, now: datetime, points: int = 0) -> TierStanding:
        if points:
            self.days = self.days.with_more(Counted(MEMBER, now.date(), 1, 0, points, {"tier:status": points}))
        decided = Decision(self.rules, self.days, self.enrolled_on).decide(
            self.standing, now, done_on=now.date() if points else None, lessened=points < 0
        )
        self.standing = decided.standing
        if decided.ahead is not None:
            self.ahead.append(decided.ahead)
        return decided.standing


def test_a_drop_is_told_once_at_the_begin_of_its_day_with_what_follows() -> None:
    member = Warned(**YEARLY, levels=BY_POINTS, warn_days=30, grace_days=10)
    member.look(noon(date(2026, 3, 1)), 100)
    begins = datetime(2027, 12, 1, 23, tzinfo=UTC)
    assert next_change_at(member.standing) == begins, "thirty days of which 31 December is the last"
    member.look(begins - timedelta(seconds=1))
    assert member.ahead == []
    ends = datetime(2027, 12, 31, 23, tzinfo=UTC)
    assert next_change_at(member.look(begins)) == ends
    assert member.ahead == [Drop("gold", "bronze", ends, ends + timedelta(10), date(2027, 12, 31))]
    member.look(noon(date(2027, 12, 20)), 40)
    assert len(member.ahead) == 1


def test_who_keeps_the_level_is_told_nothing_until_a_return_takes_that_away() -> None:
    member = Warned(**YEARLY, levels=BY_POINTS, warn_days=30)
    member.look(noon(date(2026, 3, 1)), 100)
    member.look(noon(date(2027, 5, 1)), 100)
    member.look(noon(date(2027, 12, 5)))
    assert member.ahead == []
    member.look(noon(date(2027, 12, 6)), -10)
    assert [drop.level for drop in member.ahead] == ["gold"]


def test_a_level_that_holds_while_it_is_met_is_told_of_anew_when_its_end_has_moved() -> None:
    rules = {"window": {"kind": "rolling", "days": 10}, "holds": {"kind": "while_met"}, "warn_days": 3}
    member = Warned(**rules, levels=BY_POINTS)
    member.look(noon(date(2026, 3, 1)), 100)
    for day in (7, 8, 9):
        member.look(noon(date(2026, 3, day)))
    assert [str(drop.until.date()) for drop in member.ahead] == ["2026-03-10"]
    member.look(noon(date(2026, 3, 9)), 100)
    member.look(noon(date(2026, 3, 17)))
    assert [str(drop.until.date()) for drop in member.ahead] == ["2026-03-10", "2026-03-18"]


@pytest.mark.parametrize("rules", [{}, {"warn_days": 5}])
def test_a_level_without_an_end_or_a_set_that_tells_nobody_tells_nothing(rules: dict[str, Any]) -> None:
    member = Warned(**({"window": {"kind": "lifetime"}, "levels": BY_POINTS} | rules))
    member.look(noon(date(2026, 3, 1)), 100)
    member.look(noon(date(2029, 3, 1)))
    assert (member.ahead, next_change_at(member.standing)) == ([], None)


@settings(deadline=None, max_examples=60)
@given(
    deeds=st.lists(st.tuples(st.integers(1, 400), st.sampled_from((30, 60, 100, -40))), max_size=8),
    rules=st.sampled_from(
        (
            YEARLY,
            {"window": {"kind": "rolling", "months": 2}, "holds": {"kind": "months", "months": 3}},
            {"window": {"kind": "calendar", "period": "month"}, "holds": {"kind": "period_end", "period": "month"}},
        )
    ),
    warn=st.integers(1, 40),
)
def test_nobody_loses_a_level_untold_and_nobody_is_told_twice(
    deeds: list[tuple[int, int]], rules: dict[str, Any], warn: int
) -> None:
    """The clock looks whenever a standing says so, and at each deed: a drop by time was told before, once."""
    member = Warned(**(rules | {"levels": BY_POINTS, "warn_days": warn}))
    member.days = MemberDays()
    for after, points in sorted(deeds):
        now = noon(date(2026, 1, 1) + timedelta(after))
        while (due := next_change_at(member.standing)) is not None and due <= now:
            _look_and_hold(member, due, 0)
        _look_and_hold(member, now, points)
    assert len({(drop.level, drop.until) for drop in member.ahead}) == len(member.ahead)


def _look_and_hold(member: Warned, now: datetime, points: int) -> None:
    before, told = member.standing, list(member.ahead)
    after = member.look(now, points)
    lost = before is not None and before.level == "gold" and after.level == "bronze"
    if before is not None and lost and not points:
        assert before.until in [drop.until for drop in told]
