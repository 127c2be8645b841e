"""The relay of writers that are no batch loop: they commit at any time and in any process, and hold no partition.

Their shards are held by lease, whoever wrote to them. The process that holds one publishes at once what it hears that
itself has committed, and within a second what others have, from the table. A shard whose holder died is taken over when
the lease has run out; what was left is published before anything new.

What a database that dies may lose again must not be published. So only the relay of writers whose commits are on disk
can be told rows from memory, and the one of lazy writers can't: each is a class of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
from aiokafka.errors import KafkaError

from libs.runtime import logs, sql, stream_store
from libs.runtime.clock import Clock, happens_within, monotonic
from libs.runtime.outbox import ReadRows, Relay, Row
from libs.runtime.postgres import DATABASE_ERRORS

log = logs.get(__name__)
_QUERIES = sql.load("libs.runtime", "leases.sql")
SHARDS = 16
LEASE = timedelta(seconds=15)
_RENEW = 5.0
_LOOK = 1.0
_PAUSE = 1.0
_STORE = 0.25
"""Seconds between two times that cursors are stored at least; what lies behind one is published again after a crash."""
_GATHER = 0.025
"""Seconds in which more is waited for once there is something: asking and sending cost more than what is sent."""
_HEARD = 2_000
"""Rows that wait in memory at most: while the broker is away more come, and the table has them all."""


def shard_of(writer: str, member_id: UUID) -> str:
    """The shard of a writer in which the events about a member lie, always the same."""
    return f"{writer}/{member_id.int % SHARDS}"


def shards_of(writer: str) -> list[str]:
    """All shards of a writer."""
    return [f"{writer}/{number}" for number in range(SHARDS)]


class LeasedRelay:
    """Publishes the shards of one writer that this process holds. `clock` is the machine's: leases are its business.

    `make_relay` gives a relay that reads rows by the function it is handed.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        writer: str,
        owner: str,
        make_relay: Callable[[ReadRows], Relay],
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._shards = shards_of(writer)
        self._owner = owner
        self._relay = make_relay(self._read)
        self._clock = clock
        self._epochs: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._heard: dict[str, list[Row]] = {}
        self._woken = asyncio.Event()
        self._stopping = False
        self._prepared = False
        self._renewed: float | None = None
        self._looked: float | None = None
        self._stored_at: float | None = None
        self._trouble: str | None = "the outbox is not looked after yet"

    @property
    def trouble(self) -> str | None:
        """What keeps events from being published, if anything does."""
        return self._trouble or self._relay.trouble

    @property
    def prepared(self) -> bool:
        """Whether the shards are there, so that events may be put into them."""
        return self._prepared

    def committed(self, shards: Iterable[str]) -> None:
        """Hear that this process has committed events in these shards."""
        self._dirty.update(shards)
        self._woken.set()

    def stop(self) -> None:
        """End soon; what is committed and not published is left to whoever holds the shards next."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Go on until stopped. While the database or the broker is away, try again."""
        started = False
        try:
            while not self._stopping:
                try:
                    if not self._prepared:
                        await self._pool.execute(_QUERIES["ensure"], self._shards)
                        self._prepared = True
                    if not started:
                        await self._relay.start()
                        started = True
                    self._relay.check()
                    await self._work()
                    self._trouble = None
                except (KafkaError, *DATABASE_ERRORS) as error:
                    self._trouble = f"the outbox is not published: {type(error).__name__}"
                    log.warning("leases.interrupted", error=type(error).__name__)
                    if not started:
                        await self._relay.stop()  # what began to connect must not stay behind
                    await happens_within(self._woken, _PAUSE)
                    self._woken.clear()
        finally:
            await self._relay.stop()
            with contextlib.suppress(*DATABASE_ERRORS):
                await self._store_cursors()
                await self._pool.execute(_QUERIES["let_go"], self._shards, self._owner)

    async def _work(self) -> None:
        now = monotonic()
        if _due(self._renewed, now, _RENEW):
            await self._renew()
            self._renewed = now
        dirty, self._dirty = self._dirty & self._epochs.keys(), set()
        heard, self._heard = self._heard, {}
        if _due(self._looked, now, _LOOK):
            dirty |= await self._behind() - heard.keys()
            self._looked = now
        ready, unclear = self._in_order(heard)
        await self._relay.publish(ready)
        await self._relay.settled()
        for shard in sorted(dirty | unclear):
            await self._relay.catch_up(shard)
        if _due(self._stored_at, now, _STORE):
            await self._store_cursors()
            self._stored_at = now
        await happens_within(self._woken, _STORE if self._moved() else _LOOK)
        self._woken.clear()
        if self._dirty or self._heard:
            await asyncio.sleep(_GATHER)

    def _in_order(self, heard: Mapping[str, list[Row]]) -> tuple[list[Row], set[str]]:
        """Rows that follow without a gap on what is acknowledged, and the shards of which the table knows more."""
        ready: list[Row] = []
        unclear: set[str] = set()
        for shard in self._epochs.keys() & heard.keys():
            last = self._relay.acknowledged[shard]
            rows = sorted([row for row in heard[shard] if row.last > last], key=lambda row: row.seq)
            follows = [last, *[row.last for row in rows]]
            if all(row.seq == before + 1 for before, row in zip(follows, rows, strict=False)):
                ready += rows
            else:
                unclear.add(shard)
        return ready, unclear

    async def _renew(self) -> None:
        """Keep what is held, take what nobody holds, and let go of what somebody else has taken."""
        now = self._clock.now()
        rows = await self._pool.fetch(_QUERIES["lease"], self._shards, self._owner, now, now + LEASE)
        held = {row["shard"]: row["epoch"] for row in rows}
        for shard in self._epochs.keys() - held.keys():
            self._relay.abandon(shard)
        for row in rows:
            if self._epochs.get(row["shard"]) != row["epoch"]:
                await self._relay.adopt(row["shard"], row["published_seq"])
        self._epochs = held

    async def _behind(self) -> set[str]:
        """The shards that others, or this process unheard, have written to."""
        known = self._relay.acknowledged
        rows = await self._pool.fetch(_QUERIES["behind"], list(known), list(known.values()))
        return {row["shard"] for row in rows}

    async def _store_cursors(self) -> None:
        if moved := self._moved():
            async with self._pool.acquire() as connection:
                await stream_store.move_cursors(connection, moved, self._epochs, self._clock.now() + LEASE)
            self._stored |= moved

    def _moved(self) -> dict[str, int]:
        """How far shards are published that is not stored yet."""
        acknowledged = self._relay.acknowledged
        return {s: n for s, n in acknowledged.items() if s in self._epochs and self._stored.get(s) != n}

    async def _read(self, shard: str, after: int) -> list[Row]:
        async with self._pool.acquire() as connection:
            return await self._found(connection, shard, after)

    async def _found(self, connection: asyncpg.Connection, shard: str, after: int) -> list[Row]:
        """What the table has of a shard; it may be published then."""
        return await stream_store.unpublished(connection, shard, after)


class PromptRelay(LeasedRelay):
    """The relay of a writer whose commits are on disk when they return: it may publish what it is told, from memory."""

    def told(self, rows: Sequence[Row]) -> None:
        """Hear what this process has committed, with the numbers that it was given."""
        for row in rows:
            self._heard.setdefault(row.shard, []).append(row)
        if sum(map(len, self._heard.values())) > _HEARD:
            self._dirty.update(self._heard)
            self._heard.clear()
        self._woken.set()


class LazyRelay(LeasedRelay):
    """The relay of a writer who does not wait for the disk (`synchronous_commit` off).

    All that it publishes it has read, and brought to disk before.
    """

    async def _found(self, connection: asyncpg.Connection, shard: str, after: int) -> list[Row]:
        rows = await super()._found(connection, shard, after)
        if rows:
            await connection.execute(_QUERIES["flush"])
        return rows


def _due(last: float | None, now: float, every: float) -> bool:
    return last is None or now - last >= every
