"""Messages to members that a system of the company's carries: told to an endpoint of its webhooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from libs.messages.content import ChannelName
from libs.runtime.postgres import DATABASE_ERRORS
from libs.webhooks.payload import MOST_BYTES, Message
from libs.webhooks.postgres import Webhooks
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused

_TYPE = "message.to_member"


class WebhookChannel:
    """Gives letters to the webhooks; an address is the id of an endpoint. A letter that comes twice is sent once."""

    name: ChannelName = "webhook"

    def __init__(self, pool: asyncpg.Pool, now: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._pool, self._now, self._wake = pool, now, wake

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Keep letters for their endpoints."""
        outcomes = [await self._keep(letter) for letter in letters]
        self._wake()
        return outcomes

    async def _keep(self, letter: Letter) -> Outcome:
        now = self._now()
        body = payload(letter, now)
        if len(body) >= MOST_BYTES:
            return Refused("content-refused", f"{len(body)} bytes")
        try:
            endpoint_id = UUID(letter.address)
        except ValueError:
            return Refused("address-unknown", "no id of an endpoint", address_dead=True)
        try:
            async with self._pool.acquire() as connection:
                webhooks = Webhooks(connection, letter.tenant_id)
                found = await webhooks.endpoint(endpoint_id)
                if found is None or found.state == "gone":
                    return Refused("address-unknown", "no such endpoint", address_dead=True)
                await webhooks.keep(endpoint_id, Message(letter.message_id, _TYPE, now, body), now)
        except DATABASE_ERRORS as error:
            return Postponed("provider-away", type(error).__name__, provider_wide=True)
        return Handed(str(letter.message_id))


def payload(letter: Letter, now: datetime) -> bytes:
    """What the endpoint is told."""
    content = letter.content
    data = {
        "message_id": str(letter.message_id),
        "sender": letter.sender,
        "language": content.language,
        "title": content.title,
        "text": content.text,
        "link": content.link,
        **dict(letter.data),
    }
    return orjson.dumps({"type": _TYPE, "timestamp": now, "data": data}, option=orjson.OPT_UTC_Z)
