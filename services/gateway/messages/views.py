"""What the API answers about messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.deliveries.texts import entry_in_words, in_words, reason_in_words
from libs.deliveries.told import Told
from services.gateway.views import EXAMPLE_MEMBER, View

_DECISION: JsonDict = {
    "at": "2024-03-24T08:00:05Z",
    "state": "suppressed",
    "reason": "no_consent",
    "detail": None,
    "until": None,
    "words": "was not sent: The member never agreed to messages of this purpose on this channel.",
}
_MESSAGE: JsonDict = {
    "programme": "main",
    "member_id": EXAMPLE_MEMBER,
    "message_id": "3b9c2f61-8d4e-5a70-9c1b-7e2d6f8a0b13",
    "message": "expiry_reminder",
    "occasion": "points@2024-03-31T22:00:00Z/7d",
    "channel": "email",
    "purpose": "service",
    "state": "suppressed",
    "reason": "no_consent",
    "words": "Reminder that points lapse, Email: was not sent. "
    "The member never agreed to messages of this purpose on this channel.",
    "route": ["sms"],
    "facts": {"wallet": "points", "points": 840, "last_day": "2024-03-31"},
    "language": None,
    "attempts": 0,
    "queued_at": "2024-03-24T08:00:03Z",
    "due_at": "2024-03-24T08:00:03Z",
    "useful_until": "2024-03-31T22:00:00Z",
    "handed_at": None,
    "delivered_at": None,
    "opened_at": None,
    "clicked_at": None,
    "ended_at": "2024-03-24T08:00:05Z",
    "decisions": [_DECISION],
}


class DecisionView(View):
    """One decision or answer about a message."""

    at: datetime
    state: str = Field(description="How the message stood from then on.")
    reason: str | None = Field(description="Why, for programs; null where there is nothing to say.")
    detail: str | None = Field(description="What the carrier answered, without personal data.")
    until: datetime | None = Field(description="When it is looked at again, where it waits.")
    words: str = Field(description="The same in a sentence.")


class MessageView(View):
    """One message to a member over one channel, with everything that was decided about it."""

    model_config = ConfigDict(json_schema_extra={"example": _MESSAGE})

    programme: str
    member_id: UUID
    message_id: UUID = Field(description="The same at every attempt; events on `loyalty.messages` carry it.")
    message: str = Field(description="Which message it is.")
    occasion: str = Field(description="What it is about; the same thing is told once.")
    channel: str
    purpose: str = Field(description="What consent it takes.")
    state: str = Field(
        description="`waiting`, `postponed`, `sending`, `handed`, `delivered`, `opened`, `clicked`, `bounced`, "
        "`failed` or `suppressed`."
    )
    reason: str | None = Field(description="Why it stands so, for programs.")
    words: str = Field(description="How it stands, why, and what comes next.")
    route: tuple[str, ...] = Field(description="The channels that are tried if this one reaches nobody.")
    facts: dict[str, Any] = Field(description="What the event said that it is about.")
    language: str | None = Field(description="The language that it was written in, once it was.")
    attempts: int
    queued_at: datetime
    due_at: datetime = Field(description="Not looked at before.")
    useful_until: datetime | None = Field(description="Of no use from then on.")
    handed_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    ended_at: datetime | None = Field(description="When it came back, was given up or was suppressed.")
    decisions: tuple[DecisionView, ...] = Field(description="All of them in their order; of many, the last ones.")


class MessagesPage(View):
    """A page of messages, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [_MESSAGE], "next_cursor": None, "has_more": False}}
    )

    data: tuple[MessageView, ...]
    next_cursor: str | None
    has_more: bool


class ReportTaken(View):
    """What was read from a mail that came back."""

    model_config = ConfigDict(json_schema_extra={"example": {"bounced": 1, "complained": 0, "delivered": 0}})

    bounced: int = Field(description="Messages that came back.")
    complained: int = Field(description="Messages that their readers complained of.")
    delivered: int = Field(description="Messages that arrived.")


def message_view(told: Told, language: str) -> MessageView:
    """Return what is answered about a message."""
    plain = {name: getattr(told, name) for name in MessageView.model_fields if hasattr(told, name)}
    decisions = tuple(
        [
            DecisionView(
                at=each.at,
                state=each.state,
                reason=each.reason,
                detail=each.detail,
                until=each.until,
                words=entry_in_words(each, language),
            )
            for each in told.trail
        ]
    )
    own = {"message_id": told.delivery_id, "words": in_words(told, language), "decisions": decisions}
    return MessageView.model_validate(plain | own)


def why(told: Told, language: str) -> str:
    """The reason of a message in words; a dash where there is none."""
    return reason_in_words(told.reason, language) or "\u2013"
