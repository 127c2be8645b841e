"""A scenario as it is answered: whole numbers and sentences, ready for JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from libs.experiments.uplift import CONFIDENCE, FEW
from libs.language import wording
from libs.promotions.experiments import CONTROL
from libs.promotions.scenario_triggers import ScenarioTrigger
from libs.promotions.scenarios import Scenario
from libs.scenarios.funnel import MARKS, ArmCount, Funnel, StepCount
from libs.scenarios.simulating import Simulated
from libs.scenarios.texts import SCENARIOS


def told(found: Funnel, language: str) -> dict[str, Any]:
    """Tell how a scenario went; parts are in per mille."""
    scenario = found.scenario
    return {
        "name": scenario.name,
        "title": scenario.title,
        "state": scenario.state,
        "trigger": scenario.trigger.model_dump(mode="json", exclude_none=True),
        "words": trigger_words(scenario.trigger, language),
        "goal": scenario.goal,
        "goal_days": scenario.goal_days,
        "begun": found.begun,
        "won": found.won,
        "arms": [_arm(arm, scenario, language) for arm in found.arms],
        "steps": [_step(step) for step in found.steps],
    }


def told_of_simulated(found: Simulated, language: str) -> list[dict[str, Any]]:
    """Tell how scenarios would have gone: the same, for how many members, and how often each step by which way."""
    return [
        {
            **told(each, language),
            "members": found.members[each.scenario.name],
            "by": [
                {"step": step, "by": by, "times": times}
                for (name, step), counted in sorted(found.channels.items())
                if name == each.scenario.name
                for by, times in sorted(counted.items())
            ],
        }
        for each in found.funnels
    ]


def trigger_words(trigger: ScenarioTrigger, language: str) -> str:
    """Say what a scenario begins with."""
    said = {name: value for name, value in trigger.model_dump(exclude={"kind"}).items() if value not in (None, (), 0)}
    about = ", ".join(
        f"{SCENARIOS.say(language, f'asks.{name}')} {_plain(value)}" for name, value in said.items() if name != "days"
    )
    days = said.get("days")
    words = SCENARIOS.say(language, f"trigger.{trigger.kind}", **({} if days is None else {"n": days}))
    return f"{words} ({about})" if about else words


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _arm(arm: ArmCount, scenario: Scenario, language: str) -> dict[str, Any]:
    uplift = arm.uplift
    parts = {name: None if uplift is None else getattr(uplift, name) for name in ("relative", "low", "high")}
    return {
        "arm": arm.name,
        "per_mille": arm.per_mille,
        "begun": arm.begun,
        "won": arm.won,
        "won_per_mille": arm.won_per_mille,
        "verdict": None if uplift is None else uplift.verdict,
        **{f"{name}_per_mille": None if part is None else round(part * 1_000) for name, part in parts.items()},
        "words": arm_words(arm, scenario, language),
    }


def arm_words(arm: ArmCount, scenario: Scenario, language: str) -> str:
    """Say what an arm brings beside the control group, and how sure that is."""
    if arm.name == CONTROL:
        return SCENARIOS.say(language, "control")
    if scenario.goal is None:
        return SCENARIOS.say(language, "no-goal")
    uplift = arm.uplift
    if uplift is None:
        return SCENARIOS.say(language, "no-control")
    if uplift.relative is None or uplift.low is None or uplift.high is None:
        return SCENARIOS.say(language, "too-few", few=FEW)
    bounds = {"relative": uplift.relative, "low": uplift.low, "high": uplift.high}
    shown = {name: _percent(part, language) for name, part in bounds.items()}
    return SCENARIOS.say(language, uplift.verdict, sure=round(CONFIDENCE * 100), **shown)


def _percent(part: float, language: str) -> str:
    tenths = round(part * 1_000)
    return ("+" if tenths > 0 else "") + wording.number(tenths, language, 1)


def _step(found: StepCount) -> dict[str, Any]:
    step = found.step
    return {
        "name": step.name,
        "action": step.action,
        "message": step.message,
        "after_hours": step.after_hours,
        **_marks(found.all),
        "arms": [{"arm": arm, **_marks(counted)} for arm, counted in found.arms.items() if arm],
    }


def _marks(counted: Mapping[str, int]) -> dict[str, int]:
    return {name: counted.get(name, 0) for name in MARKS}
