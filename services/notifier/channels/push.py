"""Push messages to apps over FCM's HTTP v1; iPhones are reached through it too.

A service account signs for itself and is given a token for an hour, which is taken anew before it ends, once at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import orjson

from libs.messages.content import ChannelName
from libs.messages.provider_settings import PushSettings
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused, Unanswered
from services.notifier.channels.exchange import Exchange, Line, Reply, Request, common, each_of

MOST_BYTES = 4096
LONGEST_LIFE = timedelta(weeks=4)
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SIGNED_FOR = timedelta(hours=1)
_EARLY = timedelta(minutes=5)
"""A token is taken anew so long before it ends: what is sent with it is still on its way."""


class Tokens:
    """The token of a service account: one while it holds, and one request for another at a time."""

    def __init__(self, settings: PushSettings, exchange: Exchange, now: Callable[[], datetime]) -> None:
        self._settings, self._exchange, self._now = settings, exchange, now
        self._lock = asyncio.Lock()
        self._held: tuple[str, datetime] | None = None

    async def token(self) -> str | Postponed:
        """Return a token that holds for some minutes at least, or why there is none."""
        async with self._lock:
            if self._held is not None and self._now() < self._held[1] - _EARLY:
                return self._held[0]
            got = await self._exchange.ask(self._request())
            if isinstance(got, Unanswered):  # nothing was sent to anybody
                return Postponed("provider-away", got.detail, provider_wide=True)
            if isinstance(got, Postponed):
                return got
            return self._take(got)

    def forget(self, token: str) -> None:
        """Let go of a token that was refused."""
        if self._held is not None and self._held[0] == token:
            self._held = None

    def _request(self) -> Request:
        settings, now = self._settings, self._now()
        claims = {
            "iss": settings.email,
            "scope": _SCOPE,
            "aud": settings.token_url,
            "iat": int(now.timestamp()),
            "exp": int((now + _SIGNED_FOR).timestamp()),
        }
        headers = None if settings.key_id is None else {"kid": settings.key_id}
        signed = jwt.encode(claims, settings.private_key.get_secret_value(), "RS256", headers)
        form = urlencode({"grant_type": _GRANT, "assertion": signed}).encode()
        return Request("POST", settings.token_url, {"Content-Type": "application/x-www-form-urlencoded"}, form)

    def _take(self, reply: Reply) -> str | Postponed:
        document = reply.document()
        if reply.status == 200 and isinstance(document, dict) and isinstance(document.get("access_token"), str):
            seconds = document.get("expires_in")
            lasts = timedelta(seconds=seconds) if isinstance(seconds, int) else _SIGNED_FOR
            self._held = (document["access_token"], self._now() + lasts)
            return self._held[0]
        code = f"token endpoint, status {reply.status}"
        return common(reply, code) or Postponed("credentials-refused", code, provider_wide=True)


class PushChannel:
    """Hands push messages over. An address is a token that an app was given."""

    name: ChannelName = "push"

    def __init__(self, settings: PushSettings, line: Line, now: Callable[[], datetime]) -> None:
        self._exchange = Exchange(line)
        self._tokens = Tokens(settings, self._exchange, now)
        self._now = now
        self._url = f"{settings.url}/v1/projects/{settings.project}/messages:send"

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
        body = payload(letter, self._now())
        if len(body) > MOST_BYTES:
            return Refused("content-refused", f"{len(body)} bytes")
        token = await self._tokens.token()
        if isinstance(token, Postponed):
            return token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = await self._exchange.ask(Request("POST", self._url, headers, body))
        if not isinstance(answer, Reply):
            return answer
        outcome = _outcome(answer)
        if isinstance(outcome, Postponed) and outcome.reason == "credentials-refused":
            self._tokens.forget(token)
        return outcome


def payload(letter: Letter, now: datetime) -> bytes:
    """What FCM is sent for a letter."""
    content = letter.content
    data = {"message_id": str(letter.message_id), **dict(letter.data)}
    if content.link is not None:
        data["link"] = content.link
    message: dict[str, Any] = {
        "token": letter.address,
        "notification": {"title": content.title, "body": content.text},
        "data": data,
        "android": {"notification": {"tag": str(letter.message_id)}},
        "apns": {"headers": {"apns-collapse-id": str(letter.message_id)}, "payload": {"aps": {"sound": "default"}}},
    }
    if letter.life is not None:
        life = max(timedelta(0), min(letter.life, LONGEST_LIFE))
        message["android"]["ttl"] = f"{life // timedelta(seconds=1)}s"
        message["apns"]["headers"]["apns-expiration"] = str(int((now + life).timestamp()))
    return orjson.dumps({"message": message})


def _outcome(reply: Reply) -> Outcome:
    document = reply.document()
    told: dict[str, Any] = document if isinstance(document, dict) else {}
    if reply.status == 200:
        name = told.get("name")
        return Handed(name if isinstance(name, str) else "")
    code, fields = _error(told)
    detail = code or f"status {reply.status}"
    if reply.status == 404 or code == "UNREGISTERED":
        return Refused("address-unknown", detail, address_dead=True)
    if code == "SENDER_ID_MISMATCH":
        return Refused("address-refused", detail, address_dead=True)
    if code in ("QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED"):
        return Postponed("provider-busy", detail, reply.after(), provider_wide=True)
    if code == "INVALID_ARGUMENT" and "message.token" in fields:
        return Refused("address-unknown", detail, address_dead=True)
    return common(reply, detail) or Refused("content-refused", detail)


def _error(told: dict[str, Any]) -> tuple[str, set[str]]:
    """The code of an error, the more exact one where there is one, and the fields that it blames."""
    error = told.get("error")
    if not isinstance(error, dict):
        return "", set()
    code, fields = str(error.get("status", "")), set()
    for detail in error.get("details", ()):
        if isinstance(detail, dict):
            code = str(detail.get("errorCode", code))
            fields |= {str(each.get("field")) for each in detail.get("fieldViolations", ()) if isinstance(each, dict)}
    return code, fields
