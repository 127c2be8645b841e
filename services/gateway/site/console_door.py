"""The way into a page of the console: who is signed in and may see it, and what all others are shown."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.runtime.api_keys import ApiKey
from services.gateway.live.routes import NO_STORE, from_our_page, signed_in
from services.gateway.site.console_page import BAR, console_page
from services.gateway.site.sessions import Session


class Visitor(NamedTuple):
    """Whoever looks at a page."""

    key: ApiKey
    session: Session


async def let_in(request: Request, here: str, language: str, scope: str) -> Visitor | Response:
    """Return who looks at a page of the console; else what is shown to who is not signed in, or may not look.

    A form that was sent from elsewhere than a page of ours is refused here, for all pages.
    """
    who = await signed_in(request)
    if who is None:
        return RedirectResponse("/", status_code=303, headers=NO_STORE)
    key, session = who
    if not key.allows(scope):
        return lacking(here, language, scope)
    if request.method not in {"GET", "HEAD"} and not from_our_page(request):
        return _refused(here, language, BAR.say(language, "elsewhere"))
    return Visitor(key, session)


def lacking(here: str, language: str, scope: str) -> HTMLResponse:
    """The page at a place of the console for a session whose key lacks a scope."""
    return _refused(here, language, BAR.say(language, "scope", scope=scope))


def _refused(here: str, language: str, why: str) -> HTMLResponse:
    body = f"<p>{escape(why)}</p>"
    return HTMLResponse(console_page(here, BAR.say(language, here), body, language), 403, NO_STORE)
