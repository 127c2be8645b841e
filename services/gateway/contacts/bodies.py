"""What callers send of people: the same as profile events tell of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from libs.contacts.addresses import AddressedChannel
from libs.contracts.events.person import AddressText, Country, Language, NameText
from libs.contracts.primitives import Name64, Name128, Text64
from libs.messages.content import ChannelName, Purpose
from services.gateway.door.parameters import Instant
from services.gateway.rules.bodies import Body


class PersonBody(Body):
    """Whom to address, and how."""

    given_name: Annotated[NameText | None, Field(description="Given name.")] = None
    family_name: Annotated[NameText | None, Field(description="Family name.")] = None
    language: Annotated[Language | None, Field(description="In which language to write: `cs`, `en-GB`.")] = None
    zone: Annotated[Text64 | None, Field(description="The member's own time zone, of IANA's list.")] = None
    country: Annotated[
        Country | None, Field(description="ISO 3166-1; where a phone number without a country is from.")
    ] = None


class ContactBody(Body):
    """An address of the member, or with `gone` one that is no more."""

    channel: Annotated[AddressedChannel, Field(description="Which channel reaches the member there; `file`: letters.")]
    address: Annotated[
        AddressText,
        Field(description="A mail address, a phone number, a device's token, or the lines of an envelope."),
    ]
    gone: Annotated[bool, Field(description="Whether the member is not there any more.")] = False


class TellingBody(Body):
    """What is told of a person."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "person": {"given_name": "Anna", "language": "cs-CZ", "zone": "Europe/Prague", "country": "CZ"},
                "contacts": [
                    {"channel": "email", "address": "anna@example.org"},
                    {"channel": "sms", "address": "601 123 456"},
                ],
            }
        }
    )

    person: PersonBody | None = None
    contacts: Annotated[
        tuple[ContactBody, ...], Field(max_length=32, description="Addresses that are new, or that are no more.")
    ] = ()


class ConsentBody(Body):
    """A word of the member: on a purpose, on a channel."""

    purpose: Annotated[Purpose, Field(description="What the member agrees to, or not.")]
    channel: Annotated[ChannelName, Field(description="On which channel.")]
    given: Annotated[bool, Field(description="Whether the member agrees.")]
    at: Annotated[Instant | None, Field(description="When it was said; without it, now.")] = None
    source: Annotated[Name128 | None, Field(description="Where it was said; without it, the name of your key.")] = None
    text_version: Annotated[Name64 | None, Field(description="The version of the text that was agreed to.")] = None


class ConsentsBody(Body):
    """Words of a member, in the order in which they were said."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "consents": [
                    {
                        "purpose": "marketing",
                        "channel": "email",
                        "given": True,
                        "source": "till 3",
                        "text_version": "2",
                    },
                    {"purpose": "marketing", "channel": "sms", "given": False},
                ]
            }
        }
    )

    consents: Annotated[
        tuple[ConsentBody, ...],
        Field(min_length=1, max_length=32, description="The words; of several on the same the one said last counts."),
    ]


class SuppressBody(Body):
    """Why an address is written to no more."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "belongs to somebody else"}})

    reason: Annotated[Name64, Field(description="In words; no personal data.")]
