"""The page of expiry, for who is signed in: the boundaries ahead, and how far sweeps are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from libs.language import wording
from libs.ledger.zones import load_zone
from libs.sweeps.calendar import Turn, periods_of, turns
from libs.sweeps.preview import Share, Total, totals
from libs.sweeps.reading import SweepSeen, load_sweeps
from libs.sweeps.texts import SWEEPS
from services.gateway.access import Caller, parts_of
from services.gateway.approvals_console import waiting
from services.gateway.console_door import let_in
from services.gateway.console_page import console_page
from services.gateway.live import NO_STORE, remember
from services.gateway.markup import rows, table
from services.gateway.parameters import Language
from services.gateway.running import named

router = APIRouter(include_in_schema=False)
SCOPE = "points:read"
_AHEAD = timedelta(days=800)
_MOST = 12


@router.get("/expiry")
async def expiry_page(request: Request, language: Language) -> Response:
    """Show boundaries and sweeps of every programme of the company."""
    visitor = await let_in(request, "/expiry", language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    parts, now = parts_of(request), parts_of(request).clock.now()
    sections = []
    for running in named(await parts.programmes.of(key.tenant_id), None):
        periods = frozenset().union(*(periods_of(version.compiled.source) for version in running.versions))
        async with parts.store.reading(key.tenant_id) as reading:
            sweeps = await load_sweeps(reading.connection, key.tenant_id, running.programme_id, most=_MOST)
        ahead = turns(periods, now, now + _AHEAD)[:_MOST]
        if ahead or sweeps:
            sections.append(_section(running.name or running.programme, ahead, sweeps, language))
    async with parts.store.reading(key.tenant_id) as reading:
        undecided = await waiting(reading, Caller(key, parts), language)
    body = undecided + "".join(sections) or f"<p>{escape(SWEEPS.say(language, 'page.none'))}</p>"
    return remember(request, HTMLResponse(_page(language, body), headers=NO_STORE), session)


def _section(programme: str, ahead: Sequence[Turn], sweeps: Sequence[SweepSeen], language: str) -> str:
    calendar = rows(
        (
            _moment(turn.boundary.instant, turn.boundary.zone, language),
            escape(wording.day(turn.boundary.local_date, language)),
            escape(", ".join(turn.wallets)),
        )
        for turn in ahead
    )
    lines = rows(
        (
            _moment(seen.boundary, seen.zone, language),
            escape(SWEEPS.say(language, f"state.{seen.state}")) + _progress(seen, language),
            _shares(totals(seen.preview), language),
            _shares(seen.done if seen.lapsed is None else seen.lapsed, language),
        )
        for seen in sweeps
    )
    heads = [escape(SWEEPS.say(language, f"page.{name}")) for name in ("boundary", "last_day", "wallets")]
    also = [escape(SWEEPS.say(language, f"page.{name}")) for name in ("boundary", "state", "announced", "done")]
    found = table(SWEEPS.say(language, "page.sweeps"), also, lines, of=programme)
    return (
        f"<h2>{escape(programme)}</h2>"
        + table(SWEEPS.say(language, "page.calendar"), heads, calendar, of=programme)
        + (found if sweeps else f"<p>{escape(SWEEPS.say(language, 'page.no_sweeps'))}</p>")
    )


def _progress(seen: SweepSeen, language: str) -> str:
    if seen.started_at is None:
        return ""
    told = SWEEPS.say(
        language,
        "page.members",
        done=wording.number(seen.members_done, language),
        all=wording.number(seen.members, language),
    )
    return f'<br><progress max="{max(seen.members, 1)}" value="{seen.members_done}">{told}</progress> {escape(told)}'


def _shares(found: Iterable[Total | Share], language: str) -> str:
    return "<br>".join(f"{wording.number(each.points, language)} {escape(each.wallet)}" for each in found) or "—"


def _moment(instant: datetime, zone: str, language: str) -> str:
    told = wording.moment(instant, load_zone(zone), language)
    return f'<time datetime="{instant.isoformat()}">{escape(told)}</time>'


def _page(language: str, body: str) -> str:
    return console_page("/expiry", SWEEPS.say(language, "page.title"), body, language)
