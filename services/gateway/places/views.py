"""What is sent and answered about where a member is."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.promotions.places import Latitude, Longitude, Point
from services.gateway.rules.bodies import Body
from services.gateway.views import View

_HERE: JsonDict = {"latitude": "48.208174", "longitude": "16.373819"}


class Position(Body):
    """Where a member is, in degrees as text, or in micro-degrees as whole numbers."""

    model_config = ConfigDict(json_schema_extra={"example": _HERE})

    latitude: Latitude = Field(description="North is positive.")
    longitude: Longitude = Field(description="East is positive.")

    @property
    def point(self) -> Point:
        """The same as the engine has it."""
        return Point(latitude=self.latitude, longitude=self.longitude)


class Looking(Position):
    """Where a member looks for stores, and how far."""

    model_config = ConfigDict(json_schema_extra={"example": {**_HERE, "metres": 2_000}})

    metres: Annotated[int, Field(strict=True, ge=1, le=100_000)] = Field(default=5_000, description="So far at most.")


class StoreOfferView(View):
    """A campaign that runs now at a store and not everywhere."""

    campaign: str
    name: str
    words: str


class NearStoreView(View):
    """A store near a position, and what it offers that others do not."""

    store: str
    name: str | None
    metres: int = Field(description="As the crow flies.")
    offers: tuple[StoreOfferView, ...]


class NearStoresView(View):
    """The stores near a position, the nearest first, no more than 50."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [
                    {
                        "store": "12",
                        "name": "Old Town",
                        "metres": 240,
                        "offers": [
                            {
                                "campaign": "old-town",
                                "name": "Double points in the Old Town",
                                "words": "The points of a purchase count 2 times in store 12.",
                            }
                        ],
                    }
                ]
            }
        }
    )

    data: tuple[NearStoreView, ...]


class ArrivalView(View):
    """A store that a member has come near to, and the activity that this is."""

    store: str
    name: str | None
    activity: str


class ArrivalsView(View):
    """The stores that a member has come near to; of the position nothing is kept."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"arrived": [{"store": "12", "name": "Old Town", "activity": "near_old_town"}]}}
    )

    arrived: tuple[ArrivalView, ...]
