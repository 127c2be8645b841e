"""Messages: what members were told, and what became of it. No event says what a message says, or where it went."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import Ge, Le
from pydantic import Field

from libs.contracts.primitives import Instant, Name64, Name256, Payload, Text32, Text64

ChannelName = Literal["email", "sms", "push", "web_push", "webhook", "http", "inbox", "till", "file"]


class _Message(Payload):
    """One message to one member over one channel."""

    member_id: UUID = Field(description="Whom it is for.")
    message_id: UUID = Field(description="Names the message on this channel, at every attempt.")
    message: Name64 = Field(description="What kind of message it is, such as `expiry_reminder`.")
    occasion: Name256 = Field(description="What it is about; the same thing is told once.")
    channel: ChannelName = Field(description="The way it takes.")
    purpose: Literal["service", "marketing", "profiling", "location"] = Field(description="What consent it needs.")


class MessageQueuedV1(_Message):
    """A message is to be sent; whether it may is decided when it is."""

    event_type: ClassVar[str] = "org.pointstream.message.queued.v1"

    due_at: Instant = Field(description="Not before then.")


class MessageSentV1(_Message):
    """A message was handed to whoever carries it."""

    event_type: ClassVar[str] = "org.pointstream.message.sent.v1"

    sent_at: Instant = Field(description="When.")
    language: Text32 | None = Field(default=None, description="The language that it was written in.")
    attempt: Annotated[int, Ge(1), Le(1_000_000)] = Field(description="How many attempts that took.")
    provider_id: Text64 | None = Field(default=None, description="What its carrier calls it.")


class MessageDeliveredV1(_Message):
    """The carrier says that a message arrived."""

    event_type: ClassVar[str] = "org.pointstream.message.delivered.v1"

    delivered_at: Instant = Field(description="When.")


class MessageOpenedV1(_Message):
    """The member opened a message, for the first time that is known."""

    event_type: ClassVar[str] = "org.pointstream.message.opened.v1"

    opened_at: Instant = Field(description="When.")


class MessageClickedV1(_Message):
    """The member followed a link of a message, for the first time."""

    event_type: ClassVar[str] = "org.pointstream.message.clicked.v1"

    clicked_at: Instant = Field(description="When.")


class MessageBouncedV1(_Message):
    """A message came back, or its reader complained about it."""

    event_type: ClassVar[str] = "org.pointstream.message.bounced.v1"

    bounced_at: Instant = Field(description="When.")
    reason: Text64 = Field(description="Why: the address is dead, was full, or its owner complained.")


class MessageFailedV1(_Message):
    """A message was given up: nobody takes it."""

    event_type: ClassVar[str] = "org.pointstream.message.failed.v1"

    failed_at: Instant = Field(description="When.")
    reason: Text64 = Field(description="Why.")


class MessageSuppressedV1(_Message):
    """A message was not sent, on purpose: no consent, untrue by now, of no use any more."""

    event_type: ClassVar[str] = "org.pointstream.message.suppressed.v1"

    suppressed_at: Instant = Field(description="When.")
    reason: Text64 = Field(description="Why.")
