"""The page of experiments, for who is signed in: what the members of each arm did, and what that says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from libs.experiments.reading import load_results
from libs.experiments.texts import EXPERIMENTS
from libs.experiments.told import told
from libs.language import wording
from libs.promotions.describe import Words
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.running import in_force
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import prose, rows, table

router = APIRouter(include_in_schema=False)
SCOPE = "rules:read"
_HEADS = ("arm", "share", "members", "buyers", "purchases", "spend", "member", "basket", "points", "cost", "uplift")


@router.get("/experiments")
async def experiments_page(request: Request, language: Language) -> Response:
    """Show the experiments of every programme of the company."""
    visitor = await let_in(request, "/experiments", language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    key, session = visitor
    parts, now = parts_of(request), parts_of(request).clock.now()
    sections = []
    for running, version in in_force(await parts.programmes.of(key.tenant_id), now):
        if not version.compiled.source.experiments:
            continue
        words = Words(version.compiled, language)
        sections.append(f"<h2>{escape(running.name or running.programme)}</h2>")
        for experiment in version.compiled.source.experiments:
            async with parts.store.reading(key.tenant_id) as reading:
                found = await load_results(reading.connection, running.key, experiment, version.zone, now)
            sections.append(_section(told(found, version.compiled, language), words))
    body = "".join(sections) or f"<p>{prose(EXPERIMENTS.say(language, 'page.none'))}</p>"
    return remember(request, HTMLResponse(_page(language, body), headers=NO_STORE), session)


def _section(found: Mapping[str, Any], words: Words) -> str:
    language = words.language
    heads = [escape(EXPERIMENTS.say(language, f"page.{name}")) for name in _HEADS]
    days = [date.fromisoformat(found[name]) for name in ("first_day", "last_day") if found[name] is not None]
    shown = " \u2013 ".join(wording.day(day, language) for day in days)
    return (
        f"<h3>{escape(found['title'] or found['name'])}</h3>"
        f'<p class="soft"><code>{escape(found["name"])}</code> · {escape(shown)}</p>'
        + table(
            EXPERIMENTS.say(language, "page.caption"), heads, rows(_cells(arm, words) for arm in found["arms"]),
            of=found["name"],
        )
        + f'<p class="soft">{escape(found["words"])}</p>'
    )  # fmt: skip


def _cells(arm: Mapping[str, Any], words: Words) -> list[str]:
    language = words.language
    counts = [wording.number(arm[name], language) for name in ("members", "buyers", "purchases")]
    money = [
        "\u2013" if arm[name] is None else words.money(arm[name])
        for name in ("spend_minor", "spend_a_member_minor", "average_basket_minor", "cost_minor")
    ]
    points = ", ".join(words.points(one["points"], one["wallet"]) for one in arm["points"]) or "\u2013"
    share = f"{wording.number(arm['per_mille'], language, 1)} %"
    cells = [arm["arm"], share, *counts, *money[:3], points, money[3], arm["words"]]
    return [escape(cell) for cell in cells]


def _page(language: str, body: str) -> str:
    return console_page("/experiments", EXPERIMENTS.say(language, "page.title"), body, language)
