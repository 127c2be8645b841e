"""Redemption on a real database, without a broker: requests over HTTP and over the topic, each one transaction."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import asyncpg
from prometheus_client import CollectorRegistry

from libs.contracts.rejection import Rejection
from libs.runtime import stream_store
from libs.runtime.batch import Applied, Span, Work
from libs.runtime.leases import shards_of
from libs.runtime.limits import Health
from libs.runtime.stream_store import Wanted
from services.redemption.handlers import WRITER, Desk
from services.redemption.metrics import RedemptionMetrics
from services.redemption.programmes import Programmes
from services.redemption.reward_desk import RewardDesk
from services.redemption.settings import RedemptionSettings
from services.redemption.stream import CONSUMER, RedemptionHandler
from tests.support.database import Database
from tests.support.receipts import Record
from tests.support.spending import REDEMPTIONS

_parts = itertools.count()


async def open_desk(database: Database, clock: Any, seal_key: str) -> Desk:
    """Redemption as it answers the gateway; its pool is the caller's to close."""
    settings = RedemptionSettings(
        postgres={"dsn": database.dsn("redemption")}, kafka={"bootstrap": "127.0.0.1:9"}, POINTSTREAM_SEAL_KEY=seal_key
    )
    pool = await asyncpg.create_pool(database.dsn("redemption"), min_size=0, max_size=12)
    for shard in shards_of(WRITER):
        await pool.execute("INSERT INTO stream.outbox_shard (shard) VALUES ($1) ON CONFLICT DO NOTHING", shard)
    programmes = Programmes(pool)
    await programmes.refresh()
    assert programmes.trouble is None
    return Desk(pool, programmes, clock, settings, RewardDesk.of(settings), lambda _: None)


@dataclass
class SpendingLane:
    """One partition of loyalty.redemptions with its position in the database, as a worker holds it."""

    desk: Desk
    metrics: RedemptionMetrics = field(default_factory=lambda: RedemptionMetrics(CollectorRegistry()))
    part: int = field(default_factory=lambda: next(_parts))
    offset: int = 0
    epoch: int = 0

    @property
    def shard(self) -> str:
        """The outbox shard of the partition."""
        return f"{CONSUMER}:{REDEMPTIONS}:{self.part}"

    async def claim(self) -> SpendingLane:
        """Take the partition over."""
        async with self.desk.pool.acquire() as connection, connection.transaction():
            now = self.desk.clock.now()
            wanted = [Wanted(REDEMPTIONS, self.part, "t", 0, self.shard)]
            (claimed,) = await stream_store.claim(connection, CONSUMER, "test", "c", now, now, wanted)
        self.offset, self.epoch = claimed.next_offset, claimed.epoch
        return self

    async def apply(self, records: Sequence[Record]) -> Applied:
        """Apply good records as one batch; what they bring is committed."""
        handler = RedemptionHandler(self.desk.programmes, self.desk.patience, self.metrics)
        raw: list[Any] = [SimpleNamespace(value=record.value, headers=()) for record in records]
        made = handler.decode(raw)
        assert not [item for item in made if isinstance(item, Rejection)], made
        now = self.desk.clock.now()
        span = Span(REDEMPTIONS, self.part, self.offset, self.offset + len(records), self.epoch, Health())
        work: Work[Any] = Work(raw, made, {}, [span], [0] * len(records))
        async with self.desk.pool.acquire() as connection, connection.transaction():
            applied = await handler.apply(connection, work, now, careful=False)
            packed = stream_store.pack_rows({self.shard: [event for events in applied.events for event in events]})
            await stream_store.enqueue(connection, stream_store.enqueuing(now, {self.shard: 0}, packed))
        self.offset += len(records)
        return applied
