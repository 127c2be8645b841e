"""Scenarios: what begins with an event, for whom, and when each step is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.scenarios import Scenario
from libs.scenarios.news import Occasion
from libs.scenarios.planning import BEGAN, acts, begins, planned, step_of

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOLDING_OUT = [{"name": "control", "per_mille": 200}, {"name": "a", "per_mille": 500}, {"name": "b", "per_mille": 300}]

OURS = {"name": "b", "message": "ours"}


def scenario(**fields: Any) -> Scenario:
    plain: dict[str, Any] = {
        "name": "thanks",
        "trigger": {"kind": "points_credited"},
        "steps": [
            {"name": "first", "message": "points_credited"},
            {"name": "later", "message": "ours", "after_hours": 24},
        ],
    }
    return Scenario.model_validate({**plain, **fields})


def occasion(message: str = "points_credited", member: int = 1, **facts: Any) -> Occasion:
    told = {"wallet": "points", "points": 50, **facts}
    return Occasion(UUID(int=member), message, "event-1", AT.date(), AT + timedelta(days=2), told)


def entered(segment: str, reason: str = "time") -> Occasion:
    return occasion("segment_entered", segment=segment, reason=reason)


def test_each_step_is_due_in_its_time_and_named_for_ever() -> None:
    first, later = planned([scenario(title="Thank you")], occasion(), AT)
    assert (first.due_at, later.due_at) == (AT, AT + timedelta(hours=24))
    assert first.occasion.occasion == "scenario/thanks/first/points_credited/event-1"
    assert later.occasion.on == first.occasion.on + timedelta(days=1)
    assert later.occasion.useful_until == AT + timedelta(hours=72)
    assert later.occasion.facts[BEGAN] == "2026-03-01T12:00:00Z"
    assert later.occasion.facts["title"] == "Thank you"
    assert (later.notice.purpose, later.notice.decent) == ("marketing", True)
    assert list(planned([scenario(state="paused")], occasion(), AT)) == []


@pytest.mark.parametrize(
    ("trigger", "happened", "fits"),
    [
        ({"kind": "points_credited", "min_points": 50}, occasion(), True),
        ({"kind": "points_credited", "min_points": 51}, occasion(), False),
        ({"kind": "points_credited", "wallet": "miles"}, occasion(), False),
        ({"kind": "points_credited"}, occasion("points_expired"), False),
        ({"kind": "before_expiry", "step": "7d"}, occasion("expiry_reminder", step="7d"), True),
        ({"kind": "before_expiry", "step": "1d"}, occasion("expiry_reminder", step="7d"), False),
        ({"kind": "segment_entered", "segment": "away"}, occasion("segment_entered", segment="away"), True),
        ({"kind": "tier_reached", "level": "gold"}, occasion("tier_reached", level="gold"), True),
        ({"kind": "reward_granted", "reference": "mug"}, occasion("reward_granted", reference="cup"), False),
        ({"kind": "reward_granted"}, occasion("reward_granted", reference="cup", campaign="spring"), True),
        ({"kind": "reward_granted"}, occasion("reward_granted", reference="cup", campaign="scenario:own"), False),
        ({"kind": "purchase"}, occasion("purchase", points=0, campaigns=[]), True),
        ({"kind": "purchase", "min_points": 1}, occasion("purchase", points=0, campaigns=[]), False),
        ({"kind": "purchase", "campaign": "tea"}, occasion("purchase", campaigns=["base", "tea"]), True),
        ({"kind": "purchase", "campaign": "tea"}, occasion("purchase", campaigns=["base"]), False),
        ({"kind": "activity", "activity": "review"}, occasion("activity", activity="review"), True),
        ({"kind": "activity", "activity": "review"}, occasion("activity", activity="visit"), False),
        ({"kind": "redemption_abandoned", "reference": "mug"}, occasion("redemption_abandoned", reference="mug"), True),
        ({"kind": "inactivity", "days": 30}, entered("scenario-inactive-30"), True),
        ({"kind": "inactivity", "days": 30}, entered("scenario-inactive-30", "programme"), False),
        ({"kind": "inactivity", "days": 31}, entered("scenario-inactive-30"), False),
        ({"kind": "birthday"}, entered("scenario-birthday-0"), True),
        ({"kind": "birthday", "days_before": 7}, entered("scenario-birthday-0"), False),
        ({"kind": "anniversary", "years": [5]}, entered("scenario-anniversary-0-5"), True),
    ],
)
def test_a_trigger_is_for_what_it_says(trigger: dict[str, Any], happened: Occasion, fits: bool) -> None:
    steps = [{"name": "first", "message": "ours"}]
    assert begins(scenario(trigger=trigger, steps=steps).trigger, happened) == fits


@settings(max_examples=100)
@given(st.integers(0, 2**64), st.integers(0, 400))
def test_arms_share_all_members_and_the_control_group_is_counted(member: int, hours: int) -> None:
    steps = [
        {"name": "all", "message": "ours"},
        {"name": "only_b", "message": "ours", "arms": ["b"], "after_hours": hours},
    ]
    one = scenario(arms=HOLDING_OUT, steps=steps)
    arm = one.arm_of(UUID(int=member))
    names = [each.occasion.occasion.split("/")[2] for each in planned([one], occasion(member=member), AT)]
    assert names == {"control": ["all", "only_b"], "a": ["all"], "b": ["all", "only_b"]}[str(arm)]
    assert list(planned([one], occasion(member=member), AT)) == list(planned([one], occasion(member=member), AT))


def test_what_is_no_message_waits_apart() -> None:
    steps = [
        {"name": "gift", "points": {"points": 5}, "after_hours": 3, "useful_hours": 2},
        {"name": "told", "message": "ours"},
        {"name": "only_b", "tag": {"attribute": "known"}, "arms": ["b"]},
    ]
    one = scenario(steps=steps, arms=HOLDING_OUT)
    of_a = next(number for number in range(1, 99) if one.arm_of(UUID(int=number)) == "a")
    (gift,) = acts([one], occasion(member=of_a), AT)
    assert (gift.arm, gift.began, gift.due_at) == ("a", AT, AT + timedelta(hours=3))
    assert gift.occasion.useful_until == AT + timedelta(hours=5)
    assert [each.occasion.occasion.split("/")[2] for each in planned([one], occasion(member=of_a), AT)] == ["told"]


def test_what_the_clock_brings_comes_with_a_segment() -> None:
    """The segments join those of the document once, whoever reads it again, and ask no campaign for a declaration."""
    triggers = [{"kind": "inactivity", "days": 60}, {"kind": "inactivity", "days": 60}, {"kind": "birthday"}]
    scenarios = [
        {"name": f"s{at}", "trigger": trigger, "steps": [{"name": "a", "message": "ours"}]}
        for at, trigger in enumerate(triggers)
    ]
    document = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "campaigns": [
            {
                "id": "x",
                "name": "X",
                "state": "live",
                "when": {"segments": ["undeclared"]},
                "effect": {"kind": "fixed", "points": 1},
            }
        ],
        "scenarios": scenarios,
    }
    read = parse_programme(document)
    assert [each.name for each in read.segments] == ["scenario-inactive-60", "scenario-birthday-0"]
    assert parse_programme(read.model_dump(mode="json", exclude_none=True)) == read
    taken = {**document, "segments": [{"name": "scenario-birthday-0", "list": True}]}
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(taken)
    assert "scenarios[2].trigger" in [each.path for each in refused.value.errors]


def test_a_delivery_knows_its_step_as_long_as_there_is_one() -> None:
    one = scenario()
    (first, _) = planned([one], occasion(), AT)
    assert step_of([one], first.occasion.occasion) == (one, one.steps[0])
    assert step_of([scenario(state="paused")], first.occasion.occasion) is None
    assert step_of([scenario(steps=[one.steps[1].model_dump()])], first.occasion.occasion) is None
    assert step_of([one], "points@2026/7d") is None


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"arms": HOLDING_OUT[:2]}, "scenarios[0].arms"),
        ({"steps": [{"name": "a", "message": "ours", "arms": ["x"]}]}, "scenarios[0].steps[0].arms[0]"),
        ({"arms": HOLDING_OUT, "steps": [{"name": "a", "message": "ours", "arms": ["control"]}]},
         "scenarios[0].steps[0].arms[0]"),
        ({"steps": [{"name": "a", "message": "expiry_reminder"}]}, "scenarios[0].steps[0].message"),
        ({"steps": [{"name": "a", "message": "tier_reached"}]}, "scenarios[0].steps[0].message"),
        ({"steps": [{"name": "a", "message": "ours", "segments": ["x"]}]}, "scenarios[0].steps[0].segments[0]"),
        ({"trigger": {"kind": "segment_entered", "segment": "x"}, "steps": [{"name": "a", "message": "ours"}]},
         "scenarios[0].trigger.segment"),
        ({"trigger": {"kind": "points_credited", "wallet": "x"}}, "scenarios[0].trigger.wallet"),
        ({"steps": [{"name": "a", "message": "ours"}] * 2}, "scenarios[0].steps[1].name"),
        ({"steps": [{"name": "a"}, OURS]}, "scenarios[0].steps[0].message"),
        ({"steps": [{"name": "a", "message": "ours", "webhook": {}}, OURS]}, "scenarios[0].steps[0].webhook"),
        ({"steps": [{"name": "a", "points": {"points": 5, "wallet": "x"}}]}, "scenarios[0].steps[0].points.wallet"),
        ({"steps": [{"name": "a", "tag": {"attribute": "x"}}]}, "scenarios[0].steps[0].tag.attribute"),
        ({"steps": [{"name": "a", "tag": {"attribute": "known", "value": 3}}]}, "scenarios[0].steps[0].tag.value"),
        ({"trigger": {"kind": "purchase", "campaign": "x"}, "steps": [{"name": "a", "message": "ours"}]},
         "scenarios[0].trigger.campaign"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(fields: dict[str, Any], path: str) -> None:
    document = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "attributes": [{"name": "known", "type": "bool"}],
        "scenarios": [{**scenario().model_dump(mode="json", exclude_none=True), **fields}],
    }
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(document)
    assert [each.path for each in refused.value.errors] == [path]
