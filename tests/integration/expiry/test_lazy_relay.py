"""What a writer commits without waiting for the disk is there before it can be published."""

from __future__ import annotations

from typing import cast

from libs.runtime import postgres, sql, stream_store
from libs.runtime.batch import Outgoing
from libs.runtime.clock import SystemClock
from libs.runtime.leases import LazyRelay, shards_of
from libs.runtime.outbox import ReadRows, Relay
from libs.runtime.settings import PostgresSettings
from services.expiry.announcements import WRITER
from tests.support.database import Database

LEASES = sql.load("libs.runtime", "leases.sql")
ON_DISK = "SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn"
WRITTEN = "SELECT pg_current_wal_insert_lsn()"
LAZILY = "SELECT set_config('synchronous_commit', 'off', true)"


async def test_what_a_lazy_writer_committed_is_on_disk_once_it_is_read(database: Database) -> None:
    shard = shards_of(WRITER)[0]
    given: list[ReadRows] = []

    def make_relay(read_rows: ReadRows) -> Relay:
        given.append(read_rows)
        return cast("Relay", None)  # nobody publishes here

    settings = PostgresSettings(dsn=database.dsn("expiry"))
    async with postgres.opened(postgres.pool(settings, "lazy-test")) as pool:
        LazyRelay(pool, WRITER, "one", make_relay, SystemClock())
        await pool.execute(LEASES["ensure"], [shard])
        for number in range(1, 21):
            event = Outgoing("loyalty.points", b"k", 0, b"{}", ())
            async with pool.acquire() as connection:
                async with connection.transaction():
                    await connection.execute(LAZILY)
                    packed = stream_store.pack_rows({shard: [event]})
                    told = stream_store.enqueuing(SystemClock().now(), {shard: 0}, packed)
                    await stream_store.enqueue(connection, told)
                written = await connection.fetchval(WRITTEN)
            (row,) = await given[0](shard, number - 1)
            assert row.last == number
            assert await pool.fetchval(ON_DISK, written)
