"""What callers send and are told of chats."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.gateway.chat.desk import Seen
from services.gateway.chat.store import Counts, Listed, Message
from services.gateway.chat.talk import Talk
from services.gateway.chat.terms import EXAMPLE, MOST_TEXT, Said, Terms, spoken
from services.gateway.rules.bodies import Body
from services.gateway.views import EXAMPLE_MEMBER, Page, View

_MESSAGE: JsonDict = {
    "message_id": "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50",
    "number": 1041,
    "from": "member",
    "text": "Where is my parcel?",
    "said_at": "2024-03-02T10:00:00Z",
}
_ANSWER: JsonDict = _MESSAGE | {
    "message_id": "5d0b7c1e-20a4-4d0c-9d8e-0a3f5b1c2d3e",
    "number": 1042,
    "from": "staff",
    "text": "It is on its way.",
    "said_at": "2024-03-02T10:00:41Z",
}
_STAFF: JsonDict = {"by": "call centre (9f3a5c7e1b2d4f60)"}
_CHAT: JsonDict = {
    "member_id": EXAMPLE_MEMBER,
    "programme": "main",
    "open": True,
    "greeting": "Mondays to Fridays we answer at once.",
    "state": "open",
    "unread": 1,
    "data": [_MESSAGE, _ANSWER],
}
_TALK: JsonDict = {
    "member_id": EXAMPLE_MEMBER,
    "programme": "main",
    "state": "open",
    "state_at": "2024-03-02T10:00:00Z",
    "state_by": None,
    "assigned_to": "call centre (9f3a5c7e1b2d4f60)",
    "unread": 0,
    "unread_since": None,
    "last_at": "2024-03-02T10:00:41Z",
    "member_read": 1041,
}


class MessageBody(Body):
    """What is said."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"text": "Where is my parcel?", "message_id": "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"}
        }
    )

    text: Said = Field(description=f"The words, at most {MOST_TEXT} characters of plain text.")
    message_id: UUID = Field(description="An id of the sender's: sent again under it, the message is said once.")


class ReadBody(Body):
    """How far a member has read."""

    model_config = ConfigDict(json_schema_extra={"example": {"number": 1042}})

    number: Annotated[int, Field(ge=0, lt=2**63, description="The `number` of the last message that was seen.")]


class DeskBody(Terms):
    """Whether members may write, what greets them, and answers that are ready."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})


class ChatMessageView(View):
    """A message, as the member may see it."""

    model_config = ConfigDict(json_schema_extra={"example": _MESSAGE}, populate_by_name=True)

    message_id: UUID
    number: int = Field(description="Grows from message to message, with gaps.")
    said_from: Literal["member", "staff"] = Field(alias="from", description="Who said it.")
    text: str
    said_at: datetime

    @classmethod
    def of(cls, message: Message) -> Self:
        """Tell a message."""
        return cls(
            message_id=message.message_id,
            number=message.number,
            said_from="member" if message.said_by is None else "staff",
            text=message.text,
            said_at=message.said_at,
        )


class StaffMessageView(ChatMessageView):
    """A message, as the staff sees it."""

    model_config = ConfigDict(json_schema_extra={"example": _ANSWER | _STAFF})

    by: str | None = Field(default=None, description="Who of the staff said it: the key's name and id.")

    @classmethod
    def of(cls, message: Message) -> Self:
        """Tell a message with who said it."""
        return cls(**dict(ChatMessageView.of(message)), by=message.said_by)


class MemberChatView(View):
    """A member's chat, as the member may see it."""

    model_config = ConfigDict(json_schema_extra={"example": _CHAT})

    member_id: UUID
    programme: str
    open: bool = Field(description="Whether the member may write now.")
    greeting: str = Field(description="What the programme says above it.")
    state: Literal["none", "open", "closed"] = Field(
        description="`none`: nothing was ever said. What is `closed` goes on when somebody writes."
    )
    unread: int = Field(description="Answers that the member has not seen, as far as was told.")
    data: tuple[ChatMessageView, ...] = Field(description="The messages that were asked for, in their order.")

    @classmethod
    def seen(cls, member_id: UUID, programme: str, seen: Seen, language: str) -> Self:
        """Tell a chat."""
        return cls(
            member_id=member_id,
            programme=programme,
            open=seen.terms.open,
            greeting=spoken(seen.terms.greeting, language),
            state="none" if seen.talk is None else seen.talk.state,
            unread=seen.unread,
            data=tuple(map(ChatMessageView.of, seen.messages)),
        )


class TalkView(View):
    """How a chat stands, for the staff."""

    model_config = ConfigDict(json_schema_extra={"example": _TALK})

    member_id: UUID
    programme: str
    state: Literal["open", "closed"]
    state_at: datetime = Field(description="Since when.")
    state_by: str | None = Field(description="Who of the staff closed or reopened it; null: the member, or silence.")
    assigned_to: str | None = Field(description="Who has taken it on.")
    unread: int = Field(description="Messages of the member that wait for an answer.")
    unread_since: datetime | None = Field(description="Since when the first of them waits.")
    last_at: datetime = Field(description="When something was said last.")
    member_read: int = Field(description="The `number` of the last message that the member is known to have seen.")

    @classmethod
    def of(cls, member_id: UUID, programme: str, talk: Talk) -> Self:
        """Tell how a talk stands."""
        return cls(
            member_id=member_id,
            programme=programme,
            state=talk.state,
            state_at=talk.state_at,
            state_by=talk.state_by,
            assigned_to=None if talk.assigned is None else talk.assigned.label,
            unread=talk.unread,
            unread_since=talk.unread_since,
            last_at=talk.last_at,
            member_read=talk.member_read,
        )

    @classmethod
    def listed(cls, one: Listed) -> Self:
        """Tell a talk of a list."""
        return cls.of(one.shown_id, one.programme, one.talk)


class StaffChatView(TalkView):
    """A chat with some of its messages, for the staff."""

    model_config = ConfigDict(
        json_schema_extra={"example": _TALK | {"data": [_MESSAGE | {"by": None}, _ANSWER | _STAFF]}}
    )

    data: tuple[StaffMessageView, ...] = Field(description="The messages that were asked for, in their order.")


class ChatsPage(Page[TalkView]):
    """Chats of a company: who waits longest first, then what was said last."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [_TALK], "next_cursor": None, "has_more": False, "open": 7, "unread": 2, "mine": 1,
            }
        }
    )  # fmt: skip

    open: int = Field(description="How many are open in all.")
    unread: int = Field(description="How many of them wait for an answer.")
    mine: int = Field(description="How many of them whoever asks has taken on.")

    @classmethod
    def of(cls, found: list[Listed], counts: Counts, cursor: str | None) -> Self:
        """Tell a page."""
        data = tuple(map(TalkView.listed, found))
        return cls(data=data, next_cursor=cursor, has_more=cursor is not None, **counts._asdict())


class DeskView(View):
    """Whether members may write, what greets them, and answers that are ready."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE | {"programme": "main"}})

    programme: str
    open: bool
    greeting: dict[str, str]
    answers: tuple[dict[str, str | dict[str, str]], ...] = Field(description="Each with its `name` and its `texts`.")

    @classmethod
    def of(cls, programme: str, terms: Terms) -> Self:
        """Tell it."""
        return cls(programme=programme, **terms.model_dump())
