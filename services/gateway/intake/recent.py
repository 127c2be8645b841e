"""Events that this gateway publishes now, or has published lately: the same one is not published twice at once.

What is older is known by the inbox. Between several gateways, or after a restart, an event may be published twice in
the moment before it is decided; whoever reads it drops the repeat.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

EventName = tuple[int, UUID]
"""Tenant and event key."""

MOST = 100_000
KEPT_SECONDS = 600.0


class Claim(Enum):
    """What it means for an event that it was handed over."""

    MINE = "mine"  # the caller is to publish it, and say how that went
    KNOWN = "known"  # it was published
    OTHER_BODY = "other body"  # its id stands for something else


@dataclass(eq=False, slots=True)
class _Entry:
    body_hash: int
    done: asyncio.Future[bool]
    until: float = 0.0


class Recent:
    """Remembers events by name and body. For one task group on one event loop."""

    def __init__(self, most: int = MOST, kept: float = KEPT_SECONDS) -> None:
        self._most = most
        self._kept = kept
        self._entries: OrderedDict[EventName, _Entry] = OrderedDict()

    def claim(self, name: EventName, body_hash: int, now: float) -> Claim | asyncio.Future[bool]:
        """Say who publishes an event; a future when somebody does now: it tells whether the broker has it.

        `now` is in seconds of a clock that never goes back.
        """
        entry = self._entries.get(name)
        if entry is None or (entry.done.done() and entry.until <= now):
            self._entries.pop(name, None)
            self._entries[name] = _Entry(body_hash, asyncio.get_running_loop().create_future())
            return Claim.MINE
        if entry.body_hash != body_hash:
            return Claim.OTHER_BODY
        return Claim.KNOWN if entry.done.done() else entry.done

    def settle(self, names: Iterable[EventName], now: float, *, published: bool) -> None:
        """Say how the publishing of claimed events went; what failed is forgotten, and may be claimed again."""
        for name in names:
            entry = self._entries[name] if published else self._entries.pop(name)
            entry.until = now + self._kept
            entry.done.set_result(published)
        while len(self._entries) > self._most:
            oldest = next(iter(self._entries))
            if not self._entries[oldest].done.done():
                return  # still under way: the bound of the publisher keeps these few
            del self._entries[oldest]
