"""How scenarios went: every member counted once, and arms beside the control group."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.scenario_triggers import ScenarioTrigger
from libs.promotions.scenarios import Scenario
from libs.scenarios.funnel import MARKS, SEEN, Begun, Stood, funnel
from libs.scenarios.texts import SCENARIOS
from libs.scenarios.told import told, trigger_words
from services.gateway.scenarios.console import section

STATES = (
    "waiting", "postponed", "sending", "handed", "delivered", "opened", "clicked", "bounced", "failed", "suppressed",
    "done", "dropped",
)  # fmt: skip
ONE = Scenario.model_validate(
    {
        "name": "win_back",
        "title": "We <miss> you",
        "trigger": {"kind": "inactivity", "days": 60},
        "goal": "earned",
        "arms": [{"name": "control", "per_mille": 500}, {"name": "told", "per_mille": 500}],
        "steps": [
            {"name": "now", "message": "come_back"},
            {"name": "gift", "points": {"points": 5}, "after_hours": 1},
        ],
    }
)
stood = st.lists(
    st.builds(
        Stood,
        st.just("win_back"),
        st.sampled_from(["now", "gift"]),
        st.sampled_from(["control", "told"]),
        st.sampled_from(STATES),
        st.sampled_from(["", "goal_reached", "held_out", "not_meant", "no_consent"]),
        st.integers(1, 1_000),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(stood)
def test_every_member_is_in_one_place(rows: list[Stood]) -> None:
    found = funnel(ONE, [*rows, Stood("other", "now", "", "handed", "", 9)], [])
    counted = {step.step.name: step.all for step in found.steps}
    for name, marks in counted.items():
        assert sum(marks[mark] for mark in MARKS if mark != SEEN) == sum(
            each.members for each in rows if each.step == name
        )
        assert marks[SEEN] <= marks["sent"]


def test_arms_are_told_beside_the_control_group() -> None:
    went = [Begun("win_back", "control", 5_000, 500), Begun("win_back", "told", 5_000, 700)]
    found = told(funnel(ONE, [], went), "en")
    assert (found["begun"], found["won"]) == (10_000, 1_200)
    control, arm = found["arms"]
    assert (control["verdict"], control["words"]) == (None, "The control group, which gets nothing.")
    assert (arm["won_per_mille"], arm["relative_per_mille"], arm["verdict"]) == (140, 400, "more")
    assert arm["low_per_mille"] > 0
    few = told(funnel(ONE, [], [Begun("win_back", "control", 50, 5), Begun("win_back", "told", 50, 7)]), "en")
    assert few["arms"][1]["verdict"] == "too-few"


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_shows_counts_and_draws_them(language: str) -> None:
    rows = [Stood("win_back", "now", "told", "opened", "", 40), Stood("win_back", "gift", "told", "done", "", 20)]
    shown = section(told(funnel(ONE, rows, [Begun("win_back", "told", 80, 10)]), language), language)
    assert re.findall(r'<rect [^>]*width="([\d.]+)"', shown) == ["440.0", "220.0", "110.0", "55.0"]
    assert "We &lt;miss&gt; you" in shown
    assert "<miss>" not in shown
    assert shown.count("<table>") == 2


def test_all_is_said_in_every_language() -> None:
    assert SCENARIOS.faults() == []
    given: dict[str, Any] = {"days": 3, "activity": "review", "segment": "families"}
    for kind in get_args(get_args(ScenarioTrigger)[0]):
        fields = {name: given[name] for name in given if name in kind.model_fields}
        trigger = kind.model_validate({"kind": get_args(kind.model_fields["kind"].annotation)[0], **fields})
        assert {trigger_words(trigger, language) for language in ("en", "de")}
    assert trigger_words(ONE.trigger, "en") == "60 days without a purchase"
