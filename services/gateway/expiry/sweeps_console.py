"""The page of expiry, for who is signed in: the boundaries ahead, and how far sweeps are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from libs.language import wording
from libs.sweeps.calendar import Turn
from libs.sweeps.kept import load_outlook
from libs.sweeps.preview import Share, SparedShare, Total, totals
from libs.sweeps.reading import SweepSeen, load_sweeps, turns_of
from libs.sweeps.reminder_reading import load_reminders
from libs.sweeps.reminders import steps
from libs.sweeps.texts import SWEEPS
from services.gateway.door.access import Caller, parts_of
from services.gateway.door.parameters import Language
from services.gateway.expiry.approvals_console import waiting
from services.gateway.expiry.picture import outlook_section
from services.gateway.expiry.reminder_api import AHEAD, series_in
from services.gateway.expiry.reminders_console import reminders_section
from services.gateway.lapsing.sections import rules_section
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.running import named
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import instant, rows, table

router = APIRouter(include_in_schema=False)
SCOPE = "points:read"
_AHEAD = timedelta(days=800)
_MOST = 12
_COLUMNS = ("boundary", "state", "announced", "done", "spared")


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
        documents = [version.compiled.source for version in running.versions]
        series, periods = series_in(running)
        async with parts.store.reading(key.tenant_id) as reading:
            scope = (key.tenant_id, running.programme_id)
            sweeps = await load_sweeps(reading.connection, *scope, most=_MOST)
            outlook = await load_outlook(reading.connection, running.key)
            reminded = await load_reminders(reading.connection, *scope, most=_MOST)
            coming = await turns_of(reading.connection, running.key, documents, now, now + _AHEAD)
        ahead = coming[:_MOST]
        if ahead or sweeps:
            name = running.name or running.programme
            told = "" if outlook is None else outlook_section(running, outlook, name, language)
            version = running.at(now)
            rules = "" if version is None else rules_section(version, language)
            sections.append(_section(name, ahead, rules + told, sweeps, language))
            due = steps(series, periods, now, now + AHEAD)[:_MOST]
            sections.append(reminders_section(name, due, reminded, language))
    async with parts.store.reading(key.tenant_id) as reading:
        undecided = await waiting(reading, Caller(key, parts), language)
    body = undecided + "".join(sections) or f"<p>{escape(SWEEPS.say(language, 'page.none'))}</p>"
    return remember(request, HTMLResponse(_page(language, body), headers=NO_STORE), session)


def _section(programme: str, ahead: Sequence[Turn], outlook: str, sweeps: Sequence[SweepSeen], language: str) -> str:
    calendar = rows(
        (
            instant(turn.boundary.instant, turn.boundary.zone, language),
            escape(wording.day(turn.boundary.local_date, language)),
            escape(", ".join(turn.wallets)),
        )
        for turn in ahead
    )
    lines = rows(
        (
            instant(seen.boundary, seen.zone, language),
            escape(SWEEPS.say(language, f"state.{seen.state}")) + _progress(seen, language),
            _shares(totals(seen.preview), language),
            _shares(seen.done if seen.lapsed is None else seen.lapsed, language),
            _spared(seen.spared if seen.waived is None else seen.waived, language),
        )
        for seen in sweeps
    )
    heads = [escape(SWEEPS.say(language, f"page.{name}")) for name in ("boundary", "last_day", "wallets")]
    also = [escape(SWEEPS.say(language, f"page.{name}")) for name in _COLUMNS]
    found = table(SWEEPS.say(language, "page.sweeps"), also, lines, of=programme)
    return (
        f"<h2>{escape(programme)}</h2>"
        + table(SWEEPS.say(language, "page.calendar"), heads, calendar, of=programme)
        + outlook
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


def _spared(found: Iterable[SparedShare], language: str) -> str:
    told = [
        f"{wording.number(each.points, language)} {escape(each.wallet)}: {escape(each.spared_as)}" for each in found
    ]
    return "<br>".join(told) or "—"


def _page(language: str, body: str) -> str:
    return console_page("/expiry", SWEEPS.say(language, "page.title"), body, language)
