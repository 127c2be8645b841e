"""The document's gifts: what a campaign grants that is neither points nor money off, and that others hand out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.promotions.parts import Part, Positive, Text

GiftKind = Literal["coupon", "gift_card", "reward", "badge", "lottery_ticket", "sample", "message", "webhook"]


class Gift(Part):
    """`quantity` of what `reference` names, once, or for every full `per_minor` of the matching lines.

    `most` is how many at most. A sample is named by its SKU; the others by what their owner calls them.
    """

    kind: GiftKind
    reference: Text
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 1
    per_minor: Positive | None = None
    most: Positive | None = None


def gifts_for(gift: Gift, amount_minor: int) -> int:
    """How many are granted when the matching lines come to this amount."""
    steps = 1 if gift.per_minor is None else max(amount_minor, 0) // gift.per_minor
    found = gift.quantity * steps
    return found if gift.most is None else min(found, gift.most)
