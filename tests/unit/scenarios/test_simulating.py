"""What scenarios would have done: the same steps as live ones, counted by the same hands, and nobody told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.scenario_steps import Step
from libs.promotions.scenarios import Scenario
from libs.scenarios.funnel import MARKS, SEEN
from libs.scenarios.news import Occasion
from libs.scenarios.planning import acts, planned
from libs.scenarios.simulating import Happened, Reach, simulated, trials

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = AT + timedelta(days=30)
ONE = Scenario.model_validate(
    {
        "name": "thanks",
        "trigger": {"kind": "purchase"},
        "goal": "earned",
        "arms": [{"name": "control", "per_mille": 300}, {"name": "told", "per_mille": 700}],
        "steps": [
            {"name": "now", "message": "thank_you", "channels": ["push", "email"]},
            {"name": "gift", "points": {"points": 5}, "after_hours": 24, "arms": ["told"]},
            {"name": "late", "message": "come_again", "after_hours": 24 * 60, "channels": ["inbox"]},
        ],
    }
)
ALL = Reach(frozenset(("email",)), frozenset(("marketing/email", "marketing/push", "marketing/inbox")))


def bought(member: int, receipt: int) -> Happened:
    facts = {"points": 5, "campaigns": []}
    return Happened(Occasion(UUID(int=member), "purchase", f"r{receipt}", AT.date(), NOW, facts), AT)


happened = st.lists(st.builds(bought, st.integers(1, 9), st.integers(1, 3)), max_size=20)


@settings(max_examples=50, deadline=None)
@given(happened, st.data())
def test_it_counts_what_would_have_been_planned(events: list[Happened], data: st.DataObject) -> None:
    """A repeat adds nothing, and every step that was tried stands in one place."""
    tried = trials([ONE], [*events, *events])
    once = {(each.occasion.member_id, each.occasion.occasion): each.occasion for each in events}
    told = [each.occasion for occasion in once.values() for each in planned([ONE], occasion, AT)]
    done = [each.occasion for occasion in once.values() for each in acts([ONE], occasion, AT)]
    assert len(tried) == len({(each.occasion, each.member_id) for each in (*told, *done)})
    ended = data.draw(st.sets(st.sampled_from([each.name for each in tried]))) if tried else set()
    found = simulated([ONE], tried, dict.fromkeys(ended, "goal_reached"), ended, {}, NOW)
    (counted,) = found.funnels
    for step in counted.steps:
        stood = sum(step.all[mark] for mark in MARKS if mark != SEEN)
        assert stood == sum(each.step is step.step for each in tried) <= counted.begun
    assert counted.begun == len(once), "two receipts of one moment are two beginnings"
    assert {each.step for each in found.would} <= {"gift"}  # nobody agreed to anything


def test_whoever_can_be_reached_is_named_with_the_channel() -> None:
    tried = trials([ONE], [bought(number, 1) for number in range(1, 21)])
    held = {each.name: "held_out" for each in tried if each.arm == "control"}
    found = simulated([ONE], tried, held, set(), {UUID(int=number): ALL for number in range(1, 21)}, NOW)
    told = sum(ONE.arm_of(UUID(int=number)) == "told" for number in range(1, 21))
    assert found.channels == {("thanks", "now"): {"email": told}, ("thanks", "gift"): {"points": told}}
    assert found.members == {"thanks": 20}
    assert [each.all["waiting"] for each in found.funnels[0].steps] == [0, 0, 20]
    assert [each.at for each in found.would] == [AT] * told + [AT + timedelta(days=1)] * told
    assert found.funnels[0].begun == 20


def test_a_channel_takes_an_address_and_a_word() -> None:
    step = Step.model_validate({"name": "a", "message": "ours", "channels": ["push", "email"]})
    service = step.model_copy(update={"purpose": "service"})
    assert ALL.by(step) == "email"
    assert Reach(frozenset(("push",))).by(step) == "!no_consent"
    assert Reach(frozenset(("email",)), refused=frozenset(("marketing/push",))).by(step) == "!opted_out"
    assert Reach(frozenset(("email",))).by(service) == "email"
    assert Reach().by(service) == "!no_address"
