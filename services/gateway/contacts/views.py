"""What is told of people: their addresses, masked or not, and their words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import ConfigDict, Field, JsonValue

from libs.contacts.consent import CHANNELS, PURPOSES, PermissionReason, may_write
from libs.contacts.masks import masked_address, masked_name
from libs.contacts.person import Consent, KeptAddress, Person
from libs.messages.content import ChannelName, Purpose
from services.gateway.views import EXAMPLE_MEMBER, View

_EXAMPLE_ADDRESS: JsonValue = {
    "id": "9f86d081884c7d659a2feaa0c55ad015",
    "channel": "email",
    "address": "a•••@e•••.org",
    "alive": True,
    "reason": None,
    "changed_at": "2024-03-01T09:00:00Z",
    "reached_at": None,
}
_EXAMPLE_WORD: JsonValue = {
    "purpose": "marketing",
    "channel": "email",
    "given": True,
    "at": "2024-03-01T09:00:00Z",
    "source": "till 3",
    "text_version": "2",
}

_EXAMPLE_QUESTION: JsonValue = {
    "purpose": "marketing",
    "channel": "email",
    "source": "page spring",
    "text": "Yes, write to me about offers by e-mail.",
    "text_version": "page-9f86d081884c7d65",
    "asked_at": "2024-03-01T08:59:00Z",
    "until": "2024-03-08T08:59:00Z",
    "confirmed_at": None,
}


class AddressView(View):
    """Where a channel reaches the member."""

    id: str = Field(description="By what the address is named to us; tells nothing about it.")
    channel: ChannelName
    address: str
    alive: bool = Field(description="Whether it is written to.")
    reason: str | None = Field(description="Why it is not.")
    changed_at: datetime = Field(description="Since when it is, or is not.")
    reached_at: datetime | None = Field(description="When a message last arrived.")


class ContactsView(View):
    """Who a member is and where they are reached."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "masked": True,
                "given_name": "A•••",
                "family_name": None,
                "language": "cs-CZ",
                "zone": "Europe/Prague",
                "country": "CZ",
                "addresses": [_EXAMPLE_ADDRESS],
            }
        }
    )

    member_id: str
    masked: bool = Field(description="Whether names and addresses are shown in part only.")
    given_name: str | None
    family_name: str | None
    language: str | None
    zone: str | None
    country: str | None
    addresses: tuple[AddressView, ...]


class WordView(View):
    """A word of the member, with its proof."""

    purpose: Purpose
    channel: ChannelName
    given: bool
    at: datetime = Field(description="When it was said.")
    source: str = Field(description="Where it was said.")
    text_version: str = Field(description="The version of the text that was agreed to; empty for none.")


class PermissionView(View):
    """Whether the member may be written to for a purpose on a channel."""

    purpose: Purpose
    channel: ChannelName
    allowed: bool
    reason: PermissionReason


class QuestionView(View):
    """What was ticked on a page; it counts from the moment at which the owner of the address confirmed it."""

    purpose: Purpose
    channel: ChannelName
    source: str = Field(description="Where it was ticked.")
    text: str = Field(description="What stood beside it.")
    text_version: str = Field(description="The version of that text.")
    asked_at: datetime = Field(description="When it was ticked, and a mail asked for a confirmation.")
    until: datetime = Field(description="Until when the link in that mail is good.")
    confirmed_at: datetime | None = Field(description="When it was confirmed; null: it was not.")


class ConsentsView(View):
    """What a member agreed to, what follows from it, and every word so far, the latest recorded first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "permissions": [
                    {"purpose": "marketing", "channel": "email", "allowed": True, "reason": "agreed"},
                    {"purpose": "marketing", "channel": "sms", "allowed": False, "reason": "never-agreed"},
                ],
                "history": [_EXAMPLE_WORD],
                "asked": [_EXAMPLE_QUESTION],
            }
        }
    )

    member_id: str
    permissions: tuple[PermissionView, ...]
    history: tuple[WordView, ...]
    asked: tuple[QuestionView, ...] = Field(description="What waits for a confirmation by mail, or had one.")


def contacts_view(member_id: str, person: Person, addresses: Iterable[KeptAddress], *, masked: bool) -> ContactsView:
    """Tell who a member is and where they are reached."""
    names = (person.given_name, person.family_name)
    given, family = [masked_name(name) for name in names] if masked else names
    return ContactsView(
        member_id=member_id,
        masked=masked,
        given_name=given,
        family_name=family,
        language=person.language,
        zone=person.zone,
        country=person.country,
        addresses=tuple(
            [
                AddressView(
                    id=each.digest.hex(),
                    channel=each.channel,
                    address=masked_address(each.channel, each.value) if masked else each.value,
                    alive=each.alive,
                    reason=each.reason,
                    changed_at=each.changed_at,
                    reached_at=each.reached_at,
                )
                for each in addresses
            ]
        ),
    )


def consents_view(member_id: str, history: list[Consent], asked: Iterable[QuestionView]) -> ConsentsView:
    """Tell what a member agreed to."""
    person = Person(consents=tuple(history))
    permissions = [
        (purpose, channel, may_write(person, purpose, channel)) for purpose in PURPOSES for channel in CHANNELS
    ]
    return ConsentsView(
        member_id=member_id,
        permissions=tuple(
            [
                PermissionView(purpose=purpose, channel=channel, allowed=found.allowed, reason=found.reason)
                for purpose, channel, found in permissions
            ]
        ),
        history=tuple(
            [
                WordView(
                    purpose=each.purpose,
                    channel=each.channel,
                    given=each.given,
                    at=each.at,
                    source=each.source,
                    text_version=each.text_version,
                )
                for each in reversed(history)
            ]
        ),
        asked=tuple(asked),
    )
