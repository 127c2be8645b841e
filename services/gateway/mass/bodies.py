"""What callers send about messages to many."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from libs.mass.wanted import Wanted
from services.gateway.rules.bodies import Body

_EXAMPLE = {
    "name": "Spring, first wave",
    "words": [
        {"language": "en", "title": "Spring is here", "text": "Double points on all plants until Sunday."},
        {"language": "de", "title": "Der Frühling ist da", "text": "Doppelte Punkte auf alle Pflanzen bis Sonntag."},
    ],
    "link": "https://shop.example/spring",
    "segments": ["regulars"],
    "channels": ["push", "email", "sms"],
    "starts_at": "2024-04-02T09:00:00+02:00",
    "per_minute": 2_000,
}


class NewMass(Wanted, Body):
    """A message to many members: those of segments, of a list of theirs, everyone, or those named here."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})  # type: ignore[dict-item]  # it is JSON

    members: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=100)], ...],
        Field(max_length=10_000, description="Members, each by id or by an identifier such as `card:123456`."),
    ] = ()

    def wanted(self) -> Wanted:
        """The message without whom it names."""
        return Wanted.model_validate(self.model_dump(exclude={"members"}))
