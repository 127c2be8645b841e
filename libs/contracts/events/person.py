"""The person behind a member, as a profile event may tell of them: kept sealed, and told on no topic of ours."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import MaxLen, MinLen
from pydantic import Field, StringConstraints

from libs.contracts.primitives import NO_NUL, Instant, Name64, Name128, Payload, Text64

NameText = Annotated[str, MaxLen(128), NO_NUL]
Language = Annotated[str, StringConstraints(pattern="^([a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?)?$")]
Country = Annotated[str, StringConstraints(pattern="^([A-Z]{2})?$")]
AddressText = Annotated[str, MinLen(1), MaxLen(4096), NO_NUL]


class PersonTold(Payload):
    """Whom to address, and how. What is null stays as it was; an empty text takes it away."""

    given_name: NameText | None = Field(default=None, description="Given name.")
    family_name: NameText | None = Field(default=None, description="Family name.")
    language: Language | None = Field(default=None, description="In which language to write: `cs`, `en-GB`.")
    zone: Text64 | None = Field(default=None, description="The member's own time zone, of IANA's list.")
    country: Country | None = Field(
        default=None, description="ISO 3166-1, two letters; where a phone number without a country is from."
    )


class ContactTold(Payload):
    """An address of the member. A mail address or a number takes the place of the former one, devices are added."""

    channel: Literal["email", "sms", "push", "web_push", "http", "file"] = Field(
        description="Which channel reaches the member there; `file` for letters by post, `http` for a provider's own."
    )
    address: AddressText = Field(
        description="A mail address, a phone number, a token, a browser's subscription as JSON, lines of an envelope."
    )
    gone: bool = Field(default=False, description="Whether the member is not there any more.")


class ConsentTold(Payload):
    """A word of the member on being written to. Of several the one that was said last counts."""

    purpose: Literal["service", "marketing", "profiling", "location"] = Field(description="What for.")
    channel: Literal["email", "sms", "push", "web_push", "webhook", "http", "inbox", "till", "file"] = Field(
        description="On which channel."
    )
    given: bool = Field(description="Whether the member agrees.")
    at: Instant | None = Field(default=None, description="When it was said; null for the event's time.")
    source: Name128 | None = Field(default=None, description="Where it was said; null for the event's source.")
    text_version: Name64 | None = Field(default=None, description="The version of the text that was agreed to.")
