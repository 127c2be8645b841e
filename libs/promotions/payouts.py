"""The document's effects in points: what a campaign pays into a wallet."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from libs.promotions.expiry import OwnExpiry
from libs.promotions.expressions import SOURCE_LIMIT, ExpressionInvalid
from libs.promotions.parts import (
    Misplaced,
    Name,
    NonNegative,
    Part,
    Points,
    Positive,
    Text,
    refuse_repeats,
    unless_written,
)
from libs.promotions.selections import Selection
from libs.promotions.variables import EXPRESSIONS, asks_for_facts

Phase = Literal["base", "addition"]


class PerAmount(Part):
    """`points` for every `per_minor` of the matching lines above `above_minor`, in proportion; nothing below 0."""

    kind: Literal["per_amount"]
    points: Points
    per_minor: Positive
    above_minor: NonNegative = unless_written(0)
    wallet: Name | None = None
    expiry: OwnExpiry | None = None
    phase: Phase = "base"


class PerQuantity(Part):
    """`points` for each full `per` pieces on the matching lines; nothing below 0."""

    kind: Literal["per_quantity"]
    points: Points
    per: Positive = 1
    wallet: Name | None = None
    expiry: OwnExpiry | None = None
    phase: Phase = "addition"


class Fixed(Part):
    """`points` once for the receipt."""

    kind: Literal["fixed"]
    points: Points
    wallet: Name | None = None
    expiry: OwnExpiry | None = None


class TierPoints(Part):
    """What members of one tier get."""

    tier: Text
    points: Points


class PerTier(Part):
    """`points` by the member's tier, for every `per_minor` spent on the matching lines in proportion, else once.

    Who is in none of the `tiers` gets `otherwise`. What is paid once is an addition, whatever `phase` says.
    """

    kind: Literal["per_tier"]
    tiers: Annotated[tuple[TierPoints, ...], Field(min_length=1, max_length=64)]
    otherwise: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0
    per_minor: Positive | None = None
    wallet: Name | None = None
    expiry: OwnExpiry | None = None
    phase: Phase = "base"

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("tiers[{}].tier", [one.tier for one in self.tiers])
        return self


class Step(Part):
    """What is paid from an amount on."""

    from_minor: Positive
    points: Points


class Thresholds(Part):
    """The `points` of the highest step that the amount of the matching lines reaches, once."""

    kind: Literal["thresholds"]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=64)]
    wallet: Name | None = None
    expiry: OwnExpiry | None = None

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for at, (one, other) in enumerate(zip(self.steps, self.steps[1:], strict=False), start=1):
            if one.from_minor >= other.from_minor:
                raise Misplaced(f"steps[{at}].from_minor", "must be above that of the step before")
        return self


class Together(Part):
    """`points` for each piece of the matching lines that finds a piece of the `with` lines, `most` times at most."""

    kind: Literal["together"]
    points: Points
    with_: Selection = Field(alias="with")
    most: Positive = 1
    wallet: Name | None = None
    expiry: OwnExpiry | None = None


def _formula(source: str) -> str:
    """One that asks for declared facts is checked by them, with the whole document."""
    if asks_for_facts(source):
        return source
    try:
        EXPRESSIONS.compile_number(source)
    except ExpressionInvalid as invalid:
        raise ValueError(str(invalid)) from invalid
    return source


class Formula(Part):
    """The whole number that a CEL expression gives, `most` at most; below 0 and an error pay nothing."""

    kind: Literal["formula"]
    cel: Annotated[str, Field(min_length=1, max_length=SOURCE_LIMIT), AfterValidator(_formula)]
    most: Points
    wallet: Name | None = None
    expiry: OwnExpiry | None = None


class Multiplier(Part):
    """`percent` of the base points earned on the matching lines: adds `percent - 100` percent of them.

    Several multipliers add up over the base (200 twice makes three times the base). With `compounding` it also
    multiplies what the plain multipliers, and the compounding ones of higher priority, have added on its lines.
    """

    kind: Literal["multiplier"]
    percent: Annotated[int, Field(strict=True, ge=101, le=10_000)]
    wallet: Name | None = None
    expiry: OwnExpiry | None = None
    compounding: bool = False


# `expiry` of an effect takes the place of its wallet's, for the points that it brings.
Payout = PerAmount | PerQuantity | Fixed | PerTier | Thresholds | Together | Formula | Multiplier


def effect_phase(effect: Payout) -> Literal["base", "multiplier", "addition"]:
    """Tell the phase in which an effect pays."""
    match effect:
        case Multiplier():
            return "multiplier"
        case PerAmount(phase=phase) | PerQuantity(phase=phase):
            return phase
        case PerTier(per_minor=int(), phase=phase):
            return phase
    return "addition"
