"""What scenarios would have done on what really happened: the same steps, ends and counts, and nothing is sent. Pure.

Goals are asked of the past as it was; segments, tiers, addresses and consents are those of now. Quiet hours and caps
are left out: they move a message by hours, or stop one of many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from libs.messages.content import ADDRESSLESS, ChannelName, Purpose
from libs.promotions.scenario_steps import Step
from libs.promotions.scenarios import Scenario
from libs.scenarios.funnel import Begun, Funnel, Stood, funnel
from libs.scenarios.news import Occasion
from libs.scenarios.planning import begun

_NAMES = UUID("8a7c5c1e-5d0e-5c55-9b1c-2f6f1d9c7a11")


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a member, and when it was told."""

    occasion: Occasion
    at: datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a member can be reached, and what was agreed to and refused, as `purpose/channel`."""

    channels: frozenset[str] = frozenset()
    agreed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()

    def by(self, step: Step) -> ChannelName | str:
        """The channel that a message would go out on; else why not, by the first of its channels."""
        reasons = []
        for channel in step.channels:
            if not self._may(step.purpose, channel):
                reasons.append("opted_out" if f"{step.purpose}/{channel}" in self.refused else "no_consent")
            elif channel in ADDRESSLESS or channel in self.channels:
                return channel
            else:
                reasons.append("no_address")
        return f"!{reasons[0]}"

    def _may(self, purpose: Purpose, channel: ChannelName) -> bool:
        word = f"{purpose}/{channel}"
        return word in self.agreed or (purpose == "service" and word not in self.refused)


@dataclass(frozen=True, slots=True)
class Trial:
    """A step that would have been planned for a member; `cause` names what its scenario began with."""

    name: UUID
    cause: str
    scenario: Scenario
    step: Step
    arm: str | None
    member_id: UUID
    began: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Would:
    """What a step would have done: to whom, when, and how."""

    scenario: str
    step: str
    arm: str | None
    member_id: UUID
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Simulated:
    """Scenarios as they would have gone, and what would have been done, in its order."""

    funnels: tuple[Funnel, ...]
    members: Mapping[str, int]
    channels: Mapping[tuple[str, str], Counter[str]]
    would: tuple[Would, ...]


def trials(scenarios: Sequence[Scenario], happened: Iterable[Happened]) -> list[Trial]:
    """Return the steps that begin with what happened, each once however often it was told; paused scenarios too."""
    live = [each.model_copy(update={"state": "live"}) for each in scenarios]
    found: dict[UUID, Trial] = {}
    for each in happened:
        occasion = each.occasion
        for scenario, step, arm in begun(live, occasion):
            cause = f"{occasion.message}/{occasion.occasion}"
            name = uuid5(_NAMES, f"{scenario.name}/{step.name}/{cause}/{occasion.member_id}")
            due = each.at + timedelta(hours=step.after_hours)
            found.setdefault(name, Trial(name, cause, scenario, step, arm, occasion.member_id, each.at, due))
    return list(found.values())


def simulated(
    scenarios: Sequence[Scenario],
    tried: Sequence[Trial],
    ends: Mapping[UUID, str],
    won: Collection[UUID],
    reach: Mapping[UUID, Reach],
    now: datetime,
) -> Simulated:
    """Put together what came of steps: why they ended, which of them had their goal in time, and who can be reached."""
    would: list[Would] = []
    stood: Counter[tuple[str, str, str, str, str]] = Counter()
    channels: dict[tuple[str, str], Counter[str]] = {}
    for each in tried:
        place = (each.scenario.name, each.step.name, each.arm or "")
        by = each.step.action if each.step.message is None else reach.get(each.member_id, Reach()).by(each.step)
        if each.due > now:
            stood[(*place, "waiting", "")] += 1
        elif each.name in ends:
            stood[(*place, "dropped", ends[each.name])] += 1
        elif by.startswith("!"):
            stood[(*place, "suppressed", by[1:])] += 1
        else:
            stood[(*place, "done", "")] += 1
            channels.setdefault(place[:2], Counter())[by] += 1
            would.append(Would(*place[:2], each.arm, each.member_id, each.due, by))
    counted = [Stood(*place, many) for place, many in stood.items()]
    begun_by = _begun(tried, won)
    members = {each.name: {one.member_id for one in tried if one.scenario.name == each.name} for each in scenarios}
    return Simulated(
        tuple(funnel(each, counted, begun_by) for each in scenarios),
        {name: len(some) for name, some in members.items()},
        channels,
        tuple(sorted(would, key=lambda each: (each.at, each.scenario, each.step, each.member_id))),
    )


def _begun(tried: Iterable[Trial], won: Collection[UUID]) -> list[Begun]:
    """How often each scenario began by arm: once for a member and what happened, whatever number of steps it has."""
    began: dict[tuple[str, str, UUID, str], bool] = {}
    for each in tried:
        key = (each.scenario.name, each.arm or "", each.member_id, each.cause)
        began[key] = began.get(key, False) or each.name in won
    counted: Counter[tuple[str, str]] = Counter(key[:2] for key in began)
    reached: Counter[tuple[str, str]] = Counter(key[:2] for key, came in began.items() if came)
    return [Begun(*place, many, reached[place]) for place, many in counted.items()]
