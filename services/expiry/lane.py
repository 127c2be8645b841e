"""A lane of work: takes chunks of members, one after the other, until it is told to stop."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from libs.runtime import logs
from libs.runtime.clock import Clock, happens_within
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.expiry.crowd import Crowd
from services.expiry.metrics import ExpiryMetrics

log = logs.get(__name__)
_IDLE = 0.5
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Means:
    """What the lanes of a worker share. `wall` is the machine's clock, for leases; `lock_bound` is in seconds.
    `committed` hears in which shards of the outbox something new lies.
    """

    pool: asyncpg.Pool
    clock: Clock
    wall: Clock
    metrics: ExpiryMetrics
    holder: str
    lease: timedelta
    lock_bound: float
    committed: Callable[[Iterable[str]], None]
    crowd: Crowd


class Lane(ABC):
    """What every lane does, whatever its chunks are of.

    An `extra` one works only while nobody else wants the machine.
    """

    def __init__(self, means: Means, *, extra: bool = False) -> None:
        self._means = means
        self._extra = extra
        self._stopping = asyncio.Event()
        self.trouble: str | None = None

    def stop(self) -> None:
        """Let the step in hand end, and return."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`; on trouble of the database, wait and begin again."""
        pause = _IDLE
        while not self._stopping.is_set():
            try:
                async with self._means.pool.acquire() as connection:
                    worked = not self._gives_way and await self._chunk(connection)
            except DATABASE_ERRORS as error:
                if trouble(error) not in (Trouble.PASSING, Trouble.REPEAT):
                    raise
                self.trouble = type(error).__name__
                log.warning("lane.held", error=self.trouble)
                await happens_within(self._stopping, pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            self.trouble, pause = None, _IDLE
            if not worked:
                await happens_within(self._stopping, _IDLE)

    @property
    def _gives_way(self) -> bool:
        return self._extra and self._means.crowd.others

    @abstractmethod
    async def _chunk(self, connection: asyncpg.Connection) -> bool:
        """Take a chunk as far as it goes, and say whether there was one."""
