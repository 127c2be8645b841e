"""Idempotency-Key: a request that is repeated does nothing again, and is told what it was told the first time.

The header follows draft-ietf-httpapi-idempotency-key-header: a quoted string, or what others send, the bare text.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from hashlib import sha256

from fastapi import Request

from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.door.problems import ProblemError
from services.gateway.intake.store import Answer, Asked, Begun, IntakeStore, KeyName, Window

log = logs.get(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MOST = 255
LAPSES = timedelta(seconds=60)
"""How long a request may run before its key is free for the same request again."""
KEPT = timedelta(days=7)
"""How long a first answer is given again; tills go offline for a weekend."""

_PURGE_EVERY = 60.0
_PURGED_AT_ONCE = 5_000
_TRIES = 5
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')


def key_text(request: Request) -> str:
    """Return the key of a request, whichever of the two forms it was sent in.

    Raises:
        ProblemError: 400, it is missing, empty, too long, or not of printable ASCII.
    """
    sent = request.headers.getlist(HEADER)
    if not sent:
        raise ProblemError("idempotency-key-missing")
    text = sent[0].strip()
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        text = re.sub(r"\\(.)", r"\1", quoted.group(1))
    if len(sent) > 1 or _PRINTABLE.fullmatch(text) is None:
        raise ProblemError("idempotency-key-invalid", f"Send one key of 1 to {MOST} printable ASCII characters.")
    return text


def digest(text: str) -> bytes:
    """The digest that a key is kept as."""
    return sha256(text.encode()).digest()


async def begin(store: IntakeStore, name: KeyName, fingerprint: bytes, now: datetime, asked: Asked) -> Begun | Answer:
    """Take the key for a request: return what is known of its events, or the answer that was given already.

    Raises:
        ProblemError: 409 while the same request runs, 422 when the key was used for another one.
        Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
    """
    window = Window(now, given_up=now - LAPSES, forgotten=now - KEPT)
    for _ in range(_TRIES):
        begun = await store.begin(name, fingerprint, window, asked)
        if begun.attempt is not None:
            return begun
        if begun.holder is None:
            if begun.refused or not asked.take:
                return begun
            continue  # released between two statements
        if begun.holder.fingerprint != fingerprint:
            raise ProblemError("idempotency-key-reused")
        if begun.holder.answer is not None:
            return begun.holder.answer
        break
    raise ProblemError("idempotency-key-running", headers={"Retry-After": "1"})


class Purge:
    """Deletes keys whose answers need not be given again: every minute, so many at once for each tenant."""

    def __init__(self, store: IntakeStore, clock: Clock, *, every: float = _PURGE_EVERY) -> None:
        self._store = store
        self._clock = clock
        self._every = every

    async def run(self) -> None:
        """Go on until cancelled; a database that is away is left for the next time."""
        while True:
            await asyncio.sleep(self._every)
            try:
                gone = await self.once()
            except DATABASE_ERRORS as error:
                log.warning("idempotency.not_purged", error=type(error).__name__)
            else:
                if gone:
                    log.info("idempotency.purged", keys=gone)

    async def once(self) -> int:
        """Delete what is old, at most `_PURGED_AT_ONCE` a tenant; return how many there were.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        until = self._clock.now() - KEPT
        gone = 0
        for tenant in await self._store.tenants():
            async with self._store.session(tenant) as session:
                gone += await session.forget_old(until, _PURGED_AT_ONCE)
        return gone
