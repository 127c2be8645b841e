"""The way from a member's own page to the chat, where the programme has one or something was said."""

from __future__ import annotations

from services.gateway.chat import store
from services.gateway.chat.desk import name_of, terms_of
from services.gateway.chat.pages import way
from services.gateway.mine.pages import Shown
from services.gateway.store import Member, Reading


async def way_to_chat(reading: Reading, member: Member, shown: Shown) -> str:
    """Return it as HTML; nothing where there is nothing to see."""
    name = name_of(reading.tenant_id, member)
    family = await store.load_family(reading.connection, name)
    talk = await store.load_talk(reading.connection, name, family)
    if talk is None:
        return way(shown, 0) if (await terms_of(reading.connection, name[:2])).open else ""
    return way(shown, await store.count_answers(reading.connection, name, family, talk.member_read))
