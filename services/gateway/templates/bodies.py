"""What callers send about templates."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from libs.design.blocks import Block, BlockKind
from libs.messages.content import ChannelName, Purpose
from libs.messages.template import Template
from libs.messages.values import Type, Variable
from services.gateway.rules.bodies import Body, Note

_NAME = r"^[a-z][a-z0-9_]{0,62}$"
Message = Annotated[
    str,
    Field(pattern=_NAME, description="The message, such as `welcome`, or a campaign's own.", examples=["welcome"]),
]
LanguageTag = Annotated[str, Field(max_length=35, description="A language tag.", examples=["de", "pt-BR"])]
Brand = Annotated[str, Field(max_length=64, description="For which brand; empty for the programme's own.")]

_TEMPLATE: dict[str, JsonValue] = {
    "name": "welcome",
    "language": "en",
    "channel": "push",
    "parts": {
        "title": "Welcome to {{ programme }}",
        "text": "{% if given_name %}{{ given_name }}, it{% else %}It{% endif %} is good to have you with us.",
    },
}


class VariableBody(Body):
    """What a campaign's template tells beside what every one can."""

    type: Type = Field(description="What it is, so that it is written as readers of a language do.")
    optional: bool = Field(default=False, description="Whether it may be unknown: the template asks before it says it.")


class BlockBody(Body):
    """A piece of a mail that is put together from blocks."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "button", "text": "See the coffees"}})

    kind: BlockKind = Field(description="What the piece is; its other fields follow from that.")
    text: str = Field(default="", max_length=4_000, description="What it says, in plain text with gaps.")
    link: str = Field(default="", max_length=2_000, description="Where it leads; a button without one where it may.")
    picture: str = Field(default="", max_length=64, description="A picture of the media store, by its digest.")
    alt: str = Field(
        default="", max_length=300, description="What a picture shows; what stands below points or a code."
    )


class TemplateBody(Body):
    """A template."""

    model_config = ConfigDict(json_schema_extra={"example": _TEMPLATE})

    name: Message
    language: LanguageTag
    channel: ChannelName = Field(description="The channel that it is written for.")
    parts: dict[Literal["title", "text", "mjml", "html"], Annotated[str, Field(max_length=200_000)]] = Field(
        description="Jinja2. MJML becomes HTML when it is published; a text that is missing is made of the HTML."
    )
    blocks: list[BlockBody] = Field(
        default=[], max_length=30, description="In place of a body: it is made of them in the brand's style."
    )
    brand: Brand = ""
    purpose: Purpose | None = Field(default=None, description="What consent it takes, if not what is usual.")
    variables: dict[str, VariableBody] = Field(default={}, description="Only for a campaign's own messages.")

    def template(self) -> Template:
        """The template that is meant."""
        variables = {name: Variable(each.type, each.optional) for name, each in self.variables.items()}
        parts = {str(part): text for part, text in self.parts.items()}
        blocks = tuple(Block(**each.model_dump()) for each in self.blocks)
        return Template(self.name, self.language, self.channel, parts, self.brand, self.purpose, variables, blocks)


class Checking(Body):
    """A template to be looked at."""

    model_config = ConfigDict(json_schema_extra={"example": {"template": _TEMPLATE}})

    template: TemplateBody


class Previewing(Body):
    """What is to be shown: a draft, or what would be taken for a reader of a language; for whom."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "message": "expiry_reminder",
                "language": "de-AT",
                "channel": "sms",
                "member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11",
            }
        }
    )

    template: TemplateBody | None = Field(default=None, description="A draft, in place of message and channel.")
    message: Message | None = None
    language: LanguageTag | None = None
    channel: ChannelName | None = Field(default=None, description="The channel by which the reader would get it.")
    brand: Brand = ""
    member_id: UUID | None = Field(
        default=None, description="Filled with what is so of this member; without one, samples."
    )


class PublishingTemplate(Body):
    """A template to be published."""

    model_config = ConfigDict(json_schema_extra={"example": {"template": _TEMPLATE, "note": "Shorter"}})

    template: TemplateBody
    note: Note = None


class RestoringTemplate(Body):
    """Which version is to be taken up again."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "welcome", "language": "en", "channel": "push", "to": 2}}
    )

    name: Message
    language: LanguageTag
    channel: ChannelName = Field(description="The channel that it is written for.")
    brand: Brand = ""
    to: int | None = Field(
        default=None, ge=0, description="Its number; without it, the one before. 0 is what was there before the first."
    )
    note: Note = None
