"""The page of scenarios, for who is signed in: a picture of how far members came, and the counts behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.language import wording
from libs.scenarios.funnel import MARKS
from libs.scenarios.reading import load_funnels
from libs.scenarios.simulations import Simulation
from libs.scenarios.texts import SCENARIOS
from libs.scenarios.told import told
from services.gateway.door.access import Caller, parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.planning.forms import posted
from services.gateway.running import in_force
from services.gateway.scenarios.desk import desk_of_simulations
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import prose, rows, table

router = APIRouter(include_in_schema=False)
SCOPE = "rules:read"
HERE, TRY = "/scenarios", "/scenarios/try"
_DAYS = 90
_TRIED = (7, 30, 90, 366)
"""On how many days back scenarios can be tried here."""
_WIDTH, _LABEL, _ROW, _ROOM = 760, 190, 26, 440
_LEAST = 1.5
"""The least width of a bar that stands for somebody."""


@router.get("/scenarios")
async def scenarios_page(request: Request, language: Language) -> Response:
    """Show the scenarios of every programme of the company."""
    visitor = await let_in(request, "/scenarios", language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    parts, now = parts_of(request), parts_of(request).clock.now()
    sections = []
    trials = await desk_of_simulations(request).newest(key.tenant_id)
    for running, version in in_force(await parts.programmes.of(key.tenant_id), now):
        if not version.compiled.source.scenarios:
            continue
        sections.append(f"<h2>{escape(running.name or running.programme)}</h2>")
        trial = next((each for each in trials if each.programme_id == running.programme_id), None)
        async with parts.store.reading(key.tenant_id) as reading:
            since = (now - timedelta(days=_DAYS)).date()
            found = await load_funnels(reading.connection, running.key, version.compiled.source.scenarios, since)
        sections += [section(told(each, language), language) for each in found]
        sections.append(tried(running.programme, trial, language))
    body = "".join(sections) or f"<p>{prose(SCENARIOS.say(language, 'page.none'))}</p>"
    page = console_page("/scenarios", SCENARIOS.say(language, "page.title"), body, language)
    return remember(request, HTMLResponse(page, headers=NO_STORE), session)


@router.post(TRY)
async def try_scenarios(request: Request, language: Language) -> Response:
    """Have the scenarios of a programme tried on what happened, and lead back to the page."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    fields = await posted(request)
    programme, days = fields.get("programme", [""])[0], fields.get("days", [""])[0]
    if days not in map(str, _TRIED):
        raise ProblemError("request-invalid")
    await desk_of_simulations(request).ask(
        Caller(visitor.key, parts_of(request)), programme or None, int(days), None, None
    )
    where = f"{HERE}?lang={language}#tried-{programme}"
    return remember(request, RedirectResponse(where, status_code=303, headers=NO_STORE), visitor.session)


def tried(programme: str, trial: Simulation | None, language: str) -> str:
    """Return the form that has scenarios tried, and what the last trial told."""
    name = escape(programme)
    choices = "".join(
        f'<option value="{days}"{" selected" if days == 30 else ""}>{_say(language, "page.days", n=days)}</option>'
        for days in _TRIED
    )
    parts = [
        f'<h3 id="tried-{name}">{_say(language, "page.try")}</h3><p class="soft">{_say(language, "page.try-what")}</p>',
        f'<form method="post" action="{TRY}?lang={language}"><input type="hidden" name="programme" value="{name}">',
        f'<label>{_say(language, "page.back")} <select name="days">{choices}</select></label> ',
        f"<button>{_say(language, 'page.try-now')}</button></form>",
    ]
    if trial is not None:
        words = _say(language, f"page.trial-{trial.state}", n=trial.days)
        parts.append(
            f'<p role="status">{words} <a href="{HERE}?lang={language}">{_say(language, "page.again")}</a></p>'
        )
        for each in () if trial.result is None else trial.result[language]:
            title = f"<h4>{escape(each['title'] or each['name'])}</h4>"
            members = _say(language, "page.would", n=each["members"], times=wording.number(each["begun"], language))
            parts += [title, f"<p>{members}</p>", picture(each, language), _steps(each, language)]
    return "".join(parts)


def section(found: Mapping[str, Any], language: str) -> str:
    """Return one scenario as a part of the page."""
    paused = f" · {_say(language, 'page.paused')}" if found["state"] == "paused" else ""
    parts = [
        f"<h3>{escape(found['title'] or found['name'])}</h3>"
        f'<p class="soft"><code>{escape(found["name"])}</code> · {escape(found["words"])}{paused}</p>',
        picture(found, language),
        _steps(found, language),
    ]
    if found["arms"]:
        parts.append(_arms(found, language))
    return "".join([*parts, f'<p class="soft">{_say(language, "page.counted", days=_DAYS)}</p>'])


def picture(found: Mapping[str, Any], language: str) -> str:
    """Draw how many members began, were reached by each step, and came to the goal, each as a bar with its number."""
    bars = [(SCENARIOS.say(language, "page.begun"), found["begun"])]
    bars += [(step["name"], step["sent"]) for step in found["steps"]]
    if found["goal"] is not None:
        bars.append((SCENARIOS.say(language, "page.won"), found["won"]))
    title = _say(language, "page.picture", name=found["title"] or found["name"])
    return (
        '<figure class="ahead scroll" tabindex="0">'
        f'<svg viewBox="0 0 {_WIDTH} {len(bars) * _ROW + 4}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{_bars(bars, language)}</svg></figure>"
    )


def _bars(bars: Sequence[tuple[str, int]], language: str) -> str:
    most = max(1, *(count for _, count in bars))
    drawn = []
    for at, (name, count) in enumerate(bars):
        y, number, label = at * _ROW, wording.number(count, language), escape(name)
        wide = max(count / most * _ROOM, _LEAST if count else 0.0)
        drawn.append(f'<text x="{_LABEL - 10}" y="{y + 17}" text-anchor="end">{label}</text>')
        place = f'x="{_LABEL}" y="{y + 4}" width="{wide:.1f}" height="18" rx="1"'
        drawn.append(f"<rect {place}><title>{label}: {number}</title></rect>")
        drawn.append(f'<text x="{_LABEL + wide + 6:.1f}" y="{y + 17}">{number}</text>')
    return "".join(drawn)


def _steps(found: Mapping[str, Any], language: str) -> str:
    heads = [_say(language, f"page.{name}") for name in ("step", "action", "after", *MARKS)]
    lines = rows(
        (
            escape(step["name"]),
            _say(language, f"action.{step['action']}"),
            _say(language, "page.hours", n=step["after_hours"]),
            *(wording.number(step[mark], language) for mark in MARKS),
        )
        for step in found["steps"]
    )
    return table(SCENARIOS.say(language, "page.steps"), heads, lines, of=found["name"])


def _arms(found: Mapping[str, Any], language: str) -> str:
    heads = [_say(language, f"page.{name}") for name in ("arm", "share", "begun", "won", "part", "beside")]
    lines = rows(
        (
            escape(arm["arm"]),
            _percent(arm["per_mille"], language),
            wording.number(arm["begun"], language),
            wording.number(arm["won"], language),
            "\u2013" if arm["won_per_mille"] is None else _percent(arm["won_per_mille"], language),
            prose(arm["words"]),
        )
        for arm in found["arms"]
    )
    return table(SCENARIOS.say(language, "page.arms"), heads, lines, of=found["name"])


def _percent(per_mille: int, language: str) -> str:
    return f"{wording.number(per_mille, language, 1)} %"


def _say(language: str, key: str, **values: object) -> str:
    return escape(SCENARIOS.say(language, key, **values))
