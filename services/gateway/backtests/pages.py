"""Pages of backtests for who is signed in: which there are, how far they are, and the pictures of one."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from services.gateway.backtests.desk import desk_of_backtests
from services.gateway.backtests.report_policy import REPORT_POLICY
from services.gateway.backtests.routes import pieces_of
from services.gateway.backtests.store import Kept
from services.gateway.backtests.views import progress_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember, signed_in
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import rows, table

router = APIRouter(include_in_schema=False)
SCOPE = "rules:read"
_SHOWN = 100
_HEADS = ("asked", "by", "programme", "range", "A", "B", "state", "members better / worse", "shown")
_NONE = (
    "<p>None yet. The form of a campaign asks for one, where it says “Simulate on history”; "
    "so does <code>POST /v1/backtests</code>.</p>"
)
_LACKS = "<p>The API key of this session lacks the scope <code>rules:read</code>.</p>"


@router.get("/backtests")
async def backtests(request: Request, language: Language) -> Response:
    """List the newest backtests, or lead to the way in."""
    who = await signed_in(request)
    if who is None:
        return RedirectResponse("/", status_code=303, headers=NO_STORE)
    key, session = who
    if not key.allows(SCOPE):
        return HTMLResponse(_page(_LACKS, language), status_code=403, headers=NO_STORE)
    async with desk_of_backtests(request).store.session(key.tenant_id) as store:
        found = await store.backtests(None, _SHOWN)
    return remember(request, HTMLResponse(listing(found, language), headers=NO_STORE), session)


@router.get("/backtests/{backtest_id}")
async def backtest(request: Request, backtest_id: UUID) -> Response:
    """Show the pictures of one that is done."""
    who = await signed_in(request)
    if who is None:
        return RedirectResponse("/", status_code=303, headers=NO_STORE)
    key, _ = who
    if not key.allows(SCOPE):
        raise ProblemError("scope-missing", f"It takes the scope {SCOPE}.")
    pieces = await pieces_of(desk_of_backtests(request), key.tenant_id, backtest_id, "report.html")
    request.state.headers.update(REPORT_POLICY)
    return StreamingResponse(pieces, media_type="text/html; charset=utf-8", headers=NO_STORE)


def listing(found: Sequence[Kept], language: str) -> str:
    """The page of all, with the bar in the reader's language; pure."""
    if not found:
        return _page(_NONE, language)
    return _page(table("Newest first", _HEADS, rows(map(_line, found))), language)


def _page(body: str, language: str) -> str:
    return console_page("/backtests", "Backtests", body, language, spoken="en")


def _line(kept: Kept) -> tuple[str, ...]:
    b = f"version {kept.version}" if kept.version is not None else f"a document ({kept.hash[:12]})"
    state = kept.state if kept.state != "running" else f"running, {progress_of(kept):.0%}"
    shown = f'<a href="/backtests/{kept.backtest_id}">pictures</a>' if kept.state == "done" else ""
    return (
        f"{kept.asked_at:%Y-%m-%d %H:%M} UTC",
        escape(kept.asked_by),
        escape(kept.programme),
        f"{kept.since:%Y-%m-%d %H:%M} to {kept.until:%Y-%m-%d %H:%M} UTC",
        "those in force" if kept.against is None else f"version {kept.against}",
        escape(b),
        escape(state if kept.failure is None else f"{state}: {kept.failure}"),
        "" if kept.better is None else f"{kept.better:,} / {kept.worse:,}",
        shown,
    )
