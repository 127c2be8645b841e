"""One request to a provider, over connections that are kept: its answer, or what its silence means for a message.

Whether a request had been sent when something broke decides whether a message may have been taken. Nothing that a
provider says comes into an outcome but its codes, for it repeats numbers and addresses.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import orjson

from libs.runtime.clock import SystemClock
from libs.webhooks.resolving import public_connector
from libs.webhooks.schedule import retry_after
from services.notifier.channels.channel import Letter, Outcome, Postponed, Unanswered

_MOST_ANSWER = 64 * 1024
_USER_AGENT = "Pointstream/1"


@dataclass(frozen=True, slots=True)
class Line:
    """How a provider is reached: how many requests at once, and how long for a connection and for an answer.

    `loopback` lets it be this machine: for trying things out.
    """

    at_once: int = 32
    connect: timedelta = timedelta(seconds=5)
    answer: timedelta = timedelta(seconds=20)
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    at: datetime

    def document(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def after(self) -> timedelta | None:
        """When the provider wants to be asked again, where it says so."""
        return retry_after(self.headers.get("Retry-After"), self.at)


class Exchange:
    """Requests to one provider, so many at once. `safe` says whether it knows a message that comes twice."""

    def __init__(self, line: Line, *, safe: bool = False) -> None:
        self._line, self._safe = line, safe
        self._room = asyncio.Semaphore(line.at_once)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Be ready; connections are made with the first requests, and kept."""
        self._opened()

    async def close(self) -> None:
        """Give connections back."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(self, request: Request) -> Reply | Postponed | Unanswered:
        """Send one request, and return the answer or what its lack means."""
        async with self._room:
            try:
                return await self._send(request)
            except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
                return Postponed("provider-away", type(error).__name__, provider_wide=True)
            except TimeoutError:
                return Unanswered(self._safe, "no answer in time")
            except (aiohttp.ClientError, OSError) as error:
                return Unanswered(self._safe, type(error).__name__)

    async def _send(self, request: Request) -> Reply:
        headers = {"User-Agent": _USER_AGENT, **request.headers}
        async with self._opened().request(
            request.method, request.url, data=request.body, headers=headers, allow_redirects=False
        ) as response:
            body = await _beginning(response)
            return Reply(response.status, response.headers, body, SystemClock().now())

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            line = self._line
            self._session = aiohttp.ClientSession(
                connector=public_connector(loopback=line.loopback),
                timeout=aiohttp.ClientTimeout(
                    total=(line.connect + line.answer).total_seconds(),
                    sock_connect=line.connect.total_seconds(),
                    sock_read=line.answer.total_seconds(),
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer, in however many pieces it comes, as far as it is not too long.

    Where it breaks off, the status has been told all the same: what was taken must not be sent again.
    """
    read = bytearray()
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
        async for piece in response.content.iter_any():
            read += piece
            if len(read) >= _MOST_ANSWER:
                response.close()
                break
    return bytes(read[:_MOST_ANSWER])


def common(reply: Reply, code: str = "") -> Postponed | None:
    """What any provider means by a status: too much to do, trouble of its own, or credentials that it does not know."""
    detail = code or f"status {reply.status}"
    if reply.status == 429:
        return Postponed("provider-busy", detail, reply.after(), provider_wide=True)
    if reply.status >= 500:
        return Postponed("provider-failed", detail, reply.after(), provider_wide=True)
    if reply.status in (401, 403):
        return Postponed("credentials-refused", detail, provider_wide=True)
    return None


async def each_of(letters: Sequence[Letter], send: Callable[[Letter], Awaitable[Outcome]]) -> list[Outcome]:
    """Send letters side by side; the outcomes come in the order of the letters."""
    return list(await asyncio.gather(*map(send, letters)))
