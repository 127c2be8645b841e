"""One attempt at a webhook: sent, cut off when it takes too long, and what the receiver made of it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp

from libs.runtime.clock import Clock, elapsed_since, monotonic
from libs.runtime.seal import Seal, SealBroken
from libs.webhooks.endpoints import MessageState, seal_context
from libs.webhooks.payload import message_name
from libs.webhooks.resolving import Lookup, NotPublic, look_up, public_connector
from libs.webhooks.schedule import Verdict, next_attempt, verdict
from libs.webhooks.signature import signed_headers
from libs.webhooks.targets import TargetRefused, read_target
from services.notifier.webhooks.store import Claimed, Result

MOST_ANSWER = 1024
UNSIGNED = "its secret can't be read: it needs another one"
SET_ASIDE = timedelta(minutes=5)
"""How long an endpoint is left alone whose secret can't be read."""
_HEADERS = {"Content-Type": "application/json", "User-Agent": "Pointstream-Webhooks/1", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Reach:
    """How receivers are reached. `loopback` lets this machine be one: for trying things out."""

    cut: timedelta = timedelta(seconds=20)
    loopback: bool = False
    most: int = 64
    most_a_endpoint: int = 8
    lookup: Lookup = look_up
    tls: ssl.SSLContext | None = None


def client(reach: Reach) -> aiohttp.ClientSession:
    """Return the connections to receivers, kept alive between attempts. Nothing is remembered of a receiver."""
    connector = public_connector(reach.lookup, loopback=reach.loopback)
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=reach.cut.total_seconds()),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


class Sender:
    """Makes attempts. `chance` gives a number from 0 up to 1 each time."""

    def __init__(
        self, session: aiohttp.ClientSession, seal: Seal, wall: Clock, chance: Callable[[], float], reach: Reach
    ) -> None:
        self._session, self._seal, self._wall, self._chance, self._reach = session, seal, wall, chance, reach

    async def attempt(self, claimed: Claimed) -> Result:
        """Send a message once; whatever the receiver does is a result.

        Raises:
            SealBroken: the secret was sealed with another key. Nothing was sent; `unsigned` says what follows.
        """
        began, at = monotonic(), self._wall.now()
        headers = signed_headers(message_name(claimed.message_id), at, claimed.body, self._secrets(claimed))
        status, told, answer = await self._send(claimed, headers | _HEADERS)
        return self._result(claimed, at, elapsed_since(began), status, told, answer)

    def unsigned(self, claimed: Claimed) -> Result:
        """Return what becomes of a message that nobody can sign: it waits by the table, its endpoint for a while."""
        told = Verdict("failed", UNSIGNED, SET_ASIDE, busy=True)
        return self._result(claimed, self._wall.now(), timedelta(0), None, told, "")

    def _secrets(self, claimed: Claimed) -> list[str]:
        """What a message is signed with. A secret of before that can't be read is done without: there is another."""
        secrets = [self._open(claimed.secret, claimed)]
        if claimed.old_secret is not None:
            with contextlib.suppress(SealBroken):
                secrets.append(self._open(claimed.old_secret, claimed))
        return secrets

    def _result(
        self, claimed: Claimed, at: datetime, took: timedelta, status: int | None, told: Verdict, answer: str
    ) -> Result:
        now, failed = self._wall.now(), claimed.failed + 1
        due = None if told.outcome != "failed" else next_attempt(failed, now, self._chance(), told.after)
        state: MessageState = "waiting" if due is not None else "failed"
        if told.outcome == "delivered":
            state = "delivered"
        return Result(
            at=at,
            took_ms=took // timedelta(milliseconds=1),
            outcome=told.outcome,
            status=status,
            why=told.why,
            answer=answer,
            state=state,
            due_at=due or now,
            failed=0 if state == "delivered" else failed,
            ended_at=None if state == "waiting" else now,
            pause_until=now + told.after if told.busy and told.after is not None else None,
        )

    def _open(self, sealed: bytes, claimed: Claimed) -> str:
        return self._seal.open(sealed, seal_context(claimed.tenant_id, claimed.endpoint_id)).decode()

    async def _send(self, claimed: Claimed, headers: dict[str, str]) -> tuple[int | None, Verdict, str]:
        try:
            target = read_target(claimed.url, loopback=self._reach.loopback)
            async with self._session.post(
                target.url, data=claimed.body, headers=headers, allow_redirects=False, ssl=self._reach.tls or True
            ) as response:
                answer = await _beginning(response)
                return response.status, verdict(response.status, response.headers, self._wall.now()), answer
        except TargetRefused as refused:
            return None, Verdict("failed", str(refused)), ""
        except TimeoutError:
            return None, Verdict("failed", f"no answer within {self._reach.cut.total_seconds():g} s"), ""
        except aiohttp.ClientConnectorError as error:
            return None, Verdict("failed", _no_connection(error)), ""
        except (aiohttp.ClientError, OSError) as error:
            return None, Verdict("failed", f"the connection broke: {type(error).__name__}"), ""


def _no_connection(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error.os_error, NotPublic):
        return str(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "its certificate is not trusted"
    return "no connection"


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """Read the first kilobyte of an answer as text; of a longer one the connection is not used again."""
    read = bytearray()
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) >= MOST_ANSWER:
            response.close()
            break
    text = bytes(read[:MOST_ANSWER]).decode("utf-8", "replace")
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
