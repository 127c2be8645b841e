"""The pages of games, for who is signed in: what there is, each game with its odds and its proof, and rankings."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from types import MappingProxyType
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.contracts.games import PATH, GameAsk, GameView, Operation
from libs.games import record as records
from libs.games.documents import NAME_PATTERN
from libs.games.library import examples
from libs.games.postgres import load_badges, load_games, load_record
from libs.games.ranking import By, Of, Period, Question
from libs.judging.versions import RunningProgramme
from libs.promotions.strict_yaml import read_yaml
from services.gateway.catalogue.pages import PICTURES
from services.gateway.codes.asking import client_of
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.games.one_page import Proof, game_body, page_title
from services.gateway.games.pages import PLACE, RANKINGS, Scene, path_of, programme_section, shelf, ways
from services.gateway.games.played import Played, load_course, load_given
from services.gateway.games.ranking_page import ranking_body
from services.gateway.games.rankings import first_places, stretch
from services.gateway.games.texts import GAMES
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.running import in_force, named
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.forms import fields_of

router = APIRouter(include_in_schema=False)
READ, WRITE = "rewards:read", "rewards:write"
_MOST_BYTES = 200_000
_TOP = 50
Slug = Annotated[str, Path(max_length=64)]
_NAME = re.compile(NAME_PATTERN)
"""What a game may be called, and a badge that begins here: the same as over HTTP."""
_DONE = {"open": "opened", "end": "drawn", "put": "saved"}


@router.get(PLACE)
async def games_page(request: Request, language: Language) -> Response:
    """Show the games and badges of every programme of the company, and ready ones to begin with."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    return await _overview(request, visitor, language)


@router.post(PLACE)
async def begin_with(request: Request, language: Language) -> Response:
    """Make a draft of a ready game, or write a ready badge."""
    visitor = await let_in(request, PLACE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST_BYTES)
    example = examples().get(fields.get("example", ""))
    running = await _programme(request, visitor, fields.get("programme", ""))
    if example is None or running is None or example.sort == "ranking":
        raise ProblemError("not-found")
    name = fields.get("name", "").strip() or example.name
    if not _NAME.fullmatch(name):
        return await _overview(request, visitor, language, GAMES.say(language, "name-wrong"), {example.name: name}, 422)
    document, told = example.begun(parts_of(request).clock.now()), ""
    try:
        if example.sort == "badge":
            await _ask(request, visitor, "put_badge", running, name, document=document)
            told = GAMES.say(language, "badge-written")
        else:
            await _ask(request, visitor, "put", running, name, document=document, version=0)
            there = f"{path_of(running.programme, name)}?lang={language}"
            return remember(request, RedirectResponse(there, 303, NO_STORE), visitor.session)
    except ProblemError as problem:
        told = problem.detail or problem.kind.title
    return await _overview(request, visitor, language, told, {example.name: name})


