"""How many members are where in a scenario: begun, waiting, told, left alone, won; all together and by arm. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from libs.experiments.uplift import Sample, Uplift, compare
from libs.promotions.experiments import CONTROL
from libs.promotions.scenario_steps import Step
from libs.promotions.scenarios import Scenario

WAITING, SENT, SEEN, NOT_SENT = "waiting", "sent", "seen", "not_sent"
REASONS = ("goal_reached", "held_out", "not_meant")
MARKS = (WAITING, SENT, SEEN, *REASONS, NOT_SENT)
"""Where a member may be at a step: `sent` is told, or that it was done; who has `seen` a message is among them."""
_WAITING = frozenset(("waiting", "postponed", "sending"))
_SENT = frozenset(("handed", "delivered", "opened", "clicked", "done"))
_SEEN = frozenset(("opened", "clicked"))


@dataclass(frozen=True, slots=True)
class Stood:
    """So many members of an arm for whom a step stands in a state, for a reason or none."""

    scenario: str
    step: str
    arm: str
    state: str
    reason: str
    members: int


@dataclass(frozen=True, slots=True)
class Begun:
    """How often a scenario began for members of an arm, and after how many of these the goal was reached in time."""

    scenario: str
    arm: str
    begun: int
    won: int


@dataclass(frozen=True, slots=True)
class StepCount:
    """A step, and how many members are where in it, by arm; the arm of a scenario without arms is an empty text."""

    step: Step
    arms: Mapping[str, Counter[str]]

    @property
    def all(self) -> Counter[str]:
        """The members of all arms."""
        return sum(self.arms.values(), Counter())


@dataclass(frozen=True, slots=True)
class ArmCount:
    """An arm: its share of a thousand, how it went, and what that says beside the control group, where there is one."""

    name: str
    per_mille: int
    begun: int
    won: int
    uplift: Uplift | None

    @property
    def won_per_mille(self) -> int | None:
        """How many of a thousand reached the goal; None where it never began."""
        return None if self.begun == 0 else round(self.won * 1_000 / self.begun)


@dataclass(frozen=True, slots=True)
class Funnel:
    """A scenario as it went."""

    scenario: Scenario
    begun: int
    won: int
    steps: tuple[StepCount, ...]
    arms: tuple[ArmCount, ...]


def marks(stood: Iterable[Stood]) -> Counter[str]:
    """Count members by where they are."""
    counted: Counter[str] = Counter()
    for each in stood:
        if each.state in _WAITING:
            counted[WAITING] += each.members
        elif each.state in _SENT:
            counted[SENT] += each.members
            counted[SEEN] += each.members if each.state in _SEEN else 0
        else:
            counted[each.reason if each.reason in REASONS else NOT_SENT] += each.members
    return counted


def funnel(scenario: Scenario, stood: Iterable[Stood], begun: Iterable[Begun]) -> Funnel:
    """Put together what was counted of one scenario."""
    own = [each for each in stood if each.scenario == scenario.name]
    went = {each.arm: each for each in begun if each.scenario == scenario.name}
    return Funnel(
        scenario,
        sum(each.begun for each in went.values()),
        sum(each.won for each in went.values()),
        tuple(_step(step, own) for step in scenario.steps),
        _arms(scenario, went),
    )


def _step(step: Step, stood: Iterable[Stood]) -> StepCount:
    own: dict[str, list[Stood]] = {}
    for each in stood:
        if each.step == step.name:
            own.setdefault(each.arm, []).append(each)
    return StepCount(step, {arm: marks(some) for arm, some in sorted(own.items())})


def _arms(scenario: Scenario, went: Mapping[str, Begun]) -> tuple[ArmCount, ...]:
    nothing = Begun(scenario.name, "", 0, 0)
    control = went.get(CONTROL)
    others = sum(arm.name != CONTROL for arm in scenario.arms)
    found = []
    for arm in scenario.arms:
        own, uplift = went.get(arm.name, nothing), None
        if control is not None and arm.name != CONTROL and scenario.goal is not None:
            uplift = compare(_sample(own), _sample(control), min(own.won, control.won), others)
        found.append(ArmCount(arm.name, arm.per_mille, own.begun, own.won, uplift))
    return tuple(found)


def _sample(went: Begun) -> Sample:
    """Who reached the goal counts 1, all others 0."""
    return Sample(went.begun, went.won, went.won)
