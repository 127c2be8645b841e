"""From an event to the steps of scenarios that begin with it, and what a step asks when its time has come. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from libs.promotions.experiments import CONTROL
from libs.promotions.messages import MessageName, Notice
from libs.promotions.scenarios import Scenario, ScenarioTrigger, Step
from services.notifier.notices import Occasion

PREFIX = "scenario/"
BEGAN = "scenario_began"
"""What an occasion of a step begins with, and the fact that says when its scenario began."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of a scenario that has begun: what it tells, how, and when it is due."""

    occasion: Occasion
    notice: Notice
    due_at: datetime


def planned(scenarios: Sequence[Scenario], occasion: Occasion, began: datetime) -> Iterator[Planned]:
    """Return the steps of all scenarios that begin with an occasion; of the control group too, to be counted."""
    for scenario in scenarios:
        if scenario.state != "live" or not begins(scenario.trigger, occasion):
            continue
        arm = scenario.arm_of(occasion.member_id)
        for step in scenario.steps:
            if step.arms and arm not in (*step.arms, CONTROL):
                continue
            due = began + timedelta(hours=step.after_hours)
            told = {**occasion.facts, BEGAN: began.isoformat().replace("+00:00", "Z")}
            if scenario.title is not None:
                told["title"] = scenario.title
            yield Planned(
                replace(
                    occasion,
                    message=step.message,
                    on=occasion.on + timedelta(hours=step.after_hours),
                    occasion=f"{PREFIX}{scenario.name}/{step.name}/{occasion.message}/{occasion.occasion}",
                    useful_until=due + timedelta(hours=step.useful_hours),
                    facts=told,
                ),
                notice_of(step),
                due,
            )


def begins(trigger: ScenarioTrigger, occasion: Occasion) -> bool:
    """Whether a trigger is for what happened."""
    facts: Mapping[str, Any] = occasion.facts
    happened = "before_expiry" if occasion.message == "expiry_reminder" else occasion.message
    if trigger.kind != happened:
        return False
    asked = trigger.model_dump(exclude={"kind", "min_points"}, exclude_none=True)
    if any(facts.get(name) != value for name, value in asked.items()):
        return False
    return trigger.kind != "points_credited" or facts["points"] >= trigger.min_points


def step_of(scenarios: Sequence[Scenario], occasion: str) -> tuple[Scenario, Step] | None:
    """Return the step of a delivery by its occasion; None when it is none, or the programme has it no more."""
    if not occasion.startswith(PREFIX):
        return None
    name, step_name = occasion.removeprefix(PREFIX).split("/", 2)[:2]
    for scenario in scenarios:
        if scenario.name == name and scenario.state == "live":
            return next(((scenario, step) for step in scenario.steps if step.name == step_name), None)
    return None


def notice_of(step: Step) -> Notice:
    """How a step is told: at decent hours unless it is of service."""
    return Notice.model_construct(
        message=cast(MessageName, step.message),
        channels=step.channels,
        purpose=step.purpose,
        hours=None,
        follow_hours=None,
    )
