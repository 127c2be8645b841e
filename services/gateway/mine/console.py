"""The way from the console to a member's own page, to look at it."""

from __future__ import annotations

from html import escape
from uuid import UUID

from services.gateway.mine.texts import MINE


def rewards_section(member_id: UUID, programme: str, language: str, in_reach: str) -> str:
    """The button that opens a member's own page to look at, and what is `in_reach`, as HTML."""
    action = f"/members/{member_id}/rewards?lang={language}&programme={programme}"
    say = MINE.say
    return (
        f"<h2>{escape(say(language, 'console'))}</h2><p>{escape(say(language, 'console.why'))}</p>"
        f'<form method="post" action="{escape(action)}"><button>{escape(say(language, "console.open"))}</button></form>'
        f"{in_reach}"
    )
