"""The page at the root: signing in and out with an API key, and what goes on, live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from libs.runtime.api_keys import ApiKey
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.door.visitors import count_visit
from services.gateway.live import pages as live_pages
from services.gateway.live.board import Boards
from services.gateway.site.ended import EndedSessions
from services.gateway.site.sessions import ID_BYTES, Session, Sessions, lifetime

router = APIRouter(include_in_schema=False)
COOKIE = "pointstream_session"
SCOPE = "receipts:read"
NO_STORE = {"Cache-Control": "no-store", "Vary": "Cookie"}
_MOST_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class Live:
    """What the live page is served with; made once by the composition root.

    `random` gives so many unpredictable bytes, for the ids of sessions.
    """

    sessions: Sessions
    ended: EndedSessions
    random: Callable[[int], bytes]
    boards: Boards


@router.get("/")
async def home(request: Request, language: Language) -> Response:
    """Show what goes on, or the way in."""
    who = await signed_in(request)
    if who is None:
        return HTMLResponse(live_pages.sign_in(), headers=NO_STORE)
    key, session = who
    board = await _live(request).boards.look(key.tenant_id)
    return remember(request, HTMLResponse(live_pages.live(board, language), headers=NO_STORE), session)


@router.get("/live")
async def live(request: Request) -> Response:
    """Show what has changed on the page; 401 when the session is over."""
    who = await signed_in(request)
    if who is None:
        return PlainTextResponse("The session is over.\n", status_code=401, headers=NO_STORE)
    key, session = who
    board = await _live(request).boards.look(key.tenant_id)
    return remember(request, HTMLResponse(live_pages.fragment(board), headers=NO_STORE), session)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session for a key. What is no key counts against its visitor."""
    if not from_our_page(request):
        return _refused("This form works from its own page only.", 403)
    now = parts_of(request).clock.now()
    text = await _posted_key(request)
    if text is None:
        count_visit(request)
        return _refused("That is no API key.", 401)
    try:
        key = await parts_of(request).keys.find(text, now)
    except ProblemError as error:
        count_visit(request)
        return _refused(f"{error.kind.title}.", 401)
    if not key.allows(SCOPE):
        return _refused(f"The key lacks the scope {SCOPE}.", 403)
    await parts_of(request).keys.used(key, now)
    response = RedirectResponse("/", status_code=303, headers=NO_STORE)
    live = _live(request)
    _set_cookie(request, response, live.sessions.begin(key.key_id, live.random(ID_BYTES), now))
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session, wherever its cookie was copied to."""
    response = RedirectResponse("/", status_code=303, headers=NO_STORE)
    if from_our_page(request):
        if (who := await signed_in(request)) is not None:
            key, session = who
            await _live(request).ended.end(key.tenant_id, session, parts_of(request).clock.now())
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_secure(request))
    return response


async def signed_in(request: Request) -> tuple[ApiKey, Session] | None:
    """The key and the session of whoever looks at a page; None when nobody is signed in."""
    parts = parts_of(request)
    now = parts.clock.now()
    session = _live(request).sessions.read(request.cookies.get(COOKIE, ""), now)
    if session is None:
        return None
    try:
        key = await parts.keys.by_id(session.key_id, now)
    except ProblemError:
        return None
    if not key.allows(SCOPE) or await _live(request).ended.has(key.tenant_id, session):
        return None
    request.state.caller = {"key_id": key.key_id, "tenant_id": key.tenant_id}
    return key, session


def remember(request: Request, response: Response, session: Session) -> Response:
    """Let the session live on, for it is used."""
    if (text := _live(request).sessions.renewed(session, parts_of(request).clock.now())) is not None:
        _set_cookie(request, response, text)
    return response


def _set_cookie(request: Request, response: Response, text: str) -> None:
    sessions, now = _live(request).sessions, parts_of(request).clock.now()
    session = sessions.read(text, now)
    seconds = 0 if session is None else lifetime(now, session.ends)
    response.set_cookie(COOKIE, text, max_age=seconds, httponly=True, samesite="strict", secure=_secure(request))


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _live(request: Request) -> Live:
    live: Live = request.app.state.live
    return live


def _refused(message: str, status: int) -> HTMLResponse:
    return HTMLResponse(live_pages.sign_in(message), status_code=status, headers=NO_STORE)


def from_our_page(request: Request) -> bool:
    """Whether a form was sent from a page of ours, as far as browsers say."""
    # The origin is no help: our referrer policy makes browsers send "null". Programs send neither.
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


async def _posted_key(request: Request) -> str | None:
    """Read the form's one field, and no more than it can need."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    fields = parse_qs(body.decode("latin-1"))
    return fields["key"][0].strip() if "key" in fields else None
