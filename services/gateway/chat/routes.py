"""The operations on chats: an app's for its members, the staff's, and what a programme says of its chat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from libs.contacts.vault import MemberName
from services.gateway.chat import store
from services.gateway.chat.bells import MOST_SECONDS
from services.gateway.chat.desk import Said, desk_of, name_of
from services.gateway.chat.store import Listed, Place, Span, Which
from services.gateway.chat.talk import Staff, Talk
from services.gateway.chat.views import (
    ChatMessageView,
    ChatsPage,
    DeskBody,
    DeskView,
    MemberChatView,
    MessageBody,
    ReadBody,
    StaffChatView,
    StaffMessageView,
    TalkView,
)
from services.gateway.door.access import Caller, ChatStaff, MembersReader, MembersWriter, RulesPublisher
from services.gateway.door.cursors import Place as CursorPlace
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Language, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.quotes.api import one_programme
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import who
from services.gateway.store import Member

router = APIRouter(prefix="/v1", tags=["chats"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_OF_MEMBER = ("member-unknown", "programme-needed", "request-invalid")
_SAYING = ("member-unknown", "programme-needed", "member-erased", "message-taken", *_BODY)
_TURNING = (*_OF_MEMBER, "chat-unknown", "member-erased")
After = Annotated[int | None, Query(ge=0, lt=2**63, description="Only messages above this `number`, from the first.")]
Before = Annotated[int | None, Query(ge=0, lt=2**63, description="Only messages below this `number`, the last.")]
Wait = Annotated[
    int,
    Query(
        ge=0,
        le=MOST_SECONDS,
        description="Seconds to wait, with `after`, until something happens; at once where it has.",
    ),
]
Messages = Annotated[int, Query(ge=1, le=200, alias="limit", description="Messages at once.")]


@router.get(
    "/members/{member_id}/chat",
    operation_id="getMemberChat",
    summary="A member's chat, as the member sees it",
    responses=refusals(*_OF_MEMBER),
)
async def get_member_chat(
    request: Request,
    caller: MembersReader,
    member_id: MemberId,
    language: Language,
    after: After = None,
    before: Before = None,
    wait: Wait = 0,
    limit: Messages = 100,
    programme: ProgrammeSlug = None,
) -> MemberChatView:
    """Tell what the member and the staff wrote to each other: the last messages, or those after or before one.

    An app asks with `after` and `wait`, again and again: it has an answer within a second.
    """
    member, name = await _member(caller, member_id, programme)
    seen = await desk_of(request).look(name, Span(after, before, limit), wait)
    return MemberChatView.seen(name[2], member.programme, seen, language)


@router.post(
    "/members/{member_id}/chat/messages",
    operation_id="sendMemberMessage",
    summary="A member writes to the staff",
    status_code=201,
    responses=refusals(*_SAYING, "chat-away", "chat-waits"),
    openapi_extra=body_of(MessageBody),
)
async def send_member_message(
    request: Request, caller: MembersWriter, member_id: MemberId, programme: ProgrammeSlug = None
) -> ChatMessageView:
    """Say something for a member. The words are sealed under the member's own key, and in no topic and no log.

    A member may write twenty messages a minute, and fifty without an answer.
    """
    body = await read_body(request, MessageBody)
    _, name = await _member(caller, member_id, programme)
    return ChatMessageView.of(await desk_of(request).say(name, Said(body.message_id, body.text)))


@router.post(
    "/members/{member_id}/chat:read",
    operation_id="readMemberChat",
    summary="Note how far a member has read",
    responses=refusals(*_TURNING, *_BODY),
    openapi_extra=body_of(ReadBody),
)
async def read_member_chat(
    request: Request, caller: MembersWriter, member_id: MemberId, language: Language, programme: ProgrammeSlug = None
) -> MemberChatView:
    """Note that a member has seen all messages up to one; the staff sees that, and it counts as unread no more."""
    body = await read_body(request, ReadBody)
    member, name = await _member(caller, member_id, programme)
    await desk_of(request).turn(name, lambda talk, now: talk.seen(body.number, now))
    seen = await desk_of(request).look(name, Span())
    return MemberChatView.seen(name[2], member.programme, seen, language)


@router.get("/chats", operation_id="listChats", summary="Chats of all members", responses=refusals(
    "cursor-invalid", "request-invalid"))  # fmt: skip
async def list_chats(
    request: Request,
    response: Response,
    caller: ChatStaff,
    state: Annotated[Literal["open", "closed"], Query(description="In which state.")] = "open",
    unread: Annotated[bool, Query(description="Only those that wait for an answer.")] = False,
    mine: Annotated[bool, Query(description="Only those that whoever asks has taken on.")] = False,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> ChatsPage:
    """List chats: those that wait for an answer first, the longest of them at the top, then what was said last."""
    listing = f"chats {caller.tenant_id} {programme or ''} {state} {unread} {mine}"
    place = read_place(caller.parts.cursors, cursor, listing)
    which = Which(programme, state, unread, caller.key.key_id if mine else None)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        after = _place(place)
        found = await store.load_list(reading.connection, caller.tenant_id, which, after, limit + 1)
        counts = await store.load_counts(reading.connection, caller.tenant_id, caller.key.key_id)
    more, found = len(found) > limit, found[:limit]
    following = caller.parts.cursors.write(_cursor(found[-1]), listing) if more else None
    link_next(request, response, following)
    return ChatsPage.of(found, counts, following)


@router.get(
    "/chats/{member_id}",
    operation_id="getChat",
    summary="A chat, for the staff",
    responses=refusals(*_OF_MEMBER, "chat-unknown"),
)
async def get_chat(
    request: Request,
    caller: ChatStaff,
    member_id: MemberId,
    after: After = None,
    before: Before = None,
    wait: Wait = 0,
    limit: Messages = 100,
    programme: ProgrammeSlug = None,
) -> StaffChatView:
    """Tell how a chat stands, and the last messages, or those after or before one, with who of the staff said what."""
    member, name = await _member(caller, member_id, programme)
    seen = await desk_of(request).look(name, Span(after, before, limit), wait)
    if seen.talk is None:
        raise ProblemError("chat-unknown")
    head = TalkView.of(name[2], member.programme, seen.talk)
    return StaffChatView(**dict(head), data=tuple(map(StaffMessageView.of, seen.messages)))


@router.post(
    "/chats/{member_id}/messages",
    operation_id="answerChat",
    summary="The staff writes to a member",
    status_code=201,
    responses=refusals(*_SAYING),
    openapi_extra=body_of(MessageBody),
)
async def answer_chat(
    request: Request, caller: ChatStaff, member_id: MemberId, programme: ProgrammeSlug = None
) -> StaffMessageView:
    """Say something to a member, who sees it at once, or when they look next. Nothing waits for an answer after it.

    A chat that nobody has taken on is then the answerer's. The member is told who answers only by what is written.
    """
    body = await read_body(request, MessageBody)
    _, name = await _member(caller, member_id, programme)
    said = Said(body.message_id, body.text, Staff.of(caller.key))
    return StaffMessageView.of(await desk_of(request).say(name, said))


Turning = Callable[[Talk, Staff, datetime], Talk]


async def _turned(
    request: Request, caller: Caller, member_id: UUID, programme: str | None, turning: Turning
) -> TalkView:
    member, name = await _member(caller, member_id, programme)
    staff = Staff.of(caller.key)
    talk = await desk_of(request).turn(name, lambda found, now: turning(found, staff, now))
    return TalkView.of(name[2], member.programme, talk)


@router.post(
    "/chats/{member_id}:close", operation_id="closeChat", summary="Close a chat", responses=refusals(*_TURNING)
)
async def close_chat(
    request: Request, caller: ChatStaff, member_id: MemberId, programme: ProgrammeSlug = None
) -> TalkView:
    """Close a chat, until somebody writes. Closed ones are forgotten after some months."""
    return await _turned(request, caller, member_id, programme, lambda talk, staff, now: talk.closed(staff.label, now))


@router.post(
    "/chats/{member_id}:reopen", operation_id="reopenChat", summary="Reopen a chat", responses=refusals(*_TURNING)
)
async def reopen_chat(
    request: Request, caller: ChatStaff, member_id: MemberId, programme: ProgrammeSlug = None
) -> TalkView:
    """Let a chat go on that was closed."""
    return await _turned(request, caller, member_id, programme, lambda talk, staff, now: talk.reopened(staff, now))


@router.post(
    "/chats/{member_id}:settle",
    operation_id="settleChat",
    summary="Nothing of a chat needs an answer",
    responses=refusals(*_TURNING),
)
async def settle_chat(
    request: Request, caller: ChatStaff, member_id: MemberId, programme: ProgrammeSlug = None
) -> TalkView:
    """Note that what the member wrote was read, and needs no answer."""
    return await _turned(request, caller, member_id, programme, lambda talk, staff, now: talk.settled())


@router.post(
    "/chats/{member_id}:take", operation_id="takeChat", summary="Take a chat on", responses=refusals(*_TURNING)
)
async def take_chat(
    request: Request, caller: ChatStaff, member_id: MemberId, programme: ProgrammeSlug = None
) -> TalkView:
    """Assign a chat to whoever asks, even where it was another's."""
    return await _turned(request, caller, member_id, programme, lambda talk, staff, now: talk.taken(staff))


