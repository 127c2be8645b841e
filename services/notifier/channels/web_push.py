"""Push messages to browsers (RFC 8030): encrypted for the one browser (RFC 8291), signed by us (RFC 8292).

Where a message goes is what the browser said, so it is treated like any address that a stranger gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from webpush import WebPush, WebPushSubscription

from libs.messages.content import ChannelName
from libs.messages.provider_settings import WebPushSettings
from libs.webhooks.targets import TargetRefused, read_target
from services.notifier.channels.channel import Handed, Letter, Outcome, Refused
from services.notifier.channels.exchange import Exchange, Line, Reply, Request, common, each_of

MOST_BYTES = 3993
"""What fits into one record of 4,096 bytes beside the key, the salt and the padding."""
LONGEST_LIFE = timedelta(weeks=4)
_DEFAULT_LIFE = timedelta(days=1)
_TOPIC = 32


class _Keys(BaseModel):
    model_config = ConfigDict(extra="ignore")

    auth: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{16,64}={0,2}$")]
    p256dh: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{80,100}={0,2}$")]


class _Subscription(BaseModel):
    model_config = ConfigDict(extra="ignore")

    endpoint: Annotated[str, Field(max_length=2048)]
    keys: _Keys


class WebPushChannel:
    """Hands push messages over. An address is a subscription, as the browser gives it in JSON."""

    name: ChannelName = "web_push"

    def __init__(self, settings: WebPushSettings, line: Line) -> None:
        self._exchange, self._loopback = Exchange(line), line.loopback
        private = settings.private_key.get_secret_value().encode()
        self._push = WebPush(private, settings.public_key.encode(), subscriber=settings.contact)

    async def open(self) -> None:
        """Be ready."""
        await self._exchange.open()

    async def close(self) -> None:
        """Give connections back."""
        await self._exchange.close()

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand letters over."""
        return await each_of(letters, self._send)

    async def _send(self, letter: Letter) -> Outcome:
        body = payload(letter)
        if len(body) > MOST_BYTES:
            return Refused("content-refused", f"{len(body)} bytes")
        try:
            subscription = _Subscription.model_validate_json(letter.address)
            target = read_target(subscription.endpoint, loopback=self._loopback)
            where = WebPushSubscription.model_validate(subscription.model_dump() | {"endpoint": target.url})
            message = self._push.get(body, where)
        except (ValidationError, TargetRefused, ValueError) as error:  # ValueError: the browser's key is none
            return Refused("address-unknown", type(error).__name__, address_dead=True)
        life = max(timedelta(0), min(_DEFAULT_LIFE if letter.life is None else letter.life, LONGEST_LIFE))
        headers = {
            "Authorization": message.headers["authorization"],
            "Content-Encoding": message.headers["content-encoding"],
            "Content-Type": "application/octet-stream",
            "TTL": str(life // timedelta(seconds=1)),
            "Topic": letter.message_id.hex[:_TOPIC],  # a repeat takes the place of what has not been shown yet
        }
        answer = await self._exchange.ask(Request("POST", target.url, headers, message.encrypted))
        return _outcome(answer) if isinstance(answer, Reply) else answer


def payload(letter: Letter) -> bytes:
    """What the browser's worker is told."""
    content = letter.content
    told = {
        "id": str(letter.message_id),
        "title": content.title,
        "body": content.text,
        "link": content.link,
        "language": content.language,
        "data": dict(letter.data),
    }
    return orjson.dumps(told)


def _outcome(reply: Reply) -> Outcome:
    detail = f"status {reply.status}"
    if 200 <= reply.status < 300:
        return Handed(reply.headers.get("Location", "").rpartition("/")[2][:200])
    if reply.status in (404, 410):
        return Refused("address-unknown", detail, address_dead=True)
    return common(reply) or Refused("content-refused", detail)
