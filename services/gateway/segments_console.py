"""The page of segments, for who is signed in: how many members each has, and what it asks for."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.language import wording
from libs.promotions.describe import Words
from libs.segments import reading as segments
from libs.segments.texts import SEGMENTS
from services.gateway.access import parts_of
from services.gateway.live import NO_STORE, remember, signed_in
from services.gateway.markup import page, rows, table
from services.gateway.parameters import Language
from services.gateway.running import named
from services.gateway.segment_views import SegmentView, segment_views

router = APIRouter(include_in_schema=False)
SCOPE = "members:read"


@router.get("/segments")
async def segments_page(request: Request, language: Language) -> Response:
    """Show the segments of every programme of the company."""
    known = await signed_in(request)
    if known is None:
        return RedirectResponse("/", status_code=303, headers=NO_STORE)
    key, session = known
    parts, now = parts_of(request), parts_of(request).clock.now()
    if not key.allows(SCOPE):
        told = f"<p>{escape(SEGMENTS.say(language, 'page.scope', scope=SCOPE))}</p>"
        return HTMLResponse(_page(language, told), status_code=403, headers=NO_STORE)
    sections = []
    for running in named(await parts.programmes.of(key.tenant_id), None):
        version = running.at(now)
        if version is None or not version.compiled.source.segments:
            continue
        async with parts.store.reading(key.tenant_id) as reading:
            counts = await segments.load_counts(reading.connection, running.key)
            waiting = await segments.count_waiting(reading.connection, running.key, now)
        views = segment_views(version.compiled.source.segments, counts, Words(version.compiled, language))
        sections.append(_section(running.name or running.programme, views, waiting, language))
    body = "".join(sections) or f"<p>{escape(SEGMENTS.say(language, 'page.none'))}</p>"
    return remember(request, HTMLResponse(_page(language, body), headers=NO_STORE), session)


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
    back = f'<p><a href="/">{escape(SEGMENTS.say(language, "page.back"))}</a></p>'
    return page(SEGMENTS.say(language, "page.title"), body + back, wide=True, language=language)
