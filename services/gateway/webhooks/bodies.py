"""What callers ask about webhooks: an endpoint, changes to one, and a span of time to be told again."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.webhooks.payload import Style
from libs.webhooks.wanted import unknown_types
from services.gateway.door.parameters import Instant
from services.gateway.rules.bodies import Body


def _known(wanted: tuple[str, ...]) -> tuple[str, ...]:
    unknown = unknown_types(wanted)
    if unknown:
        raise PydanticCustomError("event_types", "no event is called {name}", {"name": unknown[0]})
    return tuple(dict.fromkeys(wanted))


Url = Annotated[str, Field(min_length=1, max_length=2048, description="Where to: https, and public.")]
EventTypes = Annotated[
    tuple[Annotated[str, Field(max_length=64)], ...],
    Field(min_length=1, max_length=100, description="Types such as `points.credited`, families as `points.*`, or `*`."),
    AfterValidator(_known),
]
StyleField = Annotated[
    Style, Field(description="`thin`: type and ids, to ask for the rest. `full`: all that the event says.")
]
Description = Annotated[str, Field(max_length=200, description="What you call it.")]


class NewEndpoint(Body):
    """An endpoint, and what it wants to hear of."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "url": "https://shop.example.com/hooks/points",
                "event_types": ["points.credited", "points.expired"],
                "style": "thin",
                "description": "The shop's account page",
            }
        }
    )

    url: Url
    event_types: EventTypes
    style: StyleField = "thin"
    description: Description = ""


class ChangedEndpoint(Body):
    """What is to change about an endpoint; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"event_types": ["points.*"]}})

    url: Url | None = None
    event_types: EventTypes | None = None
    style: StyleField | None = None
    description: Description | None = None


class Replaying(Body):
    """Which messages are sent again."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"from": "2024-03-31T00:00:00Z", "to": "2024-04-01T00:00:00Z", "failed_only": True}
        }
    )

    from_: Instant = Field(alias="from", description="What happened from this instant on.")
    to: Instant = Field(description="And before this one.")
    failed_only: bool = Field(default=True, strict=True, description="Leave out what was delivered.")

    @model_validator(mode="after")
    def _in_order(self) -> Replaying:
        if self.to <= self.from_:
            raise PydanticCustomError("range", "`to` must come after `from`")
        return self
