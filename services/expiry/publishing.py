"""Publishing what sweeps commit: one worker of many holds expiry's outbox shards, by lease and epoch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from libs.contracts.headers import headers_of
from libs.runtime import logs, stream_store
from libs.runtime.clock import Clock, happens_within
from libs.runtime.metrics import StreamMetrics
from libs.runtime.outbox import Relay, Row
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.expiry import store
from services.expiry.announcements import SHARDS

log = logs.get(__name__)
_EVERY = 0.25
_RETRY = 2.0


class Publishing:
    """Follows the shards in the table, whichever worker has committed there: nothing is handed over in memory."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        make_producer: Callable[[], AIOKafkaProducer],
        metrics: StreamMetrics,
        holder: str,
        wall: Clock,
        lease: timedelta,
        topic_prefix: str,
    ) -> None:
        self._pool = pool
        self._holder = holder
        self._wall = wall
        self._lease = lease
        self._epochs: dict[str, int] = {}
        self._relay = Relay(make_producer, headers_of, self._read, metrics, topic_prefix=topic_prefix)
        self._stopping = asyncio.Event()

    @property
    def trouble(self) -> str | None:
        """What keeps events from being published, if anything does."""
        return self._relay.trouble

    def stop(self) -> None:
        """Publish no more."""
        self._stopping.set()

    async def run(self) -> None:
        """Publish until `stop`."""
        while not self._stopping.is_set():
            try:
                await self._relay.start()
                break
            except KafkaError as error:
                log.warning("outbox.not_started", error=type(error).__name__)
                await self._relay.stop()
                await happens_within(self._stopping, _RETRY)
        try:
            while not await happens_within(self._stopping, _EVERY):
                try:
                    await self._round()
                except DATABASE_ERRORS as error:
                    if trouble(error) not in (Trouble.PASSING, Trouble.REPEAT):
                        raise
                    log.warning("outbox.held", error=type(error).__name__)
        finally:
            await self._relay.stop()

    async def _round(self) -> None:
        wall = self._wall.now()
        async with self._pool.acquire() as connection:
            shards = await store.take_shards(connection, SHARDS, self._holder, wall, wall + self._lease)
        for lost in self._epochs.keys() - {shard.name for shard in shards}:
            self._relay.abandon(lost)
            del self._epochs[lost]
        for shard in shards:
            if self._epochs.get(shard.name) != shard.epoch:
                self._epochs[shard.name] = shard.epoch
                await self._relay.adopt(shard.name, shard.published)
            if shard.last > self._relay.acknowledged[shard.name]:
                await self._relay.catch_up(shard.name)
        moved = {
            shard.name: self._relay.acknowledged[shard.name]
            for shard in shards
            if self._relay.acknowledged[shard.name] > shard.published
        }
        if moved:
            async with self._pool.acquire() as connection:
                until = self._wall.now() + self._lease
                await stream_store.move_cursors(connection, moved, self._epochs, until)

    async def _read(self, shard: str, after: int) -> list[Row]:
        async with self._pool.acquire() as connection:
            return await stream_store.unpublished(connection, shard, after)
