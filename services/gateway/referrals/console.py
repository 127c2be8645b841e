"""The console's page of referrals that wait for a person."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from services.gateway.door.access import parts_of
from services.gateway.door.parameters import Language
from services.gateway.live.pages import sign_in
from services.gateway.live.routes import NO_STORE, remember, signed_in
from services.gateway.referrals import store as referral_store
from services.gateway.referrals.store import KeptReferral
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import rows, table
from services.gateway.words import referral_state_words

router = APIRouter(include_in_schema=False)
MOST = 200
_HEADS = ("Programme", "Friend", "Brought in by", "Named the code", "Why it waits", "To decide")


@router.get("/referrals")
async def referrals(request: Request, language: Language) -> Response:
    """Show what waits, to who is signed in; others are shown the way in."""
    found = await signed_in(request)
    if found is None:
        return HTMLResponse(sign_in(), headers=NO_STORE)
    key, session = found
    async with parts_of(request).store.reading(key.tenant_id) as reading:
        held = await referral_store.listed(reading, None, "held", None, MOST + 1)
    return remember(request, HTMLResponse(held_page(held, language), headers=NO_STORE), session)


def held_page(held: Sequence[KeptReferral], language: str) -> str:
    """The page: what waits and why, and the command by which a person decides; its bar speaks the reader's language."""
    if not held:
        return _page('<p class="good">✓ No referral waits for a person.</p>', language)
    more = f" The newest {MOST} are shown." if len(held) > MOST else ""
    told = f"<p>They bring nothing until somebody releases them.{more}</p>"
    lines = rows(map(_line, held[:MOST]))
    return _page(told + table("Referrals that wait for a person", _HEADS, lines), language)


def _page(body: str, language: str) -> str:
    return console_page("/referrals", "Referrals", body, language, spoken="en")


def _line(kept: KeptReferral) -> tuple[str, ...]:
    friend = escape(str(kept.friend_id))
    return (
        escape(kept.programme),
        f"<code>{friend}</code>",
        f"<code>{escape(str(kept.referrer_id))}</code>",
        f"{kept.claimed_at:%Y-%m-%d %H:%M} UTC",
        escape(referral_state_words(kept.state, kept.reasons)),
        f"<code>pointstream referrals release {friend} --reason …</code>, or <code>refuse</code>",
    )
