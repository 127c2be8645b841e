"""The document's campaigns: trigger, frame, conditions, effects and limits of one incentive."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.allowances import Limit
from libs.promotions.criteria import ONLY_OF_PURCHASES, Conditions
from libs.promotions.discounts import Discounting
from libs.promotions.extensions import Extend
from libs.promotions.frames import Frame
from libs.promotions.gifts import Gift, StatusPoints
from libs.promotions.parts import CelSource, Misplaced, Name, Part, refuse_repeats, unless_written
from libs.promotions.payouts import Formula, Payout, Together, effect_phase
from libs.promotions.triggers import PurchaseTrigger, Trigger

Mode = Literal["all", "first", "best", "worst", "exclusive"]
State = Literal["draft", "scheduled", "live", "paused", "ended"]


Effect = Annotated[Payout | Discounting | Gift | StatusPoints | Extend, Field(discriminator="kind")]
Names = Annotated[tuple[Name, ...], Field(max_length=1_000)]


class Trial(Part):
    """For which `arms` of the experiment `name` a campaign is."""

    name: Name
    arms: Annotated[tuple[Name, ...], Field(min_length=1, max_length=15)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("arms[{}]", self.arms)
        return self


class Campaign(Part):
    """One incentive. `mode` says what its stacking `group` does; all campaigns of a group name the same mode.

    It has one `effect`, or several `effects`. It pays on no receipt with one of the campaigns or groups that it
    `excludes` (the stronger of the two does), and, when it names any, `only_with` one of those. With an
    `experiment` it is for the members of some of its arms alone. Of a
    `challenge` members are told how far they are.
    """

    id: Name
    name: Annotated[str, Field(min_length=1, max_length=200)]
    state: State
    trigger: Trigger = unless_written(PurchaseTrigger())
    priority: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] = 0
    group: Name | None = None
    mode: Mode = "all"
    excludes: Names = unless_written(())
    only_with: Names = unless_written(())
    frame: Frame = Frame()
    when: Conditions = Conditions()
    cel: CelSource | None = None
    effect: Effect | None = None
    effects: Annotated[tuple[Effect, ...], Field(max_length=8)] = unless_written(())
    limits: Annotated[tuple[Limit, ...], Field(max_length=16)] = ()
    experiment: Trial | None = unless_written(None)
    challenge: Annotated[bool, Field(strict=True)] = unless_written(False)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mode != "all" and self.group is None:
            raise Misplaced("group", f"mode {self.mode!r} needs one")
        if (self.effect is None) == (not self.effects):
            raise Misplaced("effect", "either one effect or several effects")
        refuse_repeats("limits[{}]", [(limit.scope, limit.period, limit.unit) for limit in self.limits])
        for at, limit in enumerate(self.limits):
            if limit.period == "transaction" and limit.scope != "campaign":
                raise Misplaced(f"limits[{at}].scope", f"a receipt has one {limit.scope}", "campaign")
        if self.trigger.kind == "activity":
            self._check_activity()
        elif self.when.data and self.trigger.kind == "purchase":
            raise Misplaced("when.data", "a purchase has none, so the campaign would never pay")
        for at, effect in enumerate(self.benefits):
            if isinstance(effect, Together) and not self._chooses_lines():
                raise Misplaced(self.path_of(at), "bought together with what? `when` must choose lines")
        return self

    @property
    def benefits(self) -> tuple[Effect, ...]:
        """All its effects, however they are written."""
        return self.effects if self.effect is None else (self.effect,)

    @property
    def expressions(self) -> tuple[str, ...]:
        """All its sources in CEL: that of its condition, and its formulas."""
        formulas = [effect.cel for effect in self.benefits if isinstance(effect, Formula)]
        return tuple(formulas) if self.cel is None else (self.cel, *formulas)

    def path_of(self, effect: int) -> str:
        """Where an effect stands, by its number in `benefits`."""
        return f"effects[{effect}]" if self.effect is None else "effect"

    def _check_activity(self) -> None:
        for kind in ONLY_OF_PURCHASES:
            if getattr(self.when, kind) not in ((), None):
                raise Misplaced(f"when.{kind}", "an activity has none, so the campaign would never pay")
        for at, effect in enumerate(self.benefits):
            if isinstance(effect, Discounting):
                raise Misplaced(self.path_of(at), "nothing can be taken off an activity")

    def _chooses_lines(self) -> bool:
        when = self.when
        return bool(when.skus or when.categories or when.brands or when.labels)


def phase_of(campaign: Campaign) -> Literal["base", "multiplier", "addition"]:
    """Tell the phase in which a campaign pays: the earliest of its effects; what is no points comes last."""
    phases = [effect_phase(effect) for effect in campaign.benefits if isinstance(effect, Payout)]
    return min(phases, key=_PHASES.index, default="addition")


_PHASES = ("base", "multiplier", "addition")
