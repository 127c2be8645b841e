"""The document's campaigns: trigger, frame, conditions, effect and limits of one incentive."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.criteria import ONLY_OF_PURCHASES, Conditions
from libs.promotions.frames import Frame
from libs.promotions.parts import CelSource, Misplaced, Name, Part, refuse_repeats, unless_written
from libs.promotions.payouts import Effect, Fixed, Limit, Multiplier, PerAmount, PerQuantity

Mode = Literal["all", "first", "best", "worst", "exclusive"]
State = Literal["draft", "scheduled", "live", "paused", "ended"]


class PurchaseTrigger(Part):
    """The campaign judges purchases."""

    kind: Literal["purchase"] = "purchase"


class ActivityTrigger(Part):
    """The campaign judges activities of this name, and no purchase."""

    kind: Literal["activity"]
    activity: Name


Trigger = Annotated[PurchaseTrigger | ActivityTrigger, Field(discriminator="kind")]


class Campaign(Part):
    """One incentive. `mode` says what its stacking `group` does; all campaigns of a group name the same mode."""

    id: Name
    name: Annotated[str, Field(min_length=1, max_length=200)]
    state: State
    trigger: Trigger = unless_written(PurchaseTrigger())
    priority: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] = 0
    group: Name | None = None
    mode: Mode = "all"
    frame: Frame = Frame()
    when: Conditions = Conditions()
    cel: CelSource | None = None
    effect: Effect
    limits: Annotated[tuple[Limit, ...], Field(max_length=16)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mode != "all" and self.group is None:
            raise Misplaced("group", f"mode {self.mode!r} needs one")
        refuse_repeats("limits[{}]", [(limit.scope, limit.period) for limit in self.limits])
        for at, limit in enumerate(self.limits):
            if limit.period == "transaction" and limit.scope == "member":
                raise Misplaced(f"limits[{at}].scope", "a receipt has one member", "campaign")
        if self.trigger.kind == "activity":
            for kind in ONLY_OF_PURCHASES:
                if getattr(self.when, kind) not in ((), None):
                    raise Misplaced(f"when.{kind}", "an activity has none, so the campaign would never pay")
        elif self.when.data:
            raise Misplaced("when.data", "a purchase has none, so the campaign would never pay")
        return self


def phase_of(campaign: Campaign) -> Literal["base", "multiplier", "addition"]:
    """Tell the phase in which a campaign pays."""
    match campaign.effect:
        case Multiplier():
            return "multiplier"
        case Fixed():
            return "addition"
        case PerAmount(phase=phase) | PerQuantity(phase=phase):
            return phase
