"""Dead letters as an operator handles them: found, opened, sent again, and the halts they led to lifted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer

from libs.runtime import sql
from libs.runtime.dead_letters import open_headers, replay_headers
from libs.runtime.kafka import idempotent_producer
from libs.runtime.seal import Seal
from libs.runtime.settings import KafkaSettings

_QUERIES = sql.load("cli", "dlq.sql")
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters are meant: by topic (without prefix) and reason, or by name; None means any."""

    topic: str | None = None
    reason: str | None = None
    ids: Sequence[UUID] | None = None
    only_open: bool = False


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the operator's, closed in the end."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "pointstream-dlq"})
    try:
        yield connection
    finally:
        await connection.close()


async def find(connection: asyncpg.Connection, wanted: Wanted, limit: int | None = None) -> list[dict[str, Any]]:
    """Return what is known of dead letters beside their bytes, the newest first."""
    rows = await connection.fetch(
        _QUERIES["letters"], wanted.topic, wanted.reason, wanted.ids, wanted.only_open, limit
    )  # fmt: skip
    return [dict(row) for row in rows]


async def count(connection: asyncpg.Connection, wanted: Wanted) -> dict[str, int]:
    """Return how many there are by reason, the most frequent first."""
    rows = await connection.fetch(_QUERIES["count"], wanted.topic, wanted.reason, wanted.only_open)
    return {row["reason"]: row["letters"] for row in rows}


@dataclass(frozen=True, slots=True)
class Opened:
    """A dead letter with its original bytes."""

    letter_id: UUID
    topic: str
    part: int
    time: datetime
    attempts: int
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes | None]]


async def open_letters(connection: asyncpg.Connection, seal: Seal, ids: Sequence[UUID]) -> list[Opened]:
    """Return the original bytes of letters, in the order in which they lay.

    Raises:
        libs.runtime.seal.SealBroken: the key is not the one that they were sealed with.
    """
    return [
        Opened(
            row["letter_id"],
            row["topic"],
            row["part"],
            row["record_time"],
            row["attempts"],
            None if row["sealed_key"] is None else seal.open(row["sealed_key"], f"{row['letter_id']}/key"),
            seal.open(row["sealed_value"], f"{row['letter_id']}/value"),
            open_headers(row["letter_id"], row["sealed_headers"], seal),
        )
        for row in await connection.fetch(_QUERIES["sealed"], list(ids))
    ]


async def note_reveal(connection: asyncpg.Connection, letter_id: UUID, who: str) -> None:
    """Write into the database server's log who looks at a letter's content."""
    async with connection.transaction():
        await connection.execute(_QUERIES["note_who_reveals"], f"{letter_id} by {who}")
        await connection.execute(_QUERIES["log_reveal"])


@dataclass(frozen=True, slots=True)
class Replayer:
    """Sends letters again: the original bytes, key, headers and partition, with the time of their first arrival."""

    kafka: KafkaSettings
    seal: Seal
    now: Callable[[], datetime]

    async def replay(
        self, connection: asyncpg.Connection, ids: Sequence[UUID], seen: Callable[[int], None] = lambda _: None
    ) -> int:
        """Send and, once the broker has them, mark them; `seen` is told how many are done. Returns how many.

        Stopped half-way it may be called again: what is sent twice is told apart by whoever takes it in.

        Raises:
            aiokafka.errors.KafkaError: the broker can't be reached or refuses a record.
            libs.runtime.seal.SealBroken: see `open_letters`; nothing of the group at hand was sent.
        """
        done = 0
        producer = idempotent_producer(self.kafka, "pointstream-dlq")
        await producer.start()
        try:
            for start in range(0, len(ids), _AT_ONCE):
                letters = await open_letters(connection, self.seal, ids[start : start + _AT_ONCE])
                await asyncio.gather(*[await self._send(producer, letter) for letter in letters])
                await connection.execute(
                    _QUERIES["mark_replayed"], [letter.letter_id for letter in letters], self.now()
                )
                done += len(letters)
                seen(done)
        finally:
            await producer.stop()
        return done

    async def _send(self, producer: AIOKafkaProducer, letter: Opened) -> asyncio.Future[object]:
        topic = self.kafka.topic_prefix + letter.topic
        partitions = await producer.partitions_for(topic)
        sent: asyncio.Future[object] = await producer.send(
            topic,
            letter.value,
            letter.key,
            partition=letter.part if letter.part in partitions else None,
            headers=letter.headers + replay_headers(letter.value, letter.attempts, letter.time, self.seal),
        )
        return sent


async def halts(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """Return the partitions that stand still, and why."""
    return [dict(row) for row in await connection.fetch(_QUERIES["halts"])]


async def resume(connection: asyncpg.Connection, topic: str | None, part: int | None) -> list[Mapping[str, Any]]:
    """Lift halts: of one partition of a topic (named as at the broker), of the whole topic, or all (None).

    Returns what stood still, and why. Workers notice within seconds.
    """
    return [dict(row) for row in await connection.fetch(_QUERIES["resume"], topic, part)]
