"""Events of other services that this one acts on: each is done until it is, for as long as the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from libs.runtime import logs
from libs.runtime.clock import happens_within
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble

log = logs.get(__name__)
_RETRY = 1.0


class _Kind(msgspec.Struct, frozen=True):
    type: str


_read_kind = msgspec.json.Decoder(_Kind).decode


def kind_of(value: bytes) -> str | None:
    """The type of an event; None where it is none."""
    try:
        return _read_kind(value).type
    except msgspec.DecodeError:
        log.warning("event.unreadable")
        return None


async def until_done(act: Callable[[], Awaitable[None]], event_id: str, stopping: asyncio.Event) -> None:
    """Act, and again while the database is away or another transaction is met; what it refuses is told to the log."""
    while True:
        try:
            await act()
        except DATABASE_ERRORS as error:
            if trouble(error) not in (Trouble.PASSING, Trouble.REPEAT):
                log.error("event.not_taken", event_id=event_id, error=type(error).__name__)
                return
            log.warning("event.waits", event_id=event_id, error=type(error).__name__)
            if await happens_within(stopping, _RETRY):
                return
        else:
            return
