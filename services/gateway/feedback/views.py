"""What callers say and are told of what members think of rewards."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.gateway.feedback.figures import Liking
from services.gateway.feedback.store import Rating
from services.gateway.rules.bodies import Body
from services.gateway.views import EXAMPLE_MEMBER, View

MOST_WORDS = 1_000
_ORDER = "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"
_SAID: JsonDict = {
    "order_id": _ORDER,
    "reference": "mug",
    "kind": "merchandise",
    "member_id": EXAMPLE_MEMBER,
    "stars": 4,
    "words": "A fine mug, only the parcel took long.",
    "rated_at": "2024-03-05T18:20:00Z",
}
_FIGURES: JsonDict = {"reference": "mug", "count": 12, "mean_hundredths": 425, "stars": [0, 1, 1, 4, 6]}


class RatingBody(Body):
    """How somebody liked what they had."""

    model_config = ConfigDict(json_schema_extra={"example": {"stars": 4, "words": "A fine mug."}})

    stars: Annotated[int, Field(strict=True, ge=1, le=5, description="From one, not at all, to five, very much.")]
    words: Annotated[str, Field(max_length=MOST_WORDS, description="Why, in words.")] = ""


class OrderRatingView(View):
    """A member's word on an order."""

    model_config = ConfigDict(json_schema_extra={"example": _SAID})

    order_id: UUID = Field(description="The order.")
    reference: str = Field(description="Its reward.")
    kind: str = Field(description="Which of the sixteen kinds it is.")
    member_id: UUID = Field(description="Whose word it is.")
    stars: int = Field(description="From one to five.")
    words: str | None = Field(description="Why; null for keys without `rewards:write`, empty where nothing was said.")
    rated_at: datetime = Field(description="When it was said last.")


class LikingView(View):
    """How a reward is liked."""

    model_config = ConfigDict(json_schema_extra={"example": _FIGURES})

    reference: str = Field(description="The reward.")
    count: int = Field(description="How many orders of it were rated.")
    mean_hundredths: int | None = Field(description="The mean in hundredths of a star: 425 is 4.25; null without any.")
    stars: tuple[int, int, int, int, int] = Field(description="How often one, two, three, four and five were given.")


class RewardRatingsView(LikingView):
    """How a reward is liked, and the last words on it."""

    model_config = ConfigDict(json_schema_extra={"example": {**_FIGURES, "data": [_SAID]}})

    data: tuple[OrderRatingView, ...] = Field(description="The last words on it, the newest first.")


class LikingsView(View):
    """How the rewards of a programme are liked."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_FIGURES]}})

    data: tuple[LikingView, ...] = Field(description="Every reward that anybody rated, the best liked first.")


def rating_view(rating: Rating, *, with_words: bool) -> OrderRatingView:
    """Show a member's word; words are for who may know what members say of themselves."""
    said = rating._asdict() | {"words": rating.words if with_words else None}
    return OrderRatingView(**said)


def figures_of(reference: str, liking: Liking) -> dict[str, object]:
    """What is told of how a reward is liked."""
    mean = None if liking.mean is None else int(liking.mean * 100)
    return {"reference": reference, "count": liking.count, "mean_hundredths": mean, "stars": liking.times}
