"""What the machine can do without the platform, in the same run on the same servers.

- `pgbench`: TPC-B, prepared, 8 clients, 2 threads, scale 10: the unit in which figures of noisy machines compare.
- credits: the least that an idempotent credit asks of this database, set-based: inbox, head and lot of 1,000 receipts
  of different members in one statement and one transaction, one connection, on a copy of the same database; nothing
  decided or explained, no outbox, no counters, no broker.
- consume: `getmany` alone over the backlog, with the worker's own consumer settings, nothing done with the records.

The last two run as a process: `python -m tests.bench.references` reads one line of JSON and answers with one.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.embedded.postgres import EmbeddedPostgres, find_binaries
from libs.runtime import sql
from libs.runtime.migrate import ensure_database
from tests.bench.population import PARTITIONS, make_population

_SCALE, _CLIENTS, _THREADS = 10, 8, 2
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_DATABASE = "pgbench"
_BATCH = 1_000
_MOST_SECONDS = 8.0
_CREDITED_AT = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pgbench:
    """pgbench against a server."""

    server: EmbeddedPostgres

    async def prepare(self) -> None:
        """Make and fill its database."""
        await ensure_database(self.server.dsn(), _DATABASE)
        await self._run("-i", "-s", str(_SCALE), "-q")

    async def measure(self, seconds: int) -> float:
        """Transactions a second."""
        said = await self._run("-M", "prepared", "-c", str(_CLIENTS), "-j", str(_THREADS), "-T", str(seconds))
        found = _TPS.search(said)
        if found is None:
            raise RuntimeError(f"pgbench did not say how fast it was:\n{said}")
        return float(found[1])

    async def _run(self, *arguments: str) -> str:
        where = ["-h", "127.0.0.1", "-p", str(self.server.port), "-U", "postgres", _DATABASE]
        process = await asyncio.create_subprocess_exec(
            str(find_binaries() / "pgbench"), *arguments, *where,
            env={**os.environ, "PGPASSWORD": self.server.password("postgres")},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, error = await process.communicate()
        except BaseException:
            process.kill()
            raise
        if process.returncode:
            raise RuntimeError(f"pgbench failed:\n{error.decode(errors='replace')}")
        return out.decode()


async def credits(dsn: str, count: int, members: int) -> dict[str, Any]:
    """Credit `count` receipts, or as many as take a while, and say in how many seconds; making the rows is not counted,
    sending them is."""
    statement = sql.load("tests.bench", "references.sql")["credit"]
    population = make_population(members)
    tenants = [tenant.tenant_id for tenant in population.tenants]
    programmes = [tenant.programme_id for tenant in population.tenants]
    chance = np.random.default_rng(1)
    connection = await asyncpg.connect(dsn)
    spent, done = 0.0, 0
    try:
        prepared = await connection.prepare(statement)
        for _ in range(0, count, _BATCH):
            chosen = chance.choice(members, _BATCH, replace=False).tolist()
            keys = [UUID(bytes=chance.bytes(16)) for _ in range(_BATCH)]
            hashes = chance.integers(-(2**63), 2**63, _BATCH).tolist()
            points = chance.integers(10, 100, _BATCH).tolist()
            ids = [population.member_ids[member] for member in chosen]
            began = time.monotonic()
            await prepared.fetch(
                _CREDITED_AT, [tenants[member] for member in chosen], [programmes[member] for member in chosen],
                keys, hashes, ids, points,
            )  # fmt: skip
            spent += time.monotonic() - began
            done += _BATCH
            if spent > _MOST_SECONDS:
                break
    finally:
        await connection.close()
    return {"count": done, "seconds": spent}


async def consume(bootstrap: str, topic: str, count: int) -> dict[str, Any]:
    """Read `count` records, or as many as come in a while, and throw them away."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, isolation_level="read_committed", fetch_max_wait_ms=50,
        max_partition_fetch_bytes=1024 * 1024, fetch_max_bytes=16 * 1024 * 1024, check_crcs=True,
    )  # fmt: skip
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, part) for part in range(PARTITIONS)]
        consumer.assign(partitions)
        began, seen = time.monotonic(), 0
        await consumer.seek_to_beginning(*partitions)
        while seen < count and time.monotonic() - began < _MOST_SECONDS:
            fetched = await consumer.getmany(timeout_ms=200, max_records=_BATCH)
            seen += sum(len(records) for records in fetched.values())
        return {"count": seen, "seconds": time.monotonic() - began}
    finally:
        await consumer.stop()


def main() -> int:
    """Run the reference that each line names."""
    known: dict[str, Callable[..., Coroutine[Any, Any, dict[str, Any]]]] = {"credits": credits, "consume": consume}
    for line in sys.stdin:
        question = orjson.loads(line)
        answer = uvloop.run(known[question.pop("what")](**question))
        sys.stdout.write(orjson.dumps(answer).decode() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
