"""The programmes that quotes are judged by: a company's own, compiled and kept, and looked at again every second.

While requests keep coming none waits for a change to be compiled: what is known answers it, and the look
goes on beside. After a pause the first request waits for the look.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from libs.judging.postgres import (
    Compiler,
    Digests,
    MappingInvalid,
    ProgrammeInvalid,
    load_digests,
    load_programmes,
    load_stops,
)
from libs.judging.programmes import Programmes
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.store import Store

log = logs.get(__name__)
FRESH = 1.0
"""Seconds for which what is known needs no look."""
STALE = 5.0
"""Seconds after which a request waits for the look."""
_MOST_TENANTS = 200


@dataclass(slots=True)
class _Kept:
    digests: Digests
    compiler: Compiler
    programmes: Programmes
    looked: float


@dataclass(slots=True)
class TenantProgrammes:
    """Keeps the programmes of the companies that asked last. `monotonic` gives seconds that never go back."""

    store: Store
    monotonic: Callable[[], float]
    _kept: OrderedDict[int, _Kept] = field(default_factory=OrderedDict)
    _looks: dict[int, asyncio.Task[Programmes]] = field(default_factory=dict)

    async def of(self, tenant_id: int) -> Programmes:
        """Return a tenant's programmes in all their versions, no older than a few seconds.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists; `ProgrammeInvalid`, `MappingInvalid`: what is stored
            is none.
        """
        kept = self._kept.get(tenant_id)
        age = None if kept is None else self.monotonic() - kept.looked
        if kept is not None and age is not None and age < FRESH:
            return kept.programmes
        look = self._looks.get(tenant_id)
        if look is None:
            look = self._looks[tenant_id] = asyncio.create_task(self._look(tenant_id))
            look.add_done_callback(lambda done: self._done(tenant_id, done))
        if kept is not None and age is not None and age < STALE:
            return kept.programmes
        return await asyncio.shield(look)

    async def close(self) -> None:
        """End the looks under way."""
        looks = list(self._looks.values())
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)

    async def _look(self, tenant_id: int) -> Programmes:
        looked = self.monotonic()
        kept = self._kept.get(tenant_id)
        stored, stops = None, None
        async with self.store.reading(tenant_id) as reading:
            digests = await load_digests(reading.connection)
            if kept is None or kept.digests.rules != digests.rules:
                stored = await load_programmes(reading.connection)
            elif kept.digests != digests:
                stops = await load_stops(reading.connection)
        compiler = Compiler() if kept is None else kept.compiler
        if stored is not None:
            # In a thread: a programme of thousands of campaigns takes long enough to hold up other requests.
            programmes = await asyncio.to_thread(compiler.compile, stored)
        else:
            assert kept is not None
            programmes = kept.programmes if stops is None else kept.programmes.stopped(stops)
        self._kept[tenant_id] = _Kept(digests, compiler, programmes, looked)
        self._kept.move_to_end(tenant_id)
        if len(self._kept) > _MOST_TENANTS:
            self._kept.popitem(last=False)
        return programmes

    def _done(self, tenant_id: int, look: asyncio.Task[Programmes]) -> None:
        self._looks.pop(tenant_id, None)
        if look.cancelled() or (error := look.exception()) is None:
            return
        if not isinstance(error, (*DATABASE_ERRORS, ProgrammeInvalid, MappingInvalid)):
            log.error("programmes.not_read", exc_info=error)
        else:
            log.warning("programmes.not_read", error=type(error).__name__)


def named(programmes: Programmes, slug: str | None) -> list[RunningProgramme]:
    """Return the programmes that a slug can mean: the one of that name, or without a slug all of them."""
    return [one for one in programmes.by_key().values() if slug in (None, one.programme)]


def in_force(
    programmes: Programmes, now: datetime, slug: str | None = None
) -> Iterator[tuple[RunningProgramme, ActiveVersion]]:
    """Return each programme that a slug can mean with its version at an instant, where it has one."""
    for running in named(programmes, slug):
        if (version := running.at(now)) is not None:
            yield running, version
