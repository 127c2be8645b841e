"""The document's effects that are neither points to spend nor money off: gifts of others, and tier points."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from libs.promotions.parts import Name, Part, Points, Positive, Text, unless_written

GiftKind = Literal["coupon", "gift_card", "reward", "badge", "lottery_ticket", "sample", "message", "webhook"]
REWARD = "reward"
TIER_POINTS = "tier_points"
"""The kind under which tier points are granted; the reference names their tier set."""


class Gift(Part):
    """`quantity` of what `reference` names, once, or for every full `per_minor` of the matching lines.

    `most` is how many at most. A sample is named by its SKU; the others by what their owner calls them. `worth_minor`
    is what one costs, in minor units: experiments count it.
    """

    kind: GiftKind
    reference: Text
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 1
    per_minor: Positive | None = None
    most: Positive | None = None
    worth_minor: Positive | None = unless_written(None)


class StatusPoints(Part):
    """`points` that count towards the levels of `tier_set` and are never spent.

    Once, or for every `per_minor` of the matching lines in proportion, rounded down; `most` at most. The set may be
    left out where one drives the tier, or there is only one.
    """

    kind: Literal["tier_points"]
    points: Points
    per_minor: Positive | None = unless_written(None)
    most: Positive | None = unless_written(None)
    tier_set: Name | None = unless_written(None)


class CompiledGift(NamedTuple):
    """What is granted, under its kind and reference: `many` once, or for every `per_minor`; `in_steps`, every full.

    `levels` are those whose members alone can have it (None: everybody can).
    """

    kind: str
    reference: str
    many: int
    per_minor: int | None
    most: int | None
    in_steps: bool
    levels: frozenset[str] | None = None

    def count(self, amount_minor: int) -> int:
        """How many are granted when the matching lines come to this amount."""
        found, amount = self.many, max(amount_minor, 0)
        if self.per_minor is not None:
            found = found * (amount // self.per_minor) if self.in_steps else found * amount // self.per_minor
        return found if self.most is None else min(found, self.most)


def compile_gift(
    gift: Gift | StatusPoints, tier_set: str, only: Mapping[str, Collection[str]] = MappingProxyType({})
) -> CompiledGift:
    """Compile an effect; `tier_set` is where tier points go that name no set, `only` has levels by their rewards."""
    if isinstance(gift, Gift):
        levels = frozenset(only[gift.reference]) if gift.kind == REWARD and gift.reference in only else None
        return CompiledGift(
            gift.kind, gift.reference, gift.quantity, gift.per_minor, gift.most, in_steps=True, levels=levels
        )
    return CompiledGift(gift.kind, gift.tier_set or tier_set, gift.points, gift.per_minor, gift.most, in_steps=False)
