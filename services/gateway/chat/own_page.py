"""The chat on a member's own page: the link is the member's word, and whoever looks at what was said has seen it."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from libs.contacts.vault import MemberName
from libs.language.choice import choose
from libs.ledger.zones import load_zone
from services.gateway.chat.bells import MOST_SECONDS
from services.gateway.chat.desk import Said, Seen, desk_of, name_of
from services.gateway.chat.pages import PART, SHOWN, message_id, own_fragment, own_page
from services.gateway.chat.store import Span
from services.gateway.chat.terms import MOST_TEXT, clean
from services.gateway.chat.texts import CHAT
from services.gateway.designs.looks import dress_of
from services.gateway.door.access import parts_of
from services.gateway.door.problems import ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.mine.looking import marked
from services.gateway.mine.pages import PLACE, Shown
from services.gateway.mine.visiting import HEADERS, answered, broken, opened_by
from services.gateway.site.forms import fields_of

router = APIRouter(include_in_schema=False)
_MOST_BYTES = 32_768
_NUMBER = 2**63
Token = Annotated[str, Path(max_length=128)]
Wanted = Annotated[str | None, Query(alias="lang", max_length=35)]
Before = Annotated[int | None, Query(ge=0, lt=_NUMBER)]
Change = Annotated[int, Query(ge=0, lt=_NUMBER)]
_HERE = f"{PLACE}/{{token}}/{PART}"


class _Visit(NamedTuple):
    """Who looks, and how it is shown."""

    name: MemberName
    shown: Shown
    zone: str


@router.get(f"{_HERE}/live")
async def own_chat_live(request: Request, token: Token, lang: Wanted = None, change: Change = 0) -> Response:
    """Show what was said once there is something new; 204 when there is nothing for a while."""
    if (visit := await _visit(request, token, lang)) is None:
        return broken(request, lang)
    seen = await desk_of(request).follow(visit.name, change, MOST_SECONDS)
    if seen is None:
        return Response(status_code=204, headers=HEADERS)
    seen = await _noted(request, visit, seen)
    return answered(request, visit.shown, own_fragment(visit.shown, seen, visit.zone))


@router.get(_HERE)
async def own_chat(request: Request, token: Token, lang: Wanted = None, before: Before = None) -> Response:
    """Show what the member and the staff wrote, or what came before that."""
    if (visit := await _visit(request, token, lang)) is None:
        return broken(request, lang)
    seen = await desk_of(request).look(visit.name, Span(before=before, most=SHOWN))
    if before is None:
        seen = await _noted(request, visit, seen)
    body = own_page(visit.shown, seen, visit.zone, live=before is None)
    return answered(request, visit.shown, body)


@router.post(_HERE)
async def write_in_own_chat(request: Request, token: Token, lang: Wanted = None) -> Response:
    """Say something to the staff, once however often the form is sent, and lead back to the page."""
    fields = await fields_of(request, _MOST_BYTES)
    if (visit := await _visit(request, token, lang)) is None:
        return broken(request, lang)
    text, language = fields.get("text", ""), visit.shown.language
    try:
        said = clean(text)
    except ValueError:
        return await _again(request, visit, CHAT.say(language, "refused.empty"), "", 422)
    if len(said) > MOST_TEXT:
        return await _again(request, visit, CHAT.say(language, "refused.long"), said, 422)
    key = message_id(fields.get("key", ""), said)
    try:
        await desk_of(request).say(visit.name, Said(key, said))
    except ProblemError as error:
        told = CHAT.get(language, f"refused.{error.code}", CHAT.say(language, "refused"))
        return await _again(request, visit, told, said, error.kind.status)
    where = f"{PLACE}/{token}/{PART}?lang={language}"
    return Response(status_code=303, headers={**HEADERS, "Location": where})


async def _again(request: Request, visit: _Visit, refused: str, text: str, status: int) -> HTMLResponse:
    seen = await desk_of(request).look(visit.name, Span(most=SHOWN))
    body = own_page(visit.shown, seen, visit.zone, refused=refused, text=text)
    answer = answered(request, visit.shown, body)
    answer.status_code = status
    return answer


async def _noted(request: Request, visit: _Visit, seen: Seen) -> Seen:
    """Note that the member has seen what is shown; somebody of the company who only looks is not the member."""
    if not seen.messages or not seen.unread or visit.shown.looks:
        return seen
    last = seen.messages[-1].number
    talk = await desk_of(request).turn(visit.name, lambda talk, now: talk.seen(last, now))
    return seen._replace(talk=talk, unread=0)


async def _visit(request: Request, token: str, lang: str | None) -> _Visit | None:
    if (page := opened_by(request, token)) is None:
        return None
    parts = parts_of(request)
    language = choose(lang, request.headers.get("accept-language"))
    running = (await parts.programmes.of(page.tenant_id)).by_key()[page.tenant_id, page.programme_id]
    async with parts.store.reading(page.tenant_id) as reading:
        member = await one_member(reading, page.member_id, running.programme)
    worn = await dress_of(request, running.key, language)
    if page.looks:
        worn = marked(worn, page.until, load_zone(member.zone), language)
    shown = Shown(token, running.name or running.programme, 0, language, worn=worn, looks=page.looks)
    return _Visit(name_of(page.tenant_id, member), shown, member.zone)
