"""What all pages behind a member's link share: what the link opens, how often, and how they are answered."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from libs.language.choice import choose
from services.gateway.catalogue.pages import PICTURES
from services.gateway.door.access import parts_of
from services.gateway.door.problems import ProblemError
from services.gateway.door.visitors import count_visit
from services.gateway.mine.links import OwnPage, PageLinks
from services.gateway.mine.looking import without_forms
from services.gateway.mine.pages import Shown, broken_page

HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Vary": "Accept-Language"}


def opened_by(request: Request, token: str) -> OwnPage | None:
    """What a link opens. It counts for the link, as what its forms tell costs; one that opens nothing for its visitor.

    Raises:
        ProblemError: there were too many of those; or something is to be done by a link that only shows.
    """
    links: PageLinks = request.app.state.page_links
    page = links.read(token, parts_of(request).clock.now(), looks=True)
    count_visit(request, None if page is None else token)
    if page is not None and page.looks and request.method not in ("GET", "HEAD"):
        raise ProblemError("page-only-shown")
    return page


def broken(request: Request, wanted: str | None) -> HTMLResponse:
    """Say that a link leads nowhere any more."""
    language = choose(wanted, request.headers.get("accept-language"))
    request.state.headers["Content-Language"] = language
    return HTMLResponse(broken_page(language), status_code=404, headers=HEADERS)


def answered(request: Request, shown: Shown, body: str) -> HTMLResponse:
    """Answer a page in its language, without anything that could be done for whoever only looks."""
    request.state.headers["Content-Language"] = shown.language
    request.state.headers["Content-Security-Policy"] = PICTURES
    return HTMLResponse(without_forms(body) if shown.looks else body, headers=HEADERS)
