"""What callers send about designs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, JsonValue, WithJsonSchema

from libs.design.versions import DraftKind, Kind
from services.gateway.rules.bodies import Body, Note

STYLE: dict[str, JsonValue] = {
    "accent": "#0f5c4d",
    "on_accent": "#ffffff",
    "font": "serif",
    "radius": 8,
    "legal": {"en": "Meadow Ltd, 1 High Street, London", "de": "Meadow GmbH, Hauptstraße 1, Wien"},
    "promotions": {"spring_sale": {"accent": "#8a1f5c", "headline": {"en": "Spring is here"}}},
}
Name = Annotated[
    str,
    Field(
        max_length=64,
        description="Of a style the brand, empty for the programme's own; of a page its name in the address.",
        examples=["spring-sale"],
    ),
]
DesignDocument = Annotated[
    dict[str, Any],
    Field(description="A style or a landing page, as docs/designing.md describes them."),
    WithJsonSchema(
        {"type": "object", "description": "A style or a landing page, as docs/designing.md describes them."}
    ),
]


class CheckingDesign(Body):
    """A design to be looked at."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "style", "document": STYLE}})

    kind: Kind = Field(description="What is designed: the style of a brand, or a landing page.")
    name: Name = ""
    document: DesignDocument


class PublishingDesign(CheckingDesign):
    """A design to be published."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "style", "document": STYLE, "note": "New logo"}})

    note: Note = None


class RestoringDesign(Body):
    """Which version is to be taken up again."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "page", "name": "spring-sale", "to": 2}})

    kind: Kind = Field(description="What is designed: the style of a brand, or a landing page.")
    name: Name = ""
    to: int | None = Field(
        default=None, ge=0, description="Its number; without it, the one before. 0 takes the design out of force."
    )
    note: Note = None


class SavingDraft(Body):
    """A draft to be saved, whatever is wrong with it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "style", "name": "", "source": STYLE, "revision": 3}}
    )

    kind: DraftKind = Field(description="What is designed: a style, a landing page, or the template of a mail.")
    name: str = Field(
        max_length=200, description="As of the design; of a template `message/language/channel/brand`.", examples=[""]
    )
    source: DesignDocument
    revision: int | None = Field(
        default=None,
        ge=0,
        description="The one that you saw, 0 for none; without it, it is saved over whatever is there.",
    )
