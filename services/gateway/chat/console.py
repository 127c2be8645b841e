"""Chats at the console, for whoever may answer: who waits, one talk and what is done with it, and the ready words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from pydantic import ValidationError

from libs.contacts.masks import masked_name
from libs.contacts.person import Person
from libs.contacts.postgres import load_people
from libs.language.catalogue import LANGUAGES
from libs.runtime.api_keys import ApiKey
from libs.segments.lists import KINDS
from services.gateway.chat import store
from services.gateway.chat.bells import MOST_SECONDS
from services.gateway.chat.console_pages import (
    PLACE,
    Beside,
    chat_path,
    list_body,
    list_fragment,
    older_body,
    talk_body,
    talk_fragment,
    words_body,
)
from services.gateway.chat.desk import Said, desk_of, name_of
from services.gateway.chat.pages import SHOWN, message_id
from services.gateway.chat.store import Span, Which
from services.gateway.chat.talk import Staff, Talk
from services.gateway.chat.terms import MOST_TEXT, ReadyAnswer, Terms, clean
from services.gateway.chat.texts import CHAT, STAFF
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember, signed_in
from services.gateway.members import shown as members
from services.gateway.members.lookup import one_member
from services.gateway.members.pages import MEMBER_ID, choices
from services.gateway.members.tier_store import tiers_of
from services.gateway.members.tier_views import tier_views
from services.gateway.quotes.api import one_programme
from services.gateway.running import named
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.forms import fields_of
from services.gateway.store import Reading

router = APIRouter(include_in_schema=False)
SCOPE, KEEP, READ = "chats:answer", "rules:publish", "members:read"
_MOST_BYTES = 65_536
_LISTED = 200
View = Annotated[Literal["open", "unread", "mine", "closed"], Query(alias="show")]
Change = Annotated[int, Query(ge=0, lt=2**63)]
Before = Annotated[int | None, Query(ge=0, lt=2**63)]
_TURNS: dict[str, Callable[[Talk, Staff, datetime], Talk]] = {
    "close": lambda talk, staff, now: talk.closed(staff.label, now),
    "reopen": lambda talk, staff, now: talk.reopened(staff, now),
    "settle": lambda talk, staff, now: talk.settled(),
    "take": lambda talk, staff, now: talk.taken(staff),
    "leave": lambda talk, staff, now: talk.taken(None),
}


@router.get(PLACE)
async def chats_page(request: Request, language: Language, show: View = "open") -> Response:
    """Show who waits for an answer, and the other talks."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    return await _list(request, visitor, show, language)


@router.get(f"{PLACE}/live")
async def chats_live(request: Request, language: Language, show: View = "open") -> Response:
    """Show what has changed in the list; 401 when the session is over."""
    who = await signed_in(request)
    if who is None or not who[0].allows(SCOPE):
        return PlainTextResponse("The session is over.\n", status_code=401, headers=NO_STORE)
    return remember(request, HTMLResponse(await _fragment(request, who[0], show, language), headers=NO_STORE), who[1])


@router.post(PLACE)
async def find_chat(request: Request, language: Language) -> Response:
    """Lead to the talk with the member that the form means, whether anything was said or not."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    fields, parts = await fields_of(request, 2_000), parts_of(request)
    kind, value = fields.get("kind", ""), fields.get("value", "").strip().replace("\x00", "")
    found: list[tuple[str, UUID]] = []
    async with parts.store.reading(visitor.key.tenant_id) as reading:
        if kind == MEMBER_ID:
            found = await _by_id(reading, value)
        elif kind in KINDS and value:
            found = await reading.by_identifier(parts.names.of(kind, value), None)
    if not found:
        return await _list(request, visitor, "open", language, STAFF.say(language, "unfound"), typed=(kind, value))
    if len(found) > 1:
        return await _list(request, visitor, "open", language, also=choices(found, language, chat_path))
    programme, member_id = found[0]
    return _lead(request, visitor, chat_path(member_id, programme, language))


@router.get(f"{PLACE}/words")
async def words_page(request: Request, language: Language) -> Response:
    """Show whether members may write, the greetings, and the answers that are ready."""
    visitor = await let_in(request, PLACE, language, KEEP)
    if isinstance(visitor, Response):
        return visitor
    return await _words(request, visitor, language)


@router.post(f"{PLACE}/words")
async def keep_words(request: Request, language: Language, programme: ProgrammeSlug = None) -> Response:
    """Keep what a form says of a programme's chat."""
    visitor = await let_in(request, PLACE, language, KEEP)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST_BYTES, 12)
    running = one_programme(await parts_of(request).programmes.of(visitor.key.tenant_id), programme, "/query/programme")
    try:
        changed = _changed(fields)
        await desk_of(request).change(running.key, Staff.of(visitor.key).label, changed)
    except ValidationError as invalid:
        told = STAFF.say(language, "refused", why="; ".join(each["msg"] for each in invalid.errors()))
        return await _words(request, visitor, language, (running.programme, told), 422)
    return await _words(request, visitor, language, (running.programme, STAFF.say(language, "words.kept")))


