"""The short texts that wait for a member at the till, as a quote and a receipt tell them."""

from __future__ import annotations

from fastapi import Request

from services.gateway.inbox.store import Asked, InboxStore, Whose
from services.gateway.receipts.views import TillText

_MOST = 3


async def till_texts(request: Request, whose: Whose) -> tuple[TillText, ...]:
    """Return what is of use now, newest first."""
    store: InboxStore = request.app.state.inbox
    found = await store.messages(whose, Asked("till", request.app.state.parts.clock.now()), None, _MOST)
    return tuple([TillText(id=each.message_id, text=each.content.text, expires_at=each.expires_at) for each in found])
