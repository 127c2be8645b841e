"""From an event to the steps of scenarios that begin with it, and when each is due. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from libs.promotions.experiments import CONTROL
from libs.promotions.messages import MessageName, Notice
from libs.promotions.scenario_steps import Step
from libs.promotions.scenario_triggers import Anniversary, Birthday, Inactivity, ScenarioTrigger, segment_of
from libs.promotions.scenarios import Scenario
from libs.scenarios.news import Occasion

PREFIX = "scenario/"
BEGAN = "scenario_began"
"""What an occasion of a step begins with, and the fact that says when its scenario began."""
ARM = "scenario_arm"
"""The fact that says in which arm the member is; there where there are arms."""
GIVEN_BY = "scenario:"
"""What stands for the campaign of a reward begins so where a scenario gave it; its name follows."""
_TRIGGERS = {"expiry_reminder": "before_expiry", "welcome": "joined"}
"""Kinds of triggers that are called otherwise than what members are told."""
_OWN = frozenset(("kind", "min_points", "campaign", "days", "days_before", "years"))


@dataclass(frozen=True, slots=True)
class Planned:
    """Something to be told at a time: what, and how."""

    occasion: Occasion
    notice: Notice
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """A step that is no message: what it belongs to, in which arm the member is, and when it is due."""

    occasion: Occasion
    scenario: Scenario
    step: Step
    arm: str | None
    began: datetime
    due_at: datetime


def planned(scenarios: Sequence[Scenario], occasion: Occasion, began: datetime) -> Iterator[Planned]:
    """Return the messages of all scenarios that begin with an occasion; of the control group too, to be counted."""
    for scenario, step, arm in begun(scenarios, occasion):
        if step.message is None:
            continue
        due = began + timedelta(hours=step.after_hours)
        told = {**occasion.facts, BEGAN: began.isoformat().replace("+00:00", "Z")}
        if arm is not None:
            told[ARM] = arm
        if scenario.title is not None:
            told["title"] = scenario.title
        yield Planned(
            replace(_of_step(occasion, scenario, step, due), message=step.message, facts=told), notice_of(step), due
        )


def acts(scenarios: Sequence[Scenario], occasion: Occasion, began: datetime) -> Iterator[Act]:
    """Return what else scenarios do that begin with an occasion; for the control group too, to be counted."""
    for scenario, step, arm in begun(scenarios, occasion):
        if step.message is None:
            due = began + timedelta(hours=step.after_hours)
            yield Act(_of_step(occasion, scenario, step, due), scenario, step, arm, began, due)


def begun(scenarios: Sequence[Scenario], occasion: Occasion) -> Iterator[tuple[Scenario, Step, str | None]]:
    """Return the steps that an occasion begins for a member, and the member's arm."""
    for scenario in scenarios:
        if scenario.state != "live" or not begins(scenario.trigger, occasion):
            continue
        arm = scenario.arm_of(occasion.member_id)
        for step in scenario.steps:
            if not step.arms or arm in (*step.arms, CONTROL):
                yield scenario, step, arm


def begins(trigger: ScenarioTrigger, occasion: Occasion) -> bool:
    """Whether a trigger is for what happened."""
    facts: Mapping[str, Any] = occasion.facts
    if isinstance(trigger, Inactivity | Birthday | Anniversary):
        # Who is in the segment because the document is new was there before it.
        own = occasion.message == "segment_entered" and facts["segment"] == segment_of(trigger)["name"]
        return own and facts.get("reason") != "programme"
    happened = _TRIGGERS.get(occasion.message, occasion.message)
    if trigger.kind != happened:
        return False
    asked = trigger.model_dump(exclude=set(_OWN), exclude_none=True)
    if any(facts.get(name) != value for name, value in asked.items()):
        return False
    if str(facts.get("campaign", "")).startswith(GIVEN_BY):
        return False  # what a scenario gave begins no other, or they would go on for ever
    campaign = getattr(trigger, "campaign", None)
    if campaign is not None and campaign not in facts["campaigns"]:
        return False
    return bool(facts.get("points", 0) >= getattr(trigger, "min_points", 0))


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


def _of_step(occasion: Occasion, scenario: Scenario, step: Step, due: datetime) -> Occasion:
    """The occasion of a step: it names for ever what is done, by what it began with."""
    return replace(
        occasion,
        on=occasion.on + timedelta(hours=step.after_hours),
        occasion=f"{PREFIX}{scenario.name}/{step.name}/{occasion.message}/{occasion.occasion}",
        useful_until=due + timedelta(hours=step.useful_hours),
    )
