"""The pages on members, for who is signed in: find one, and see all that is known of one.

What finds a member is sent in the body of a form, so that no address has more of a person than the member's id.
"""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.promotions.switches import stopped
from libs.runtime.api_keys import ApiKey
from libs.segments.lists import KINDS
from libs.segments.reading import load_segments_of
from services.gateway.blocking.console import SCOPE as ADJUST
from services.gateway.blocking.console import block_section
from services.gateway.contacts.console_part import contacts_section
from services.gateway.contacts.desk import desk_of
from services.gateway.door.access import Parts, parts_of
from services.gateway.door.paging import read_place
from services.gateway.door.parameters import CursorText, Language, MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.households import own_word
from services.gateway.households.pages import section
from services.gateway.lapsing.advice import advice
from services.gateway.lapsing.sections import member_section
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.members import shown as members
from services.gateway.members.lookup import one_member
from services.gateway.members.pages import MEMBER_ID, Shown, choices, form, member_body, member_path
from services.gateway.members.texts import MEMBERS
from services.gateway.members.tier_store import tiers_of
from services.gateway.members.tier_views import MemberWithTiers, tier_views
from services.gateway.mine.console import rewards_section
from services.gateway.mine.for_them import in_reach
from services.gateway.mine.opening import look
from services.gateway.receipts.explaining import explained
from services.gateway.receipts.views import ReceiptView
from services.gateway.running import named
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.forms import fields_of
from services.gateway.store import Member, Reading, Until
from services.gateway.views import HistoryEntry

router = APIRouter(include_in_schema=False)
SCOPE, POINTS, RECEIPTS, SPEND = "members:read", "points:read", "receipts:read", "points:spend"
PLACE = "/members"
_MOST_BYTES = 2_000
_ENTRIES = 25
_EXPLAINED = 10


@router.get(PLACE)
async def members_page(request: Request, language: Language) -> Response:
    """Show the form that finds a member."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    return _answer(request, visitor, form(language), language)


@router.post(PLACE)
async def find_member(request: Request, language: Language) -> Response:
    """Lead to the member that the form means."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST_BYTES)
    kind, value = fields.get("kind", ""), fields.get("value", "").strip()
    if kind not in (*KINDS, MEMBER_ID) or not value or "\x00" in value:
        return _answer(request, visitor, form(language, MEMBERS.say(language, "nobody"), (kind, value)), language, 404)
    parts = parts_of(request)
    async with parts.store.reading(visitor.key.tenant_id) as reading:
        found = await _found(reading, parts, kind, value)
    if not found:
        told = MEMBERS.say(language, "no-id" if found is None else "nobody")
        return _answer(request, visitor, form(language, told, (kind, value)), language, 404)
    if len(found) > 1:
        return _answer(request, visitor, form(language) + choices(found, language), language)
    ((programme, member_id),) = found
    to = RedirectResponse(member_path(member_id, programme, language), status_code=303, headers=NO_STORE)
    return remember(request, to, visitor.session)