@router.get(f"{PLACE}/{{member_id}}")
async def chat_page(
    request: Request,
    language: Language,
    member_id: MemberId,
    programme: ProgrammeSlug = None,
    before: Before = None,
    answer: Annotated[str, Query(max_length=63)] = "",
) -> Response:
    """Show a talk beside what the member has; with a ready answer in the form, or what was said before."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    beside = await _beside(request, visitor.key, member_id, programme, language)
    name = await _name(request, visitor.key, member_id, programme)
    seen = await desk_of(request).look(name, Span(before=before, most=SHOWN))
    if before is not None:
        return _page(request, visitor, older_body(beside, seen, language), language)
    text = seen.terms.answer(answer, beside.language or language)
    return _page(request, visitor, talk_body(beside, seen, Staff.of(visitor.key), language, text=text), language)


@router.get(f"{PLACE}/{{member_id}}/live")
async def chat_live(
    request: Request, language: Language, member_id: MemberId, programme: ProgrammeSlug = None, change: Change = 0
) -> Response:
    """Show a talk once something has happened in it; 204 when nothing has for a while, 401 when the session is over."""
    who = await signed_in(request)
    if who is None or not who[0].allows(SCOPE):
        return PlainTextResponse("The session is over.\n", status_code=401, headers=NO_STORE)
    name = await _name(request, who[0], member_id, programme)
    seen = await desk_of(request).follow(name, change, MOST_SECONDS)
    if seen is None:
        return remember(request, Response(status_code=204, headers=NO_STORE), who[1])
    beside = await _beside(request, who[0], member_id, programme, language)
    body = talk_fragment(beside, seen, Staff.of(who[0]), language)
    return remember(request, HTMLResponse(body, headers=NO_STORE), who[1])


@router.post(f"{PLACE}/{{member_id}}")
async def work_on_chat(
    request: Request, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Say something to the member, or turn the talk, and lead back to it."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    fields, staff = await fields_of(request, _MOST_BYTES), Staff.of(visitor.key)
    name = await _name(request, visitor.key, member_id, programme)
    do, text = fields.get("do", ""), fields.get("text", "")
    try:
        if do in _TURNS:
            await desk_of(request).turn(name, lambda talk, now: _TURNS[do](talk, staff, now))
        else:
            said = _said(text, language)
            await desk_of(request).say(name, Said(message_id(fields.get("key", ""), said), said, staff))
    except ProblemError as error:
        beside = await _beside(request, visitor.key, member_id, programme, language)
        seen = await desk_of(request).look(name, Span(most=SHOWN))
        why = error.detail or error.kind.title
        body = talk_body(beside, seen, staff, language, text=text[:MOST_TEXT], refused=why)
        return _page(request, visitor, body, language, error.kind.status)
    slug = await _slug(request, name[:2])
    return _lead(request, visitor, chat_path(name[2], slug, language))


def _said(text: str, language: str) -> str:
    try:
        said = clean(text)
    except ValueError:
        raise ProblemError("request-invalid", CHAT.say(language, "refused.empty")) from None
    if len(said) > MOST_TEXT:
        raise ProblemError("request-invalid", CHAT.say(language, "refused.long"))
    return said


def _changed(fields: dict[str, str]) -> Callable[[Terms], Terms]:
    """What a form makes of the words of a programme.

    Raises:
        ValidationError: they are none.
    """
    do, name = fields.get("do"), fields.get("name", "").strip()
    if do == "drop":
        return lambda terms: terms.without(name)
    if do == "add":
        ready = ReadyAnswer(name=name, texts=_texts(fields, "text"))
        return lambda terms: Terms.model_validate(terms.with_answer(ready).model_dump())
    greeting = _texts(fields, "greeting")

    def kept(terms: Terms) -> Terms:
        others = {tag: text for tag, text in terms.greeting.items() if tag not in LANGUAGES}
        return Terms(open=fields.get("open") == "yes", greeting={**others, **greeting}, answers=terms.answers)

    return kept


def _texts(fields: dict[str, str], name: str) -> dict[str, str]:
    found = {each: fields.get(f"{name}.{each}", "").strip() for each in LANGUAGES}
    return {tag: text for tag, text in found.items() if text}


async def _by_id(reading: Reading, value: str) -> list[tuple[str, UUID]]:
    try:
        member_id = UUID(value)
    except ValueError:
        return []
    return [(each.programme, member_id) for each in await reading.members(member_id, None)]


async def _name(request: Request, key: ApiKey, member_id: UUID, programme: str | None) -> tuple[int, int, UUID]:
    async with parts_of(request).store.reading(key.tenant_id) as reading:
        return name_of(key.tenant_id, await one_member(reading, member_id, programme))


async def _slug(request: Request, scope: tuple[int, int]) -> str:
    return (await parts_of(request).programmes.of(scope[0])).by_key()[scope].programme


async def _beside(request: Request, key: ApiKey, member_id: UUID, programme: str | None, language: str) -> Beside:
    """Who the member is; what they have, for whoever may see that."""
    parts = parts_of(request)
    now = parts.clock.now()
    async with parts.store.reading(key.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        if member.merged_into is not None:
            member = await one_member(reading, member.merged_into, member.programme)
        name = (key.tenant_id, member.programme_id, member.member_id)
        person = (await load_people(reading.connection, [name], request.app.state.seal)).get(name, Person())
        who = _named(person)
        if not key.allows(READ):
            return Beside(member.member_id, member.programme, member.zone, who, person.language or "", (), ())
        wallets = await reading.wallets(member.programme_id, now)
        shown = members.member_view(member, await reading.ledger(member), wallets, now)
        tiers = tier_views(await tiers_of(reading, member, now), member, now)
    return Beside(member.member_id, member.programme, member.zone, who, person.language or "", shown.wallets, tiers)


def _named(person: Person) -> str:
    names: Iterable[str | None] = (masked_name(person.given_name), masked_name(person.family_name))
    return " ".join(name for name in names if name)


async def _fragment(request: Request, key: ApiKey, show: str, language: str) -> str:
    mine = key.key_id if show == "mine" else None
    which = Which(state="closed" if show == "closed" else "open", unread=show == "unread", assigned_key=mine)
    async with parts_of(request).store.reading(key.tenant_id) as reading:
        found = await store.load_list(reading.connection, key.tenant_id, which, None, _LISTED)
        counts = await store.load_counts(reading.connection, key.tenant_id, key.key_id)
        names = {(key.tenant_id, each.programme_id, each.shown_id) for each in found}
        people = await load_people(reading.connection, sorted(names), request.app.state.seal)
    known = {name[2]: _named(person) for name, person in people.items()}
    return list_fragment(found, known, counts, language)


async def _list(
    request: Request, visitor: Visitor, show: str, language: str, told: str = "", also: str = "",
    typed: tuple[str, str] = ("", ""),
) -> Response:  # fmt: skip
    fragment = await _fragment(request, visitor.key, show, language)
    may_keep = visitor.key.allows(KEEP)
    body = list_body(fragment, show, language, may_keep=may_keep, told=told, also=also, typed=typed)
    return _page(request, visitor, body, language)


async def _words(
    request: Request, visitor: Visitor, language: str, told: tuple[str, str] = ("", ""), status: int = 200
) -> Response:
    sections = []
    for running in named(await parts_of(request).programmes.of(visitor.key.tenant_id), None):
        terms = await desk_of(request).terms(running.key)
        said = told[1] if running.programme == told[0] else ""
        name = running.name or running.programme
        sections.append(words_body(running.programme, name, terms, language, said))
    return _page(request, visitor, "".join(sections), language, status, "words.title")


def _page(
    request: Request, visitor: Visitor, body: str, language: str, status: int = 200, title: str = "title"
) -> Response:
    page = console_page(PLACE, STAFF.say(language, title), body, language)
    return remember(request, HTMLResponse(page, status, NO_STORE), visitor.session)


def _lead(request: Request, visitor: Visitor, path: str) -> Response:
    return remember(request, RedirectResponse(path, status_code=303, headers=NO_STORE), visitor.session)
