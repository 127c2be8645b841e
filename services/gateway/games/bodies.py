"""The bodies of requests about games and badges."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.contracts.games import GAME_EXAMPLE
from services.gateway.codes.bodies import MemberBody
from services.gateway.rules.bodies import Body

_BADGE: JsonDict = {
    "texts": {"en": {"title": "Barista"}, "de": {"title": "Barista"}},
    "levels": [{"name": "silver", "times": 5}],
}


class GameBody(Body):
    """A game: what can be won, by whom, when, and at which price."""

    model_config = ConfigDict(json_schema_extra={"example": {"game": GAME_EXAMPLE["document"]}})

    game: dict[str, Any] = Field(description="A lottery, a wheel or an auction, by its `kind`.")


class BadgeBody(Body):
    """A badge: its texts, picture and levels."""

    model_config = ConfigDict(json_schema_extra={"example": {"badge": _BADGE}})

    badge: dict[str, Any] = Field(description="The badge as it is shown.")


class BuyBody(MemberBody):
    """Tickets for a member."""

    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000)] = Field(default=1, description="How many tickets.")


class SpinBody(MemberBody):
    """A turn of a wheel for a member."""

    word: Annotated[str, Field(max_length=64, pattern="^[^\\x00-\\x1f]*$")] = Field(
        default="", description="Anything the member likes: it changes where the wheel stops, and stands in the record."
    )


class BidBody(MemberBody):
    """A bid of a member."""

    points: Annotated[int, Field(strict=True, ge=1, le=10**12)] = Field(
        description="How many points, in the wallet's minor unit; they are held until somebody bids more."
    )


class AwardBody(MemberBody):
    """A badge for a member."""

    times: Annotated[int, Field(strict=True, ge=1, le=1_000)] = Field(
        default=1, description="How many times it was earned by this; levels count them together."
    )
