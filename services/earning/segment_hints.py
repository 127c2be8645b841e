"""Who did something: heard on topics, counted over a window, and marked to be looked at.

What is counted is a hint and no more: a member's mark in PostgreSQL has them looked at, and what they are found to have
done there decides. A hint that comes twice costs a look; one that is lost is made good when everybody is looked at.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

import asyncpg

from libs.judging.programmes import Programmes
from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from libs.segments.postgres import mark_ids
from services.earning.feed import named
from services.earning.metrics import EarningMetrics

log = logs.get(__name__)
TOPICS = ("loyalty.points", "loyalty.members")
WINDOW = 0.25
"""Seconds over which a member's deeds are counted; they make one mark."""
MOST = 1_000
"""Records of a window at most."""
_OWN = b".member.segment_"
_PAUSE, _LONGEST = 0.1, 5.0

Heard = tuple[bytes | None, bytes | None]
"""The key of a record, and what its header says of its type."""


class SegmentHints:
    """Marks members of whom something was heard; `hear` returns once the marks are stored, and raises nothing."""

    def __init__(
        self, pool: asyncpg.Pool, programmes: Callable[[], Programmes], clock: Clock, metrics: EarningMetrics
    ) -> None:
        self._pool = pool
        self._programmes = programmes
        self._clock = clock
        self._metrics = metrics

    @property
    def wanted(self) -> bool:
        """Whether any programme has segments: then there is something to listen for."""
        return any(one.has_segments for one in self._programmes().by_key().values())

    async def hear(self, heard: Iterable[Heard]) -> None:
        """Count the deeds of a window by member, and mark each of these members once, however long that takes."""
        deeds = count_deeds(heard)
        scopes = [scope for scope, one in self._programmes().by_key().items() if one.has_segments]
        if not deeds or not scopes:
            return
        pause = _PAUSE
        while True:
            try:
                async with self._pool.acquire() as connection:
                    await mark_ids(connection, self._clock.now(), "deeds", scopes, sorted(deeds))
            except DATABASE_ERRORS as error:
                log.warning("segments.not_marked", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST)
            else:
                self._metrics.hinted(deeds.total(), len(deeds))
                return


def count_deeds(heard: Iterable[Heard]) -> Counter[UUID]:
    """Count what was heard of each member; that somebody entered a segment or left it is no deed of theirs."""
    members = [named(key) for key, kind in heard if kind is None or _OWN not in kind]
    return Counter([member for member in members if member is not None])


def kind_of(headers: Mapping[str, bytes] | Iterable[tuple[str, bytes]] | None) -> bytes | None:
    """The type of a record's event, as its header has it."""
    return None if headers is None else dict(headers).get("ce_type")
