"""Who holds the shards of a writer keeps them, however busy they are, and whatever waits for the broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import asyncpg
import pytest

from libs.runtime import leases, postgres, sql, stream_store
from libs.runtime.batch import Outgoing
from libs.runtime.clock import SystemClock
from libs.runtime.leases import LEASE, LeasedRelay, PromptRelay, shards_of
from libs.runtime.outbox import Relay, Row
from libs.runtime.settings import PostgresSettings
from services.expiry.announcements import WRITER
from tests.support.database import Database

LEASES = sql.load("libs.runtime", "leases.sql")
SHARDS = shards_of(WRITER)
EVENT = Outgoing("loyalty.points", b"k", 0, b"{}", ())


@dataclass
class Taken:
    """A relay that publishes nothing, and remembers what it was given."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    abandoned: list[str] = field(default_factory=list)
    handed: list[Row] = field(default_factory=list)
    caught_up: list[str] = field(default_factory=list)

    async def adopt(self, shard: str, published: int) -> None:
        self.acknowledged[shard] = published

    def abandon(self, shard: str) -> None:
        self.acknowledged.pop(shard, None)
        self.abandoned.append(shard)

    async def publish(self, rows: Sequence[Row]) -> None:
        self.handed += rows

    async def settled(self) -> None:
        """Nothing waits here."""

    async def catch_up(self, shard: str) -> None:
        self.caught_up.append(shard)


def opened(database: Database) -> asyncpg.Pool:
    return postgres.pool(PostgresSettings(dsn=database.dsn("expiry")), "lease-test")


async def test_a_shard_that_somebody_writes_to_just_now_stays_with_its_holder(database: Database) -> None:
    taken, clock = Taken(), SystemClock()
    async with postgres.opened(opened(database)) as pool:
        relay = LeasedRelay(pool, WRITER, "one", lambda _: cast("Relay", taken), clock)
        await pool.execute(LEASES["ensure"], SHARDS)
        await relay._renew()
        assert set(taken.acknowledged) == set(SHARDS)
        async with pool.acquire() as writing, writing.transaction():
            packed = stream_store.pack_rows({SHARDS[0]: [EVENT]})
            await stream_store.enqueue(writing, stream_store.enqueuing(clock.now(), {SHARDS[0]: 0}, packed))
            await relay._renew()
            assert taken.abandoned == []
            later = clock.now() + LEASE + timedelta(seconds=1)
            for holder in ("one", "two"):
                rows = await pool.fetch(LEASES["lease"], SHARDS[:1], holder, later, later + LEASE)
                assert rows == [], "its lease is over: it is nobody's until it can be had"


async def test_what_waits_for_the_broker_is_left_in_the_table_beyond_so_much(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_HEARD", 3)
    taken = Taken()
    async with postgres.opened(opened(database)) as pool:
        relay = PromptRelay(pool, WRITER, "one", lambda _: cast("Relay", taken), SystemClock())
        await pool.execute(LEASES["ensure"], SHARDS)
        await relay._renew()
        relay.told([Row(SHARDS[0], seq, "loyalty.points", [EVENT]) for seq in range(1, 5)])
        relay.told([Row(SHARDS[0], 5, "loyalty.points", [EVENT]), Row(SHARDS[1], 1, "loyalty.points", [EVENT])])
        await relay._work()
        assert [(row.shard, row.seq) for row in taken.handed] == [(SHARDS[1], 1)]
        assert taken.caught_up == [SHARDS[0]]