@router.get(RANKINGS)
async def rankings_page(
    request: Request,
    language: Language,
    of: Of = "members",
    by: By = "points",
    period: Period = "month",
    ago: Annotated[int, Query(ge=0, le=60)] = 0,
    store: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show who or what comes first, of every programme, as bars and in a table."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    parts, now = parts_of(request), parts_of(request).clock.now()
    asked, sections = Question(of=of, by=by, period=period, ago=ago, store=store.strip() or None), []
    for running, version in in_force(await parts.programmes.of(visitor.key.tenant_id), now):
        days = stretch(asked, now.astimezone(version.zone).date())
        async with parts.store.reading(visitor.key.tenant_id) as reading:
            places, total = await first_places(reading, running.programme_id, asked, days, version.zone, _TOP)
        currency = version.compiled.source.currency
        name = running.name or running.programme
        sections.append((name, running.programme, currency, days[0], places, total))
    body = ranking_body(asked, sections, language)
    return _answer(request, visitor, GAMES.say(language, "rankings"), body, language)


@router.get(f"{PLACE}/{{programme}}/{{game}}")
async def game_page(request: Request, language: Language, programme: Slug, game: Slug, again: bool = False) -> Response:
    """Show a game; with `again` it is drawn again, and what came of it is told."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    return await _one(request, visitor, language, programme, game, again=again)


@router.post(f"{PLACE}/{{programme}}/{{game}}")
async def steer(request: Request, language: Language, programme: Slug, game: Slug) -> Response:
    """Write a draft, open a game or end it, and show what came of it."""
    visitor = await let_in(request, PLACE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    fields = await fields_of(request, _MOST_BYTES)
    running = await _programme(request, visitor, programme)
    do = fields.get("do", "")
    if running is None or do not in ("open", "end", "save"):
        raise ProblemError("not-found")
    draft, told = fields.get("document", "").replace("\r\n", "\n"), ""
    try:
        if do == "save":
            document = _read(draft, language)
            version = fields.get("version", "")
            seen = int(version) if version.isdecimal() and len(version) < 10 else None
            await _ask(request, visitor, "put", running, game, document=document, version=seen)
        else:
            operation: Operation = "open" if do == "open" else "end"
            key = sha256(f"console {operation} {running.programme} {game}".encode()).digest()
            await _ask(request, visitor, operation, running, game, key=key, fingerprint=key)
        draft, told = "", GAMES.say(language, _DONE["put" if do == "save" else do])
    except ProblemError as problem:
        told = problem.detail or problem.kind.title
    return await _one(request, visitor, language, programme, game, told=told, draft=draft)


@router.get(f"{PLACE}/{{programme}}/{{game}}/record.json")
async def record_of(request: Request, language: Language, programme: Slug, game: Slug) -> Response:
    """Give the record of a game that is over."""
    visitor = await let_in(request, PLACE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    running, found = await _find(request, visitor, programme, game)
    async with parts_of(request).store.reading(visitor.key.tenant_id) as reading:
        made = await load_record(reading.connection, visitor.key.tenant_id, running.tenant, found)
    if made is None:
        raise ProblemError("record-unknown")
    return Response(made.model_dump_json(indent=1), media_type="application/json", headers=NO_STORE)


async def _overview(
    request: Request, visitor: Visitor, language: str, told: str = "", typed: Mapping[str, str] = MappingProxyType({}),
    status: int = 200,
) -> Response:  # fmt: skip
    """The page of all; `typed` has the names that were given to ready ones, to be gone on with."""
    parts, tenant = parts_of(request), visitor.key.tenant_id
    now, sections, slugs = parts.clock.now(), [], []
    may_change = visitor.key.allows(WRITE)
    for running, version in in_force(await parts.programmes.of(tenant), now):
        scene = Scene(language, version.zone.key, now, may_change)
        async with parts.store.reading(tenant) as reading:
            games = await load_games(reading.connection, tenant, running.programme)
            badges = await load_badges(reading.connection, tenant, running.programme)
            given = await load_given(reading, running.programme_id)
        sections.append(programme_section(running.name or running.programme, games, badges, given, scene))
        slugs.append(running.programme)
    scene = Scene(language, "UTC", now, may_change)
    answer = f'<p role="status">{escape(told)}</p>' if told else ""
    body = ways(scene) + answer + "".join(sections) + shelf(list(examples().values()), slugs, scene, typed)
    return _answer(request, visitor, GAMES.say(language, "title"), body, language, status)


async def _one(
    request: Request, visitor: Visitor, language: str, programme: str, name: str, *, told: str = "", draft: str = "",
    again: bool = False,
) -> Response:  # fmt: skip
    running, game = await _find(request, visitor, programme, name)
    parts, now, proof = parts_of(request), parts_of(request).clock.now(), None
    async with parts.store.reading(visitor.key.tenant_id) as reading:
        course = Played() if game.state == "draft" else await load_course(reading, game)
        if again:
            record = await load_record(reading.connection, visitor.key.tenant_id, running.tenant, game)
    if again and record is not None:
        # In a thread: to draw among a million tickets takes long enough to hold up other requests.
        faults = await asyncio.to_thread(records.faults, record)
        proof = Proof(len(record.wins) + len(record.spins), tuple(faults))
    version = running.at(now)
    zone = "UTC" if version is None else version.zone.key
    scene = Scene(language, zone, now, visitor.key.allows(WRITE))
    body = game_body(game, course, scene, told=told, proof=proof, draft=draft)
    return _answer(request, visitor, page_title(game, language), body, language)


async def _find(request: Request, visitor: Visitor, programme: str, name: str) -> tuple[RunningProgramme, GameView]:
    """Find a game.

    Raises:
        ProblemError: there is none of this name.
    """
    running = await _programme(request, visitor, programme)
    async with parts_of(request).store.reading(visitor.key.tenant_id) as reading:
        found = await load_games(reading.connection, visitor.key.tenant_id, programme, name)
    if running is None or not found:
        raise ProblemError("game-unknown")
    return running, found[0]


async def _programme(request: Request, visitor: Visitor, slug: str) -> RunningProgramme | None:
    found = named(await parts_of(request).programmes.of(visitor.key.tenant_id), slug)
    return found[0] if found else None


async def _ask(
    request: Request, visitor: Visitor, operation: Operation, running: RunningProgramme, name: str, **said: Any
) -> None:
    ask = GameAsk(operation, visitor.key.tenant_id, visitor.key.key_id, running.programme_id, name, **said)
    await client_of(request).ask_value(PATH, ask)


def _read(text: str, language: str) -> dict[str, Any]:
    """Read a draft.

    Raises:
        ProblemError: it is no document.
    """
    try:
        found = read_yaml(text)
    except yaml.YAMLError as error:
        raise ProblemError("request-invalid", GAMES.say(language, "no-yaml", why=str(error))) from None
    if not isinstance(found, dict):
        raise ProblemError("request-invalid", GAMES.say(language, "no-yaml", why=type(found).__name__))
    return found


def _answer(request: Request, visitor: Visitor, title: str, body: str, language: str, status: int = 200) -> Response:
    request.state.headers["Content-Security-Policy"] = PICTURES
    page = HTMLResponse(console_page(PLACE, title, body, language), status, NO_STORE)
    return remember(request, page, visitor.session)
