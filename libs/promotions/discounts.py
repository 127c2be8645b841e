"""The document's discounts: what a campaign takes off the amounts of a basket, for the till to apply."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.parts import Misplaced, NonNegative, Part, Positive, Text, refuse_repeats
from libs.promotions.selections import Selection

Percent = Annotated[int, Field(strict=True, ge=1, le=100)]
Pieces = Annotated[int, Field(strict=True, ge=1, le=1_000)]


class AmountOff(Part):
    """`amount_minor` off the matching lines, once, or for every full `per_minor` of them; shared among them."""

    kind: Literal["amount_off"]
    amount_minor: Positive
    per_minor: Positive | None = None
    most_minor: Positive | None = None


class TierPercent(Part):
    """What is taken off for members of one tier."""

    tier: Text
    percent: Percent


class QuantityPercent(Part):
    """What is taken off from so many pieces on."""

    from_quantity: Positive
    percent: Percent


class PercentOff(Part):
    """`percent` off the matching lines; by `tiers` or by `steps` of their quantity, the highest that is reached."""

    kind: Literal["percent_off"]
    percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    tiers: Annotated[tuple[TierPercent, ...], Field(max_length=64)] = ()
    steps: Annotated[tuple[QuantityPercent, ...], Field(max_length=64)] = ()
    most_minor: Positive | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tiers and self.steps:
            raise Misplaced("steps", "a discount goes by tier or by quantity")
        if not (self.percent or self.tiers or self.steps):
            raise Misplaced("percent", "nothing would be taken off", "1 to 100")
        refuse_repeats("tiers[{}].tier", [one.tier for one in self.tiers])
        refuse_repeats("steps[{}].from_quantity", [one.from_quantity for one in self.steps])
        return self


class FreeShipping(Part):
    """The price of the lines labelled `label` off, when everything else comes to `min_minor` at least.

    A basket without such a line is told by a discount of 0 on no line.
    """

    kind: Literal["free_shipping"]
    label: Text = "shipping"
    min_minor: NonNegative = 0


class BuyGet(Part):
    """For each `buy` pieces of the matching lines, `percent` off `get` more.

    These are further pieces of the same lines, the cheapest of all (`cheapest`), or the cheapest of each group when the
    pieces are put into groups from dear to cheap (`each_group`); groups form over the `selection` or within each
    `article`. With `of` they are the cheapest pieces of those lines instead, which then don't count as bought. `most`
    is how often at most: of each article when groups form within articles.
    """

    kind: Literal["buy_get"]
    buy: Pieces
    get: Pieces = 1
    percent: Percent = 100
    of: Selection | None = None
    within: Literal["selection", "article"] = "selection"
    pick: Literal["cheapest", "each_group"] = "cheapest"
    most: Positive | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.of is not None and self.within == "article":
            raise Misplaced("within", "pieces of other lines go with no article", "selection")
        if self.of is not None and self.pick == "each_group":
            raise Misplaced("pick", "pieces of other lines form no groups", "cheapest")
        return self


class BundleItem(Selection):
    """So many pieces of these lines."""

    quantity: Pieces = 1


class Bundle(Part):
    """The `items` together for `price_minor`, the dearest pieces first; `most` bundles at most."""

    kind: Literal["bundle"]
    items: Annotated[tuple[BundleItem, ...], Field(min_length=1, max_length=16)]
    price_minor: NonNegative
    most: Annotated[int, Field(strict=True, ge=1, le=100)] = 10


Discounting = AmountOff | PercentOff | FreeShipping | BuyGet | Bundle
