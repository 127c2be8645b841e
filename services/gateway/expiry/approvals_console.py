"""What waits for a second person, on the page of expiry: sweeps and reinstatements, each decided by somebody else."""

from __future__ import annotations

from html import escape
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.language import wording
from libs.sweeps import reinstating
from libs.sweeps.preview import totals
from libs.sweeps.reading import SweepSeen, load_sweeps
from libs.sweeps.reinstating import Seen
from libs.sweeps.texts import SWEEPS
from services.gateway.door.access import Caller, parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.expiry.reinstatement_api import decide, named
from services.gateway.expiry.sweep_api import steer
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.site.console_door import let_in
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import rows, table
from services.gateway.store import Reading

router = APIRouter(include_in_schema=False)
HERE = "/expiry"
SCOPES = {"sweeps": "rules:publish", "reinstatements": "points:adjust"}
"""What it takes to decide, by what is decided on."""
_MOST = 50


@router.post("/expiry/{what}/{name}/{decision}")
async def decide_here(
    request: Request,
    language: Language,
    what: Literal["sweeps", "reinstatements"],
    name: UUID,
    decision: Literal["approve", "refuse"],
) -> Response:
    """Decide as whoever is signed in; a form of ours sends it."""
    visitor = await let_in(request, HERE, language, SCOPES[what])
    if isinstance(visitor, Response):
        return visitor
    caller = Caller(visitor.key, parts_of(request))
    try:
        if what == "sweeps":
            await steer(request, caller, name, decision)
        else:
            await decide(request, caller, name, approve=decision == "approve")
    except ProblemError as refused:
        key = "page.own" if refused.code == "second-person-needed" else "page.decided"
        return _told(language, key, refused.kind.status)
    return remember(request, RedirectResponse(HERE, status_code=303, headers=NO_STORE), visitor.session)


async def waiting(reading: Reading, caller: Caller, language: str) -> str:
    """Return what waits for a second person of the caller's company as HTML, with buttons for who may decide."""
    lines: list[tuple[str, ...]] = [
        (
            escape(each.programme),
            escape(SWEEPS.say(language, "page.a_sweep", day=wording.day(each.local_date, language))),
            "<br>".join(f"{wording.number(one.points, language)} {escape(one.wallet)}" for one in totals(each.preview)),
            "",
            _buttons("sweeps", each.sweep_id, caller, language, own=False),
        )
        for each in await _sweeps(reading, caller)
    ]
    requests = await reinstating.load(reading.connection, caller.tenant_id, states=["awaiting_approval"], most=_MOST)
    lines += [_line(each, caller, language) for each in requests]
    if not lines:
        return ""
    heads = [escape(SWEEPS.say(language, f"page.{name}")) for name in ("programme", "what", "points", "by", "decide")]
    return table(SWEEPS.say(language, "page.waiting"), heads, rows(lines))


async def _sweeps(reading: Reading, caller: Caller) -> list[SweepSeen]:
    found = await load_sweeps(reading.connection, caller.tenant_id, most=_MOST)
    return [each for each in found if each.state == "awaiting_approval"]


def _line(seen: Seen, caller: Caller, language: str) -> tuple[str, ...]:
    who = wording.number(seen.members, language)
    told = SWEEPS.say(language, "page.a_reinstatement", members=who)
    why = f" ({escape(seen.reason)})" + (f"<br>{escape(seen.note)}" if seen.note else "")
    return (
        escape(seen.programme),
        escape(told) + why,
        wording.number(seen.points, language),
        escape(seen.asked_by),
        _buttons("reinstatements", seen.reinstatement_id, caller, language, own=seen.asked_by == named(caller)),
    )


def _buttons(what: str, name: UUID, caller: Caller, language: str, *, own: bool) -> str:
    if own:
        return escape(SWEEPS.say(language, "page.own"))
    if not caller.key.allows(SCOPES[what]):
        return escape(SWEEPS.say(language, "page.scope", scope=SCOPES[what]))
    return "".join(
        f'<form method="post" action="/expiry/{what}/{name}/{decision}">'
        f'<button type="submit">{escape(SWEEPS.say(language, f"page.{decision}"))}</button></form>'
        for decision in ("approve", "refuse")
    )


def _told(language: str, key: str, status: int) -> HTMLResponse:
    body = f'<p role="alert">{escape(SWEEPS.say(language, key))}</p>'
    return HTMLResponse(console_page(HERE, SWEEPS.say(language, "page.title"), body, language), status, NO_STORE)
