"""The public pages of a programme: its rules, questions and calculator, for anybody, where its document says `public`.

A programme that does not say so looks like one that does not exist; so do drafts, and what is still to begin.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.calculator.forms import Filled
from services.gateway.calculator.year import activities_of, calculate, shown_now, tiers_of
from services.gateway.designs.looks import dress_of
from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.door.visitors import count_visit
from services.gateway.public import pages as public_pages
from services.gateway.public.pages import Shown
from services.gateway.public.questions import questions_page
from services.gateway.running import named

router = APIRouter(include_in_schema=False)
_MOST_FIELDS = 64
_MOST_TEXT = 64
_KEPT = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language"}
Slug = Annotated[str, Path(max_length=63)]


@router.get("/rules")
@router.get("/calculator")
@router.get("/questions")
async def front(request: Request) -> Response:
    """Lead to the programme that this installation shows."""
    shown = parts_of(request).shown
    if shown is None:
        raise ProblemError("not-found")
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.url.path}/{shown}{query}", status_code=307)


@router.get("/rules/{company}/{programme}")
async def rules(request: Request, company: Slug, programme: Slug, language: Language) -> HTMLResponse:
    """Show how points are earned."""
    shown = await shown_programme(request, company, programme, language)
    return HTMLResponse(public_pages.rules_page(shown), headers=_KEPT)


@router.get("/questions/{company}/{programme}")
async def questions(request: Request, company: Slug, programme: Slug, language: Language) -> HTMLResponse:
    """Answer what people ask about the end of points."""
    shown = await shown_programme(request, company, programme, language)
    return HTMLResponse(questions_page(shown), headers=_KEPT)


@router.get("/calculator/{company}/{programme}")
async def calculator(request: Request, company: Slug, programme: Slug, language: Language) -> HTMLResponse:
    """Show the form, and what a year of such habits would bring."""
    shown = await shown_programme(request, company, programme, language)
    given = {
        name: text
        for name, text in list(request.query_params.items())[:_MOST_FIELDS]
        if name != "lang" and len(text) <= _MOST_TEXT
    }
    filled = Filled(given)
    source = shown.compiled.source
    habits = filled.habits(source.currency, activities_of(shown.version), tiers_of(source))
    year = None
    if habits is not None:
        # In a thread: a thousand receipts take long enough to hold up other requests.
        year = await asyncio.to_thread(calculate, shown.programme, habits, shown.at)
    return HTMLResponse(public_pages.calculator_page(shown, filled, year, habits), headers=_KEPT)


async def shown_programme(request: Request, company: str, programme: str, language: str) -> Shown:
    """Find a programme that anybody may see.

    Raises:
        ProblemError: there is none of this name, or it is not public; or the visitor asks too often.
    """
    parts = parts_of(request)
    count_visit(request)
    at = parts.clock.now()
    tenant_id = await parts.store.company(company)
    found = [] if tenant_id is None else named(await parts.programmes.of(tenant_id), programme)
    version = found[0].at(at) if found else None
    if version is None or not version.compiled.source.public:
        raise ProblemError("not-found")
    shown = await asyncio.to_thread(shown_now, found[0], at)
    assert shown is not None
    return Shown(found[0], shown, at, language, await dress_of(request, found[0].key, language))
