"""The operations on messages: what a member was told and why, one message, and what comes back."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from libs.deliveries import postgres as deliveries
from libs.deliveries.bounces import LONGEST, read_report
from libs.messages.content import ChannelName
from services.gateway.door.access import EventsWriter, MembersReader
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_before, write_before
from services.gateway.door.parameters import CursorText, Language, Limit, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.intake.bodies import read_raw
from services.gateway.members.lookup import one_member
from services.gateway.messages.desk import MessageDesk
from services.gateway.messages.views import MessagesPage, MessageView, ReportTaken, message_view

router = APIRouter(prefix="/v1", tags=["messages"])
MEDIA = "message/rfc822"
_RAW = {
    "requestBody": {
        "description": "The mail as it came.",
        "required": True,
        "content": {
            MEDIA: {
                "schema": {"type": "string", "description": "The mail as the mailbox has it."},
                "example": "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x …",
            }
        },
    }
}
MessageId = Annotated[UUID, Path(description="The message's id.", examples=["3b9c2f61-8d4e-5a70-9c1b-7e2d6f8a0b13"])]


@router.get(
    "/members/{member_id}/messages",
    operation_id="listMemberMessages",
    summary="What a member was told, what not, and why",
    responses=refusals("cursor-invalid", "member-unknown", "request-invalid", "programme-needed"),
)
async def list_member_messages(
    request: Request,
    response: Response,
    caller: MembersReader,
    member_id: MemberId,
    language: Language,
    limit: Limit = 50,
    cursor: CursorText = None,
    message: Annotated[
        str | None, Query(max_length=64, description="Only this message.", examples=["expiry_reminder"])
    ] = None,
    channel: Annotated[ChannelName | None, Query(description="Only over this channel.", examples=["email"])] = None,
    programme: ProgrammeSlug = None,
) -> MessagesPage:
    """List the messages of a member over all channels, newest first, with every decision about them."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        listing = f"messages {caller.tenant_id} {member.programme_id} {member_id} {message} {channel}"
        before = read_before(caller.parts.cursors, cursor, listing)
        name = (caller.tenant_id, member.programme_id, member_id)
        found = await deliveries.of_member(
            reading.connection, name, before=before, most=limit + 1, message=message, channel=channel
        )
    more, found = len(found) > limit, found[:limit]
    following = None
    if more:
        following = write_before(caller.parts.cursors, (found[-1].queued_at, found[-1].delivery_id), listing)
    link_next(request, response, following)
    shown = tuple([message_view(each, language) for each in found])
    return MessagesPage(data=shown, next_cursor=following, has_more=more)


@router.get(
    "/messages/{message_id}",
    operation_id="getMessage",
    summary="One message, and every decision about it",
    responses=refusals("message-unknown", "request-invalid"),
)
async def get_message(caller: MembersReader, message_id: MessageId, language: Language) -> MessageView:
    """Tell how a message stands, why, and what was decided about it from the beginning."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await deliveries.one(reading.connection, caller.tenant_id, message_id)
    if found is None:
        raise ProblemError("message-unknown")
    return message_view(found, language)


@router.post(
    "/messages/reports",
    operation_id="reportMail",
    summary="Hand over a mail that came back",
    status_code=202,
    responses=refusals("body-too-large", "body-too-slow", "media-type-unsupported"),
    openapi_extra=_RAW,
)
async def report_mail(request: Request, caller: EventsWriter) -> ReportTaken:
    """Take a bounce (DSN, RFC 3464) or a complaint (ARF, RFC 5965) as its mailbox got it.

    What it says is applied within seconds: an address where nobody is, or whose owner complained, is written to no
    more. A mail that is no report counts for nothing, and the same report twice counts once.
    """
    raw = await read_raw(request, MEDIA, LONGEST)
    reports = await asyncio.to_thread(read_report, raw)
    desk: MessageDesk = request.app.state.messages
    await desk.take(caller.tenant_id, reports)
    counts = {kind: sum(each.kind == kind for each in reports) for kind in ReportTaken.model_fields}
    return ReportTaken(**counts)
