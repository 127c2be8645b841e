"""The operations of an app's inbox, and what a till shows the member."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from services.gateway.door.access import Caller, MembersReader, MembersWriter
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.inbox.store import Asked, InboxStore, Whose
from services.gateway.inbox.views import InboxMessageView, InboxPage, TillMessagesView
from services.gateway.members.lookup import one_member

router = APIRouter(prefix="/v1", tags=["messages"])
MessageId = Annotated[UUID, Path(description="The message's id.", examples=["0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"])]
_OF_MEMBER = ("member-unknown", "programme-needed", "request-invalid")


@router.get(
    "/members/{member_id}/inbox",
    operation_id="listInbox",
    summary="A member's inbox, newest first",
    responses=refusals(*_OF_MEMBER, "cursor-invalid"),
)
async def list_inbox(
    request: Request,
    response: Response,
    caller: MembersReader,
    member_id: MemberId,
    unread: Annotated[bool, Query(description="Only what was not read.")] = False,
    expired: Annotated[bool, Query(description="What is of no use any more, too.")] = False,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> InboxPage:
    """List the messages that wait in the app of a member, and those that were read."""
    listing = f"inbox {caller.tenant_id} {member_id} {programme or ''} {unread} {expired}"
    place = read_place(caller.parts.cursors, cursor, listing)
    after = (place.recorded_at, place.receipt) if place and place.recorded_at and place.receipt else None
    whose, now = await _whose(caller, member_id, programme), caller.parts.clock.now()
    asked = Asked("inbox", now, expired=expired, read=not unread)
    found = await _store(request).messages(whose, asked, after, limit + 1)
    more, found = len(found) > limit, found[:limit]
    last = Place(0, found[-1].sent_at, found[-1].message_id) if more else None
    following = None if last is None else caller.parts.cursors.write(last, listing)
    link_next(request, response, following)
    return InboxPage(
        data=tuple(InboxMessageView.of(each, now) for each in found),
        next_cursor=following,
        has_more=more,
        unread=await _store(request).unread(whose, now),
    )


@router.post(
    "/members/{member_id}/inbox/{message_id}:read",
    operation_id="readInboxMessage",
    summary="Note that a message was read",
    responses=refusals(*_OF_MEMBER, "message-unknown"),
)
async def read_inbox_message(
    request: Request, caller: MembersWriter, member_id: MemberId, message_id: MessageId, programme: ProgrammeSlug = None
) -> InboxMessageView:
    """Note that a member has read a message; the first time counts."""
    now = caller.parts.clock.now()
    found = await _store(request).read(await _whose(caller, member_id, programme), message_id, now)
    if found is None:
        raise ProblemError("message-unknown")
    return InboxMessageView.of(found, now)


@router.get(
    "/members/{member_id}/till-messages",
    operation_id="listTillMessages",
    summary="What a till shows a member",
    responses=refusals(*_OF_MEMBER),
)
async def list_till_messages(
    request: Request, caller: MembersReader, member_id: MemberId, limit: Limit = 3, programme: ProgrammeSlug = None
) -> TillMessagesView:
    """List the short texts that are of use now, newest first, to be shown or printed with a receipt."""
    whose, now = await _whose(caller, member_id, programme), caller.parts.clock.now()
    found = await _store(request).messages(whose, Asked("till", now), None, limit)
    return TillMessagesView(data=tuple(InboxMessageView.of(each, now) for each in found))


async def _whose(caller: Caller, member_id: UUID, programme: str | None) -> Whose:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    return Whose(caller.tenant_id, member.programme_id, member.member_id)


def _store(request: Request) -> InboxStore:
    store: InboxStore = request.app.state.inbox
    return store
