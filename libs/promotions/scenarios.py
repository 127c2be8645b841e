"""The document's scenarios: when something happens to a member, a series of messages, until a goal is reached.

A scenario begins with an event and keeps no state of its own: each of its steps is a message that waits for its time,
and whether it is sent is decided then, by what the member has done meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from libs.messages.content import ChannelName, Purpose
from libs.promotions.experiments import CONTROL, WHOLE, Arm, place_of
from libs.promotions.parts import Misplaced, Name, Part, Positive, Text, Texts, refuse_repeats

if TYPE_CHECKING:
    from libs.promotions.segments import Segment
    from libs.promotions.tiers import TierSet
    from libs.promotions.wallets import Wallet

DEFAULT_CHANNELS: tuple[ChannelName, ...] = ("push", "email", "sms")
MOST_HOURS = 24 * 366
OF_EVENT = {
    "points_credited": "points_credited",
    "reward_granted": "reward_granted",
    "tier_reached": "tier_reached",
    "tier_about_to_drop": "tier_about_to_drop",
}
"""Messages that tell what an event says, and the trigger that brings it."""
UNFIT = ("expiry_reminder", "points_expired", "redemption_done")
"""Messages that the platform sends by itself, each at its own occasion."""


class PointsCredited(Part):
    """Points were credited: at least `min_points` of a `wallet`, by default of any."""

    kind: Literal["points_credited"]
    wallet: Name | None = None
    min_points: Positive = 1


class RewardGranted(Part):
    """A campaign gave a reward, coupon, badge or the like: this one, by default any."""

    kind: Literal["reward_granted"]
    reference: Text | None = None


class TierReached(Part):
    """The member came to a higher level: to this one, by default any, of one tier set or any."""

    kind: Literal["tier_reached"]
    tier_set: Name | None = None
    level: Text | None = None


class TierAboutToDrop(Part):
    """The member is about to lose a level: this one, by default any, of one tier set or any."""

    kind: Literal["tier_about_to_drop"]
    tier_set: Name | None = None
    level: Text | None = None


class BeforeExpiry(Part):
    """A step of a wallet's reminders has come, with points that the member would lose."""

    kind: Literal["before_expiry"]
    wallet: Name | None = None
    step: Text | None = None


class SegmentEntered(Part):
    """The member came into a segment: of those long away, whose birthday it is, or whatever segments ask for."""

    kind: Literal["segment_entered"]
    segment: Name


ScenarioTrigger = Annotated[
    PointsCredited | RewardGranted | TierReached | TierAboutToDrop | BeforeExpiry | SegmentEntered,
    Field(discriminator="kind"),
]


class Step(Part):
    """A message, so many hours after the scenario began; on the first of its channels on which the member is reached.

    When its time comes the member must be in one of the `segments` and `tiers` given. `arms` are those that it is for,
    by default all. It is of use for `useful_hours` from then on.
    """

    name: Name
    message: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    after_hours: Annotated[int, Field(strict=True, ge=0, le=MOST_HOURS)] = 0
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1, max_length=9)] = DEFAULT_CHANNELS
    purpose: Purpose = "marketing"
    useful_hours: Annotated[int, Field(strict=True, ge=1, le=MOST_HOURS)] = 48
    arms: Annotated[tuple[Name, ...], Field(max_length=16)] = ()
    segments: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    tiers: Texts = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("channels[{}]", self.channels)
        return self


class Scenario(Part):
    """What a programme does when something happens: steps that follow it until the member has reached the `goal`.

    The goal is to have `earned` or `redeemed` points since it began. `arms` share all members among them by lot, in
    parts of a thousand, and `control` gets nothing: what the scenario brings can be told from what comes anyway.
    """

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    state: Literal["live", "paused"] = "live"
    trigger: ScenarioTrigger
    goal: Literal["earned", "redeemed"] | None = None
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
    scenarios: Sequence[Scenario], wallets: Sequence[Wallet], segments: Sequence[Segment], tier_sets: Sequence[TierSet]
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
        path = f"scenarios[{at}]"
        for kind, names in known.items():
            name = getattr(scenario.trigger, kind, None)
            if name is not None and name not in names:
                raise Misplaced(f"{path}.trigger.{kind}", f"no {kind} {name!r}", ", ".join(names) or "none is declared")
        for number, step in enumerate(scenario.steps):
            for place, name in enumerate(step.segments):
                if name not in known["segment"]:
                    allowed = ", ".join(known["segment"]) or "none is declared"
                    raise Misplaced(f"{path}.steps[{number}].segments[{place}]", f"no segment {name!r}", allowed)