@router.post(
    "/chats/{member_id}:leave",
    operation_id="leaveChat",
    summary="Leave a chat to others",
    responses=refusals(*_TURNING),
)
async def leave_chat(
    request: Request, caller: ChatStaff, member_id: MemberId, programme: ProgrammeSlug = None
) -> TalkView:
    """Assign a chat to nobody."""
    return await _turned(request, caller, member_id, programme, lambda talk, staff, now: talk.taken(None))


@router.get(
    "/chat-desk",
    operation_id="getChatDesk",
    summary="What a programme says of its chat",
    responses=refusals("programme-needed", "request-invalid"),
)
async def get_chat_desk(request: Request, caller: ChatStaff, programme: ProgrammeSlug = None) -> DeskView:
    """Tell whether members may write, what greets them, and which answers are ready."""
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    return DeskView.of(running.programme, await desk_of(request).terms(running.key))


@router.put(
    "/chat-desk",
    operation_id="putChatDesk",
    summary="Say whether members may write",
    responses=refusals("programme-needed", *_BODY),
    openapi_extra=body_of(DeskBody),
)
async def put_chat_desk(request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None) -> DeskView:
    """Open the chat of a programme to its members, or close it, with its greeting and the answers that are ready.

    It takes the place of what was said before.
    """
    body = await read_body(request, DeskBody)
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    await desk_of(request).keep(running.key, body, who(caller))
    return DeskView.of(running.programme, body)


async def _member(caller: Caller, member_id: UUID, programme: str | None) -> tuple[Member, MemberName]:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    return member, name_of(caller.tenant_id, member)


def _place(place: CursorPlace | None) -> Place | None:
    if place is None or place.recorded_at is None or place.receipt is None:
        return None
    return Place(place.seq == 0, place.recorded_at, place.receipt)


def _cursor(last: Listed) -> CursorPlace:
    since = last.talk.unread_since
    return CursorPlace(0 if since is not None else 1, since or last.talk.last_at, last.member_id)
