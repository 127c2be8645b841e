"""The way from the console to a member's own page: whoever may spend points redeems there, for the member."""

from __future__ import annotations

from html import escape
from uuid import UUID

from fastapi import Request

from services.gateway.door.access import parts_of
from services.gateway.mine.links import LIVES, OwnPage, PageLinks
from services.gateway.mine.pages import PLACE
from services.gateway.mine.texts import MINE


def rewards_section(member_id: UUID, programme: str, language: str) -> str:
    """The button that opens a member's own page, as HTML."""
    action = f"/members/{member_id}/rewards?lang={language}&programme={programme}"
    say = MINE.say
    return (
        f"<h2>{escape(say(language, 'console'))}</h2><p>{escape(say(language, 'console.why'))}</p>"
        f'<form method="post" action="{escape(action)}"><button>{escape(say(language, "console.open"))}</button></form>'
    )


def own_page(request: Request, name: tuple[int, int, UUID], language: str) -> str:
    """Where a member's own page is, by a link as an app would get it."""
    links: PageLinks = request.app.state.page_links
    token = links.token(OwnPage(*name, parts_of(request).clock.now() + LIVES))
    return f"{PLACE}/{token}?lang={language}"
