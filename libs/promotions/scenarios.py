"""The document's scenarios: when something happens to a member, a series of steps, until a goal is reached.

A scenario begins with an event and keeps no state of its own: each of its steps waits for its time, and whether it is
taken is decided then, by what the member has done meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from libs.promotions.experiments import CONTROL, WHOLE, Arm, place_of
from libs.promotions.parts import Days, Misplaced, Name, Part, refuse_repeats, unless_written
from libs.promotions.scenario_steps import SetTag, Step
from libs.promotions.scenario_triggers import Anniversary, Birthday, Inactivity, Purchased, ScenarioTrigger, segment_of
from libs.promotions.segments import Segment

if TYPE_CHECKING:
    from libs.promotions.audience import FactField
    from libs.promotions.campaigns import Campaign
    from libs.promotions.tiers import TierSet
    from libs.promotions.wallets import Wallet

OF_EVENT = {
    "points_credited": "points_credited",
    "reward_granted": "reward_granted",
    "order_moved": "order_moved",
    "reward_in_reach": "reward_in_reach",
    "tier_reached": "tier_reached",
    "tier_about_to_drop": "tier_about_to_drop",
}
"""Messages that tell what an event says, and the trigger that brings it."""
UNFIT = ("expiry_reminder", "points_expired", "redemption_done", "results", "invitation", "confirmation")
"""Messages that the platform sends by itself, each at its own occasion."""


class Scenario(Part):
    """What a programme does when something happens: steps that follow it until the member has reached the `goal`.

    The goal is to have `earned` or `redeemed` points since it began; who reaches it within `goal_days` counts as won.
    `arms` share all members among them by lot, in parts of a thousand, and `control` gets nothing: what the scenario
    brings can be told from what comes anyway.
    """

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    state: Literal["live", "paused"] = "live"
    trigger: ScenarioTrigger
    goal: Literal["earned", "redeemed"] | None = None
    goal_days: Days = unless_written(14)
    arms: Annotated[tuple[Arm, ...], Field(max_length=16)] = ()
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=32)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_repeats("steps[{}].name", [step.name for step in self.steps])
        refuse_repeats("arms[{}].name", [arm.name for arm in self.arms])
        total = sum(arm.per_mille for arm in self.arms)
        if self.arms and total != WHOLE:
            raise Misplaced("arms", f"their shares come to {total} per mille", str(WHOLE))
        known = [arm.name for arm in self.arms if arm.name != CONTROL]
        for at, step in enumerate(self.steps):
            for place, arm in enumerate(step.arms):
                if arm not in known:
                    reason = "the control group gets nothing" if arm == CONTROL else f"no arm {arm!r}"
                    raise Misplaced(f"steps[{at}].arms[{place}]", reason, ", ".join(known) or "none is declared")
            if step.message is not None:
                self._check_message(at, step.message)
        return self

    def arm_of(self, member_id: UUID) -> str | None:
        """Name the arm of a member; None where there are none."""
        place = place_of(f"scenario:{self.name}", member_id)
        for arm in self.arms:
            if place < arm.per_mille:
                return arm.name
            place -= arm.per_mille
        return None

    def _check_message(self, at: int, message: str) -> None:
        path = f"steps[{at}].message"
        if message in UNFIT:
            raise Misplaced(path, "the platform sends that by itself")
        if OF_EVENT.get(message, self.trigger.kind) != self.trigger.kind:
            raise Misplaced(path, f"it tells what the trigger {OF_EVENT[message]!r} brings")


Scenarios = Annotated[tuple[Scenario, ...], Field(max_length=200)]


def check_scenarios(
    scenarios: Sequence[Scenario],
    wallets: Sequence[Wallet],
    segments: Sequence[Segment],
    tier_sets: Sequence[TierSet],
    campaigns: Sequence[Campaign],
    attributes: Sequence[FactField],
) -> None:
    """Refuse what a scenario names and the programme has not.

    Raises:
        Misplaced: at the first of them.
    """
    refuse_repeats("scenarios[{}].name", [each.name for each in scenarios])
    known = {
        "wallet": [each.name for each in wallets],
        "segment": [each.name for each in segments],
        "tier_set": [each.name for each in tier_sets],
    }
    for at, scenario in enumerate(scenarios):
        path, trigger = f"scenarios[{at}]", scenario.trigger
        for kind, names in known.items():
            _refuse_unknown(f"{path}.trigger.{kind}", kind, getattr(trigger, kind, None), names)
        if isinstance(trigger, Purchased):
            _refuse_unknown(f"{path}.trigger.campaign", "campaign", trigger.campaign, [each.id for each in campaigns])
        if isinstance(trigger, Inactivity | Birthday | Anniversary):
            _check_own_segment(path, Segment.model_validate(segment_of(trigger)), segments)
        for number, step in enumerate(scenario.steps):
            place = f"{path}.steps[{number}]"
            for which, name in enumerate(step.segments):
                _refuse_unknown(f"{place}.segments[{which}]", "segment", name, known["segment"])
            if step.points is not None:
                _refuse_unknown(f"{place}.points.wallet", "wallet", step.points.wallet, known["wallet"])
            if step.tag is not None:
                _check_tag(f"{place}.tag", step.tag, attributes)


def _refuse_unknown(path: str, kind: str, name: str | None, names: Sequence[str]) -> None:
    if name is not None and name not in names:
        raise Misplaced(path, f"no {kind} {name!r}", ", ".join(names[:20]) or "none is declared")


def _check_own_segment(path: str, own: Segment, segments: Sequence[Segment]) -> None:
    """The name may be taken by a segment that asks for something else."""
    if any(each.name == own.name and each.when != own.when for each in segments):
        raise Misplaced(f"{path}.trigger", f"it needs the segment {own.name!r}, and there is another of that name")


def _check_tag(path: str, tag: SetTag, attributes: Sequence[FactField]) -> None:
    """Where attributes are declared there are no others, and a value is of the type that was said."""
    types = {each.name: each.type for each in attributes}
    if not types:
        return
    if tag.attribute not in types:
        raise Misplaced(f"{path}.attribute", f"{tag.attribute!r} is not declared", ", ".join(types))
    if tag.value is not None and (found := _TYPES[type(tag.value)]) != types[tag.attribute]:
        raise Misplaced(f"{path}.value", f"{tag.attribute!r} is declared as {types[tag.attribute]}, this is {found}")


_TYPES = {bool: "bool", int: "int", str: "text"}
