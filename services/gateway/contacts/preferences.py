"""The links in messages: one click that says no (RFC 8058), and a page with all choices. Nobody logs in for either.

A link is its own permission. It is as good as unguessable, so only those that are none count against a visitor: the
servers that click for people come from few addresses.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from libs.contacts.links import Link
from libs.language.choice import choose
from services.gateway.contacts.choices import choices, chosen, refusal
from services.gateway.contacts.desk import Chooser, ContactDesk, desk_of
from services.gateway.contacts.preference_pages import Shown, broken_page, choices_page, stopped_page
from services.gateway.designs.looks import dress_of
from services.gateway.door.visitors import count_visit
from services.gateway.site.forms import fields_of

router = APIRouter(prefix="/u", include_in_schema=False)
_MOST, _FIELDS = 8_192, 80
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Vary": "Accept-Language"}
Token = Annotated[str, Path(max_length=128)]
Wanted = Annotated[str | None, Query(alias="lang", max_length=35)]


@router.get("/{token}")
async def show_choices(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Show what there is to choose; it changes nothing, for machines follow links too."""
    desk = desk_of(request)
    if (found := await _found(request, desk, token)) is None:
        return _broken(request, lang)
    link, chooser = found
    shown = await _shown(request, token, link, chooser, lang)
    return HTMLResponse(choices_page(shown, choices(chooser.person, link, desk.clock.now())), headers=_HEADERS)


@router.post("/{token}")
async def say_no(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Say no to what the link names. What else is sent along says nothing more."""
    desk = desk_of(request)
    if (found := await _found(request, desk, token)) is None:
        return _broken(request, lang)
    link, chooser = found
    await desk.say(chooser.names, [refusal(link, desk.clock.now())])
    return HTMLResponse(stopped_page(await _shown(request, token, link, chooser, lang)), headers=_HEADERS)


@router.post("/{token}/choices")
async def save_choices(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Save what was chosen, and show it."""
    desk = desk_of(request)
    if (found := await _found(request, desk, token)) is None:
        return _broken(request, lang)
    link, chooser = found
    form = await fields_of(request, _MOST, _FIELDS)
    words = chosen(chooser.person, link, form, desk.clock.now())
    if words:
        await desk.say(chooser.names, words)
        chooser = await desk.chooser(link.member) or chooser
    shown = await _shown(request, token, link, chooser, lang)
    boxes = choices(chooser.person, link, desk.clock.now())
    said = "saved" if words else "unchanged"
    return HTMLResponse(choices_page(shown, boxes, said=said), headers=_HEADERS)


async def _found(request: Request, desk: ContactDesk, token: str) -> tuple[Link, Chooser] | None:
    """Return what a link says and who chooses by it; None when it is no link of ours.

    Raises:
        ProblemError: the visitor came with too many of those.
    """
    link = desk.links.read(token)
    chooser = None if link is None else await desk.chooser(link.member)
    if link is None or chooser is None:
        count_visit(request)
        return None
    return link, chooser


def _broken(request: Request, wanted: str | None) -> HTMLResponse:
    """Tell a person that a link leads nowhere, and a machine too."""
    language = choose(wanted, request.headers.get("accept-language"))
    request.state.headers["Content-Language"] = language
    return HTMLResponse(broken_page(language), status_code=404, headers=_HEADERS)


async def _shown(request: Request, token: str, link: Link, chooser: Chooser, wanted: str | None) -> Shown:
    """In the language that was asked for, else the member's own where we speak it, else the browser's."""
    language = choose(wanted or chooser.person.language, request.headers.get("accept-language"))
    request.state.headers["Content-Language"] = language
    worn = await dress_of(request, link.member[:2], language)
    return Shown(token, link, chooser.programme, language, worn)
