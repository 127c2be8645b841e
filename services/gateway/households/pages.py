"""Households on pages: a section about a member's in the console, and the page on which a member decides. Pure."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode
from uuid import UUID

from libs.contracts.households import HouseholdView, InvitationView, MemberHouseholdView
from libs.language import wording
from services.gateway.households.words import WORDS
from services.gateway.mine.pages import Shown
from services.gateway.site.markup import listed, page, rows, table

PART = "household"
"""Where the page lies below a member's own."""


def section(view: MemberHouseholdView, programme: str, language: str) -> str:
    """What the console shows of a member's household; nothing for whoever is in none and asked by none."""
    if view.household is None and not view.invitations:
        return ""
    members = "" if view.household is None else _members(view, view.household, programme, language)
    return f"<h2>{_say(language, 'title')}</h2>{listed(map(escape, view.words))}{members}"


def own_page(shown: Shown, view: MemberHouseholdView, key: str, told: str = "") -> str:
    """A member's own page about the household: what may be spent, and what the member may say."""
    language = shown.language
    answer = f'<p role="status">{escape(told)}</p>' if told else ""
    words = listed(map(escape, view.words)) if view.words else f"<p>{_say(language, 'alone')}</p>"
    forms = "".join(_invitation(shown, each, key) for each in view.invitations)
    if view.household is None:
        forms += _form(shown, "found", key)
    else:
        forms += f"<p>{_say(language, 'leave.why')}</p>{_form(shown, 'leave', key, view.household.household_id)}"
    members = "" if view.household is None else _members(view, view.household, None, language)
    back = f'<p><a href="{shown.path()}">{_say(language, "back")}</a></p>'
    return page(
        WORDS.say(language, "title"), answer + words + members + forms + back, language=language, worn=shown.worn
    )


def _invitation(shown: Shown, each: InvitationView, key: str) -> str:
    """Both answers to an invitation, below what agreeing means."""
    forms = "".join(_form(shown, name, key, each.household_id) for name in ("accept", "decline"))
    return f"<section><p>{_say(shown.language, 'consent')}</p>{forms}</section>"


def _form(shown: Shown, action: str, key: str, household_id: UUID | None = None) -> str:
    return (
        f'<form method="post" action="{shown.path(PART)}">'
        f'<input type="hidden" name="key" value="{escape(key)}">'
        f'<input type="hidden" name="household" value="{household_id or ""}">'
        f'<button type="submit" name="do" value="{action}">{_say(shown.language, action)}</button></form>'
    )


def _members(view: MemberHouseholdView, household: HouseholdView, programme: str | None, language: str) -> str:
    shares = {
        (share.member_id, purse.wallet): f"{wording.number(share.points, language, purse.scale)} {purse.wallet}"
        for purse in view.purses
        for share in purse.shares
    }
    lines = [
        [
            _named(each.member_id, view.member_id, programme, language),
            f"{_say(language, each.role)}, {_say(language, f'{each.state}.state')}",
            escape(", ".join(text for (whose, _), text in shares.items() if whose == each.member_id)) or "\u2013",
        ]
        for each in household.members
    ]
    heads = [WORDS.say(language, name) for name in ("who", "what", "shares")]
    return table(WORDS.say(language, "title"), heads, rows(lines))


def _named(member_id: UUID, own: UUID, programme: str | None, language: str) -> str:
    """Who that is: in the console a way to their page; a member reads nobody's id but the end of it."""
    if member_id == own:
        return _say(language, "yours")
    if programme is None:
        return f"\u2026{member_id.hex[-4:]}"
    query = urlencode({"programme": programme, "lang": language})
    return f'<a href="/members/{member_id}?{escape(query)}"><code>{member_id}</code></a>'


def _say(language: str, key: str) -> str:
    return escape(WORDS.say(language, key))