@router.get(f"{PLACE}/{{member_id}}")
async def member_page(
    request: Request,
    language: Language,
    member_id: MemberId,
    programme: ProgrammeSlug = None,
    cursor: CursorText = None,
) -> Response:
    """Show a member: points, tiers, segments, what came of the last receipts, and the journal."""
    visitor = await let_in(request, PLACE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    parts, key = parts_of(request), visitor.key
    try:
        async with parts.store.reading(key.tenant_id) as reading:
            member = await one_member(reading, member_id, programme)
            if member.merged_into is not None:
                path = member_path(member.merged_into, member.programme, language)
                return remember(request, RedirectResponse(path, status_code=303, headers=NO_STORE), visitor.session)
            shown = await _member(reading, parts, key, member)
            journal = await _entries(reading, parts, key, member, cursor, language) if key.allows(POINTS) else None
    except ProblemError as problem:
        told = form(language, MEMBERS.say(language, "nobody"))
        return _answer(request, visitor, told, language, problem.kind.status)
    receipts = None
    if key.allows(RECEIPTS):
        receipts = await _receipts(parts, key, member, language)
    entries, older = journal or (None, None)
    titles = await _titles(parts, key, member)
    names = [titles.get(name, name) for name in shown.segments]
    zone = ZoneInfo(member.zone)
    known = await desk_of(request).known((key.tenant_id, member.programme_id, member.member_id))
    lapsing = await _lapsing(parts, key, shown, language)
    blocked = await block_section(request, key.tenant_id, member, language, may_turn=key.allows(ADJUST))
    rewards = ""
    if key.allows(SPEND):
        reach = await in_reach(request, key.tenant_id, member, language)
        rewards = rewards_section(member.member_id, member.programme, language, reach)
    reached = contacts_section(*known, zone, language)
    household = await _household(parts, key, member, language)
    page = Shown(shown, zone, names, receipts, entries, older, reached, lapsing, blocked, household, rewards)
    return _answer(request, visitor, member_body(page, language), language, title="one")


async def _household(parts: Parts, key: ApiKey, member: Member, language: str) -> str:
    """Who shares points with the member, for whoever may see points."""
    if not key.allows(POINTS):
        return ""
    programmes, now = await parts.programmes.of(key.tenant_id), parts.clock.now()
    async with parts.store.reading(key.tenant_id) as reading:
        view = await own_word.seen(reading, programmes, member, now, language)
    return section(view, member.programme, language)


@router.post(f"{PLACE}/{{member_id}}/rewards")
async def open_own_page(
    request: Request, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Lead to the member's own page, to look at it; that it was opened is kept."""
    visitor = await let_in(request, PLACE, language, SPEND)
    if isinstance(visitor, Response):
        return visitor
    async with parts_of(request).store.reading(visitor.key.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    key = visitor.key
    name = (key.tenant_id, member.programme_id, member.member_id)
    where = await look(request, name, f"{key.name[:100]} ({key.key_id})")
    to = RedirectResponse(f"{where}?lang={language}", status_code=303, headers=NO_STORE)
    return remember(request, to, visitor.session)


async def _lapsing(parts: Parts, key: ApiKey, shown: MemberWithTiers, language: str) -> str:
    """What the member is told of points that lapse; nothing before a programme has a version."""
    for running in named(await parts.programmes.of(key.tenant_id), shown.programme):
        version = running.at(shown.as_of)
        if version is not None:
            off = stopped(running.switches, version.compiled)
            return member_section(advice(version, shown, shown.as_of, language, off), language)
    return ""


async def _found(reading: Reading, parts: Parts, kind: str, value: str) -> list[tuple[str, UUID]] | None:
    """Whom a form means, with the slug of the programme; None for an id that is none."""
    if kind != MEMBER_ID:
        return await reading.by_identifier(parts.names.of(kind, value), None)
    try:
        member_id = UUID(value)
    except ValueError:
        return None
    return [(each.programme, member_id) for each in await reading.members(member_id, None)]


async def _member(reading: Reading, parts: Parts, key: ApiKey, member: Member) -> MemberWithTiers:
    now = parts.clock.now()
    wallets = await reading.wallets(member.programme_id, now)
    ledger = await reading.ledger(member)
    tiers = await tiers_of(reading, member, now)
    scope = (key.tenant_id, member.programme_id)
    segments = await load_segments_of(reading.connection, scope, member.member_id)
    shown = members.member_view(member, ledger, wallets, now)
    return MemberWithTiers(**dict(shown), tiers=tier_views(tiers, member, now), segments=tuple(sorted(segments)))


async def _entries(
    reading: Reading, parts: Parts, key: ApiKey, member: Member, cursor: str | None, language: str
) -> tuple[tuple[HistoryEntry, ...], str | None]:
    """A page of the journal, and where it goes on."""
    listing = f"journal {key.tenant_id} {member.programme_id} {member.member_id}"
    place = read_place(parts.cursors, cursor, listing)
    entries = await reading.history(member, place, _ENTRIES + 1, until=Until())
    more, entries = len(entries) > _ENTRIES, entries[:_ENTRIES]
    lots = await reading.parts(member, [entry.seq for entry in entries if entry.outcome is None])
    decisions = await reading.decisions({entry.cause for entry in entries})
    older = parts.cursors.write(entries[-1].place, listing) if more else None
    return members.history_entries(entries, lots, decisions, language), older


async def _receipts(parts: Parts, key: ApiKey, member: Member, language: str) -> list[ReceiptView]:
    """The last receipts and activities, explained."""
    async with parts.store.reading(key.tenant_id) as reading:
        entries = await reading.history(member, None, _ENTRIES, until=Until())
        causes = list(dict.fromkeys(entry.cause for entry in entries))
        found = await reading.decisions(causes)
    decisions = [found[cause] for cause in causes if cause in found][:_EXPLAINED]
    return await explained(parts, key.tenant_id, decisions, language)


async def _titles(parts: Parts, key: ApiKey, member: Member) -> dict[str, str]:
    """What people call the segments of the member's programme."""
    now = parts.clock.now()
    versions = [running.at(now) for running in named(await parts.programmes.of(key.tenant_id), member.programme)]
    segments = [one for version in versions if version is not None for one in version.compiled.source.segments]
    return {one.name: one.title for one in segments if one.title}


def _answer(
    request: Request, visitor: Visitor, body: str, language: str, status: int = 200, title: str = "title"
) -> Response:
    page = console_page(PLACE, MEMBERS.say(language, title), body, language)
    return remember(request, HTMLResponse(page, status, NO_STORE), visitor.session)
