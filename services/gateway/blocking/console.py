"""Blocking a member on their page, and what that shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.blocks.postgres import Block
from libs.language import wording
from services.gateway.blocking.routes import blocks_of
from services.gateway.blocking.texts import BLOCKING
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.members.lookup import one_member
from services.gateway.members.pages import member_path
from services.gateway.site.asked_again import Serious, ask_again, is_sure
from services.gateway.site.console_door import let_in
from services.gateway.site.forms import fields_of
from services.gateway.store import Member

router = APIRouter(include_in_schema=False)
PLACE, SCOPE = "/members", "points:adjust"
_MOST_BYTES = 4_000
_LONGEST = 1_000


@router.post(f"{PLACE}/{{member_id}}/block")
async def turn(request: Request, language: Language, member_id: MemberId, programme: ProgrammeSlug = None) -> Response:
    """Block the member once somebody is sure, or lift that, as the form says, and lead back to their page."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    key, parts = visitor.key, parts_of(request)
    fields = await fields_of(request, _MOST_BYTES)
    async with parts.store.reading(key.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    blocks, now, by = blocks_of(request), parts.clock.now(), f"{key.name[:100]} ({key.key_id})"
    why = fields.get("why", "").replace("\x00", "").strip()[:_LONGEST]
    if fields.get("turn") == "lift":
        await blocks.lift(key.tenant_id, member, now, by, why or None)
    elif why and not is_sure(fields):
        page = HTMLResponse(_sure(member, why, language), headers=NO_STORE)
        return remember(request, page, visitor.session)
    elif why:
        await blocks.block(key.tenant_id, member, now, by, why)
    path = member_path(member_id, member.programme, language)
    return remember(request, RedirectResponse(path, status_code=303, headers=NO_STORE), visitor.session)


async def block_section(request: Request, tenant_id: int, member: Member, language: str, *, may_turn: bool) -> str:
    """What the page of a member shows of blocks; with the form for who may put and lift them."""
    return _section(member, await blocks_of(request).of_member(tenant_id, member), language, may_turn=may_turn)


def _section(member: Member, found: Sequence[Block], language: str, *, may_turn: bool) -> str:
    zone = ZoneInfo(member.zone)
    told = [_told(block, zone, language) for block in found]
    stands = bool(found) and found[0].stands
    if not stands:
        told.insert(0, BLOCKING.say(language, "free"))
    body = "".join(f"<p>{escape(line)}</p>" for line in told)
    if may_turn:
        body += _form(member, language, stands=stands)
    return f"<h2>{escape(BLOCKING.say(language, 'title'))}</h2>{body}"


def _told(block: Block, zone: ZoneInfo, language: str) -> str:
    since = wording.zoned_moment(block.blocked_at, zone, language)
    if block.lifted_at is None:
        return BLOCKING.say(language, "stands", since=since, by=block.blocked_by, reason=block.reason)
    until = wording.zoned_moment(block.lifted_at, zone, language)
    return BLOCKING.say(language, "was", since=since, until=until, reason=block.reason)


def _sure(member: Member, why: str, language: str) -> str:
    """The page that asks whether a member is to be blocked, for this reason."""
    serious = Serious(
        BLOCKING.say(language, "title"),
        BLOCKING.say(language, "sure", reason=why),
        BLOCKING.say(language, "told"),
        BLOCKING.say(language, "block"),
        member_path(member.member_id, member.programme, language),
    )
    return ask_again(PLACE, serious, _turning(member, language), {"turn": "block", "why": why}, language)


def _turning(member: Member, language: str) -> str:
    return member_path(member.member_id, member.programme, language).replace("?", "/block?", 1)


def _form(member: Member, language: str, *, stands: bool) -> str:
    path = _turning(member, language)
    turn, label, needed = ("lift", "note", "") if stands else ("block", "reason", " required")
    return (
        f'<form method="post" action="{escape(path)}"><input type="hidden" name="turn" value="{turn}">'
        f'<p><label for="why">{escape(BLOCKING.say(language, label))}</label> '
        f'<input id="why" name="why" maxlength="{_LONGEST}" autocomplete="off"{needed}> '
        f"<button>{escape(BLOCKING.say(language, turn))}</button></p>"
        f"<p>{escape(BLOCKING.say(language, 'told'))}</p></form>"
    )
