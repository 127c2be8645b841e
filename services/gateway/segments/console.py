"""The page of segments, for who is signed in: how many members each has, what it asks for, and lists to be changed."""

from __future__ import annotations

from functools import partial
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from libs.language import wording
from libs.promotions.describe import Words
from libs.segments import reading as segments
from libs.segments.texts import SEGMENTS
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.rules.desk import desk_of
from services.gateway.running import in_force
from services.gateway.segments.list_upload import MOST_BYTES, Upload, Uploads
from services.gateway.segments.views import ListUploadedView, SegmentView, segment_views
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.forms import fields_of
from services.gateway.site.markup import rows, table

router = APIRouter(include_in_schema=False)
SCOPE, WRITE = "members:read", "members:write"


@router.get("/segments")
async def segments_page(request: Request, language: Language) -> Response:
    """Show the segments of every programme of the company."""
    visitor = await let_in(request, "/segments", language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    parts, now = parts_of(request), parts_of(request).clock.now()
    sections = []
    for running, version in in_force(await parts.programmes.of(key.tenant_id), now):
        if not version.compiled.source.segments:
            continue
        async with parts.store.reading(key.tenant_id) as reading:
            counts = await segments.load_counts(reading.connection, running.key)
            waiting = await segments.count_waiting(reading.connection, running.key, now)
        views = segment_views(version.compiled.source.segments, counts, Words(version.compiled, language))
        sections.append(_section(running.name or running.programme, views, waiting, language))
        if key.allows(WRITE):
            sections += [_form(running.programme, each, language) for each in views if each.list]
    body = "".join(sections) or f"<p>{escape(SEGMENTS.say(language, 'page.none'))}</p>"
    return remember(request, HTMLResponse(_page(language, body), headers=NO_STORE), session)


@router.post("/segments")
async def change_list(request: Request, language: Language) -> Response:
    """Put the rows that were pasted into the form on a list, take them off, or only look them up; and say what came."""
    visitor = await let_in(request, "/segments", language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    parts = parts_of(request)
    fields = await fields_of(request, MOST_BYTES)
    programme, name, what = (fields.get(field, "") for field in ("programme", "list", "what"))
    lists = [
        segment.name
        for _, version in in_force(await parts.programmes.of(key.tenant_id), parts.clock.now(), programme)
        for segment in version.compiled.source.segments
        if segment.list
    ]
    if name not in lists or what not in ("add", "remove", "look"):
        raise ProblemError("not-found")
    upload = Upload(key.tenant_id, programme, name, what == "remove", what == "look")
    uploads = Uploads(desk_of(request).store, parts.clock, parts.names)
    try:
        found = await uploads.of_bytes(fields.get("rows", "").encode(), upload)
    except ProblemError as problem:
        told = f'<p class="bad">{escape(problem.detail or "")}</p>'
        return HTMLResponse(_page(language, told), status_code=problem.kind.status, headers=NO_STORE)
    return remember(request, HTMLResponse(_page(language, _came(name, found, language)), headers=NO_STORE), session)


def _came(name: str, found: ListUploadedView, language: str) -> str:
    say = partial(SEGMENTS.say, language)
    lines = rows((each.line, escape(each.pointer), escape(each.expected)) for each in found.rejects)
    heads = [escape(say(f"upload.{head}")) for head in ("line", "column", "expected")]
    told = say(
        "upload.looked" if found.dry_run else "upload.came",
        list=name, rows=found.rows, changed=found.added + found.removed, rejected=found.rejected,
    )  # fmt: skip
    return f"<p>{escape(told)}</p>" + (table(say("upload.rejected"), heads, lines) if found.rejects else "")


def _form(programme: str, each: SegmentView, language: str) -> str:
    say = partial(SEGMENTS.say, language)
    buttons = "".join(
        f'<button name="what" value="{what}">{escape(say(f"upload.{what}"))}</button> '
        for what in ("add", "remove", "look")
    )
    field = f"rows-{programme}-{each.name}"
    return (
        f"<details><summary>{escape(say('upload.title', list=each.title or each.name))}</summary>"
        f'<form method="post" action="/segments?lang={language}">'
        f'<input type="hidden" name="programme" value="{escape(programme)}">'
        f'<input type="hidden" name="list" value="{escape(each.name)}">'
        f'<p><label for="{escape(field)}">{escape(say("upload.rows"))}</label></p>'
        f'<p><textarea id="{escape(field)}" name="rows" rows="8" cols="40" required>card\n</textarea></p>'
        f"<p>{buttons}</p></form></details>"
    )


def _section(programme: str, found: tuple[SegmentView, ...], waiting: int, language: str) -> str:
    lines = rows(
        (
            f"<b>{escape(each.title or each.name)}</b><br><code>{escape(each.name)}</code>",
            escape(wording.number(each.members, language)),
            "<br>".join(map(escape, each.asks)),
        )
        for each in found
    )
    heads = [escape(SEGMENTS.say(language, f"page.{name}")) for name in ("segment", "members", "asks")]
    told = SEGMENTS.say(language, "page.waiting", n=waiting, number=wording.number(waiting, language))
    return (
        f"<h2>{escape(programme)}</h2>"
        + table(SEGMENTS.say(language, "page.caption"), heads, lines, of=programme)
        + f'<p class="soft">{escape(told)}</p>'
    )


def _page(language: str, body: str) -> str:
    return console_page("/segments", SEGMENTS.say(language, "page.title"), body, language)
