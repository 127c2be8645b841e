"""The link in a mail by which a consent is confirmed. Looking at it changes nothing: machines follow links too."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from libs.language.choice import choose
from services.gateway.confirming.asked import Asked
from services.gateway.confirming.desk import ConfirmDesk
from services.gateway.confirming.links import PLACE, Asking
from services.gateway.confirming.pages import Shown, asking_page, broken_page, late_page
from services.gateway.designs.looks import dress_of
from services.gateway.door.access import parts_of
from services.gateway.door.visitors import count_visit
from services.gateway.site.forms import fields_of

router = APIRouter(include_in_schema=False)
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Vary": "Accept-Language"}
_MOST, _FIELDS = 1_024, 4
Token = Annotated[str, Path(max_length=128)]
Wanted = Annotated[str | None, Query(alias="lang", max_length=35)]


@router.get(f"{PLACE}/{{token}}")
async def show_question(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Show what was agreed to, and ask."""
    asking = desk_of(request).links.read(token)
    return await _page(request, token, asking, None if asking is None else await desk_of(request).find(asking), lang)


@router.post(f"{PLACE}/{{token}}")
async def confirm(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Take the yes that the form says, and show that it counts."""
    yes = (await fields_of(request, _MOST, _FIELDS)).get("answer") == "yes"
    desk, asked = desk_of(request), None
    if (asking := desk.links.read(token)) is not None:
        asked = await (desk.confirm(asking, parts_of(request).clock.now()) if yes else desk.find(asking))
    return await _page(request, token, asking, asked, lang)


def desk_of(request: Request) -> ConfirmDesk:
    """The desk of the running application."""
    desk: ConfirmDesk = request.app.state.confirming
    return desk


async def _page(
    request: Request, token: str, asking: Asking | None, asked: Asked | None, wanted: str | None
) -> HTMLResponse:
    parts, now = parts_of(request), parts_of(request).clock.now()
    language = choose(wanted, request.headers.get("accept-language"))
    request.state.headers["Content-Language"] = language
    running = None
    if asking is not None:
        running = (await parts.programmes.of(asking.tenant_id)).by_key().get(asking[:2])
    if asked is None or running is None:
        count_visit(request)
        return HTMLResponse(broken_page(language), status_code=404, headers=_HEADERS)
    version = running.at(now)
    zone = UTC if version is None else version.zone
    worn = await dress_of(request, running.key, language)
    shown = Shown(token, running.name or running.programme, zone, language, worn)
    if asked.confirmed_at is None and asked.until <= now:
        return HTMLResponse(late_page(shown, asked), status_code=410, headers=_HEADERS)
    return HTMLResponse(asking_page(shown, asked), headers=_HEADERS)
