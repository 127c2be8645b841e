"""What a member answers on their own page: the link is the member's word."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from libs.questionnaires.answers import from_form
from services.gateway.door.access import parts_of
from services.gateway.door.problems import ProblemError
from services.gateway.mine.links import OwnPage
from services.gateway.mine.pages import Shown
from services.gateway.questionnaires import filling
from services.gateway.questionnaires.pages import form_page, said_page


async def answer(request: Request, page: OwnPage, shown: Shown, name: str, fields: Mapping[str, str] | None) -> str:
    """Show the form, or take what it says; `fields` is None for who only looks.

    Raises:
        ProblemError: there is no such questionnaire.
    """
    parts = parts_of(request)
    running = (await parts.programmes.of(page.tenant_id)).by_key()[page.tenant_id, page.programme_id]
    async with parts.store.reading(page.tenant_id) as reading:
        kept = await filling.one(reading, running, name)
        try:
            await filling.refuse(reading, running, page.member_id, kept, parts.clock.now())
        except ProblemError as error:
            return said_page(shown, kept, error.kind.title)
    if fields is None:
        return form_page(shown, kept, {}, {})
    try:
        await filling.fill(request, running, page.member_id, name, from_form(kept.asked, fields), shown.language)
    except ProblemError as error:
        faults = {each.pointer.rpartition("/")[2]: each.detail for each in error.errors}
        return form_page(shown, kept, faults, fields, "" if faults else error.kind.title)
    return said_page(shown, kept)
