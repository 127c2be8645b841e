"""Messages to members that a system of the company's carries: told to an endpoint of its webhooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import asyncpg
import orjson

from libs.messages.content import ChannelName
from libs.runtime.postgres import DATABASE_ERRORS
from libs.webhooks.endpoints import Endpoint
from libs.webhooks.payload import MOST_BYTES, Message
from libs.webhooks.postgres import Webhooks
from libs.webhooks.wanted import TO_MEMBER, wants
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused


class WebhookChannel:
    """Gives letters to the webhooks: to the endpoint that is the address, without one to all that want to hear.

    A letter that comes twice is sent once.
    """

    name: ChannelName = "webhook"

    def __init__(self, pool: asyncpg.Pool, now: Callable[[], datetime]) -> None:
        self._pool, self._now = pool, now

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Keep letters for their endpoints."""
        return [await self._keep(letter) for letter in letters]

    async def _keep(self, letter: Letter) -> Outcome:
        now = self._now()
        body = payload(letter, now)
        if len(body) >= MOST_BYTES:
            return Refused("content-refused", f"{len(body)} bytes")
        message = Message(letter.message_id, TO_MEMBER, now, body)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                webhooks = Webhooks(connection, letter.tenant_id)
                found = [each for each in await webhooks.endpoints() if _is_for(letter, each)]
                for each in found:
                    await webhooks.keep(each.endpoint_id, message, now)
        except DATABASE_ERRORS as error:
            return Postponed("provider-away", type(error).__name__, provider_wide=True)
        if not found:
            return Refused("address-unknown", "no endpoint for it", address_dead=bool(letter.address))
        return Handed(str(letter.message_id))


def _is_for(letter: Letter, endpoint: Endpoint) -> bool:
    if letter.address:
        return str(endpoint.endpoint_id) == letter.address and endpoint.state != "gone"
    return endpoint.state == "on" and wants(endpoint.event_types, TO_MEMBER)


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
    return orjson.dumps({"type": TO_MEMBER, "timestamp": now, "data": data}, option=orjson.OPT_UTC_Z)
