"""What is answered about messages that wait for a member."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from services.gateway.inbox.store import Waiting
from services.gateway.views import Page, View

_EXAMPLE: dict[str, JsonValue] = {
    "id": "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50",
    "state": "unread",
    "title": "120 points lapse on 31 March",
    "text": "Use them by then.",
    "link": "https://shop.example.com/points",
    "language": "en",
    "sent_at": "2024-03-02T10:00:00Z",
    "expires_at": "2024-03-31T22:00:00Z",
    "read_at": None,
}


class InboxMessageView(View):
    """A message in a member's inbox, or for the till."""

    model_config = ConfigDict(json_schema_extra={"example": dict(_EXAMPLE)})

    id: UUID
    state: Literal["unread", "read", "expired"] = Field(description="`expired`: of no use any more, read or not.")
    title: str
    text: str
    link: str | None = Field(description="Where the member goes on from here.")
    language: str
    sent_at: datetime
    expires_at: datetime | None = Field(description="Until when it is of use.")
    read_at: datetime | None = Field(description="When the member first read it.")

    @classmethod
    def of(cls, waiting: Waiting, now: datetime) -> InboxMessageView:
        """Tell a message as it is now."""
        content = waiting.content
        expired = waiting.expires_at is not None and waiting.expires_at <= now
        return cls(
            id=waiting.message_id,
            state="expired" if expired else "unread" if waiting.read_at is None else "read",
            title=content.title,
            text=content.text,
            link=content.link,
            language=content.language,
            sent_at=waiting.sent_at,
            expires_at=waiting.expires_at,
            read_at=waiting.read_at,
        )


class InboxPage(Page[InboxMessageView]):
    """A page of an inbox, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [dict(_EXAMPLE)], "next_cursor": None, "has_more": False, "unread": 1}}
    )

    unread: int = Field(description="How many wait to be read in all.")


class TillMessagesView(View):
    """What a till shows a member, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [dict(_EXAMPLE)]}})

    data: tuple[InboxMessageView, ...]
