"""The way from the console to a member's own page: whoever may spend points redeems there, for the member."""

from __future__ import annotations

from html import escape
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.live.routes import NO_STORE, from_our_page, remember
from services.gateway.members.lookup import one_member
from services.gateway.mine.links import LIVES, OwnPage, PageLinks
from services.gateway.mine.pages import PLACE
from services.gateway.mine.texts import MINE
from services.gateway.site.console_door import lacking, let_in

router = APIRouter(include_in_schema=False)
HERE, SCOPE = "/members", "points:spend"


def rewards_section(member_id: UUID, programme: str, language: str) -> str:
    """The button that opens a member's own page, as HTML."""
    action = f"{HERE}/{member_id}/rewards?lang={language}&programme={programme}"
    say = MINE.say
    return (
        f"<h2>{escape(say(language, 'console'))}</h2><p>{escape(say(language, 'console.why'))}</p>"
        f'<form method="post" action="{escape(action)}"><button>{escape(say(language, "console.open"))}</button></form>'
    )


@router.post(f"{HERE}/{{member_id}}/rewards")
async def open_for_member(
    request: Request, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> Response:
    """Lead to the member's own page, by a link as an app would get it."""
    visitor = await let_in(request, HERE, language, SCOPE)
    if isinstance(visitor, Response):
        return visitor
    if not from_our_page(request):
        return lacking(HERE, language, SCOPE)
    parts, tenant = parts_of(request), visitor.key.tenant_id
    async with parts.store.reading(tenant) as reading:
        member = await one_member(reading, member_id, programme)
    links: PageLinks = request.app.state.page_links
    until = parts.clock.now() + LIVES
    token = links.token(OwnPage(tenant, member.programme_id, member.member_id, until))
    to = RedirectResponse(f"{PLACE}/{token}?lang={language}", status_code=303, headers=NO_STORE)
    return remember(request, to, visitor.session)
