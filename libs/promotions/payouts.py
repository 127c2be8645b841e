"""The document's effects and limits: what a campaign pays, and how much of it at most."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.promotions.parts import Name, Part, Points, Positive

Phase = Literal["base", "addition"]


class PerAmount(Part):
    """`points` for every `per_minor` spent on the matching lines, in proportion; nothing below 0."""

    kind: Literal["per_amount"]
    points: Points
    per_minor: Positive
    wallet: Name | None = None
    phase: Phase = "base"


class PerQuantity(Part):
    """`points` for each full `per` pieces on the matching lines; nothing below 0."""

    kind: Literal["per_quantity"]
    points: Points
    per: Positive = 1
    wallet: Name | None = None
    phase: Phase = "addition"


class Fixed(Part):
    """`points` once for the receipt."""

    kind: Literal["fixed"]
    points: Points
    wallet: Name | None = None


class Multiplier(Part):
    """`percent` of the base points earned on the matching lines: adds `percent - 100` percent of them.

    Several multipliers add up over the base (200 twice makes three times the base). With `compounding` it also
    multiplies what the plain multipliers, and the compounding ones of higher priority, have added on its lines.
    """

    kind: Literal["multiplier"]
    percent: Annotated[int, Field(strict=True, ge=101, le=10_000)]
    wallet: Name | None = None
    compounding: bool = False


Effect = Annotated[PerAmount | PerQuantity | Fixed | Multiplier, Field(discriminator="kind")]


class Limit(Part):
    """At most `points` of a campaign in a period of the programme's zone, for all members together or for each."""

    scope: Literal["campaign", "member"] = "campaign"
    period: Literal["transaction", "day", "month", "year", "ever"]
    points: Annotated[int, Field(strict=True, ge=0, le=10**15)]
