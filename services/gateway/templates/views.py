"""What the API answers about templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from libs.messages.content import ChannelName, Content, Purpose
from libs.messages.kinds import KINDS, kind_of
from libs.messages.segments import count_segments, foreign_characters
from libs.messages.shipped.templates import LANGUAGES
from libs.messages.template import FORMS, Compiled
from libs.messages.values import Declared
from libs.templates import forms
from libs.templates.postgres import Published
from services.gateway.views import View

_VERSION: dict[str, JsonValue] = {
    "name": "welcome",
    "brand": "",
    "language": "en",
    "channel": "push",
    "version": 3,
    "state": "published",
    "purpose": "service",
    "note": "Shorter",
    "published_by": "Eva (k1)",
    "published_at": "2026-03-02T10:00:00Z",
}


class VersionView(View):
    """A published version."""

    model_config = ConfigDict(json_schema_extra={"example": _VERSION})

    name: str
    brand: str
    language: str
    channel: ChannelName
    version: int
    state: Literal["published", "withdrawn"]
    purpose: Purpose | None
    note: str | None
    published_by: str
    published_at: datetime

    @classmethod
    def of(cls, published: Published) -> VersionView:
        """A version as it is answered."""
        place = published.place
        return cls(
            name=place.name,
            brand=place.brand,
            language=place.language,
            channel=place.channel,
            version=published.version,
            state=published.state,
            purpose=None if published.template is None else published.template.meant_for(),
            note=published.note,
            published_by=published.published_by,
            published_at=published.published_at,
        )


class TemplateVariable(View):
    """What a template may say."""

    name: str
    type: str
    optional: bool


class MessageView(View):
    """A message: what it is for, what it can tell, and which templates of your own there are."""

    name: str
    purpose: Purpose
    variables: tuple[TemplateVariable, ...]
    shipped: tuple[str, ...] = Field(description="Languages in which the platform has words for every channel.")
    published: tuple[VersionView, ...] = Field(description="The last version at each place.")


class TemplatesView(View):
    """The messages of a programme."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "channels": ["email", "sms"],
                "data": [
                    {
                        "name": "welcome",
                        "purpose": "service",
                        "variables": [{"name": "given_name", "type": "text", "optional": True}],
                        "shipped": ["en", "de"],
                        "published": [_VERSION],
                    }
                ],
            }
        }
    )

    programme: str
    channels: tuple[ChannelName, ...]
    data: tuple[MessageView, ...]


class TemplateView(View):
    """A template that is taken: its source, and the versions where it stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "asked": {"message": "welcome", "language": "en-GB", "channel": "push", "brand": ""},
                "version": 0,
                "template": {
                    "name": "welcome",
                    "language": "en",
                    "channel": "push",
                    "parts": {"title": "Welcome to {{ programme }}", "text": "It is good to have you with us."},
                },
                "versions": [],
            }
        }
    )

    asked: dict[str, str]
    version: int = Field(description="Its number; 0 is the one that comes with the platform.")
    template: dict[str, Any]
    versions: tuple[VersionView, ...] = Field(description="All at the place where this one stands, the last first.")


class CompiledView(View):
    """A template without a fault, as it would be kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "purpose": "service",
                "title": "Welcome to {{ programme }}",
                "text": "It is good to have you with us.",
                "html": None,
            }
        }
    )

    purpose: Purpose
    title: str
    text: str = Field(description="As it was written, or made of the HTML.")
    html: str | None = Field(description="Made of the MJML.")


class SmsView(View):
    """How long a short message is."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int = Field(description="Each of which is paid for.")
    foreign: str = Field(description="The characters that take it out of GSM-7.")


class PreviewView(View):
    """What a member would see."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 0,
                "language": "de",
                "title": "",
                "text": "Meadow: 120 Punkte können Sie bis 31. Dezember 2026 einlösen.",
                "html": None,
                "link": None,
                "sms": {"encoding": "GSM-7", "units": 61, "segments": 1, "foreign": ""},
                "from_member": ["balance", "last_day", "points", "tier"],
            }
        }
    )

    version: int | None = Field(description="The version that was taken, 0 for a shipped one; null for a draft.")
    language: str
    title: str
    text: str
    html: str | None
    link: str | None
    sms: SmsView | None = Field(description="For SMS: how many text messages it is.")
    from_member: tuple[str, ...] = Field(description="The variables that say what is so; others are samples.")


class PublishedTemplateView(View):
    """What became of publishing."""

    model_config = ConfigDict(json_schema_extra={"example": {"published": True, "version": _VERSION}})

    published: bool = Field(description="False where the same is published already.")
    version: VersionView


class ImportedView(View):
    """What was read of an archive."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "published": False,
                "version": None,
                "template": {"name": "spring", "language": "en", "channel": "email", "parts": {"html": "…"}},
                "images": ["https://loyalty.example/media/9f2b5c7d1e4a6b8c"],
            }
        }
    )

    published: bool
    version: VersionView | None = Field(description="Null for a dry run.")
    template: dict[str, Any]
    images: tuple[str, ...]


def templates_view(programme: str, heads: Iterable[Published], name: str | None) -> TemplatesView:
    """The messages of a programme with what is published."""
    by_name: dict[str, list[Published]] = {each: [] for each in KINDS}
    for head in heads:
        by_name.setdefault(head.place.name, []).append(head)
    return TemplatesView(
        programme=programme,
        channels=tuple(FORMS),
        data=tuple(_message(each, found) for each, found in by_name.items() if name in (None, each)),
    )


def _message(name: str, heads: list[Published]) -> MessageView:
    kind = kind_of(name)
    return MessageView(
        name=name,
        purpose=kind.purpose,
        variables=variables_view(kind.variables),
        shipped=LANGUAGES,
        published=tuple(map(VersionView.of, heads)),
    )


def variables_view(declared: Declared) -> tuple[TemplateVariable, ...]:
    """What a template may say, by name."""
    return tuple(
        TemplateVariable(name=name, type=each.type, optional=each.optional) for name, each in sorted(declared.items())
    )


def compiled_view(made: Compiled, purpose: Purpose) -> CompiledView:
    """A compiled template as it is answered."""
    told = forms.told_compiled(made)
    return CompiledView(purpose=purpose, title=told["title"], text=told["text"], html=told["html"])


def preview_view(
    content: Content, channel: ChannelName, version: int | None, from_member: Iterable[str]
) -> PreviewView:
    """What came of a template."""
    sms = None
    if channel == "sms":
        counted = count_segments(content.text)
        sms = SmsView(
            encoding=counted.encoding,
            units=counted.units,
            segments=counted.count,
            foreign=foreign_characters(content.text)[:100],
        )
    return PreviewView(
        version=version,
        language=content.language,
        title=content.title,
        text=content.text,
        html=content.html,
        link=content.link,
        sms=sms,
        from_member=tuple(sorted(from_member)),
    )
