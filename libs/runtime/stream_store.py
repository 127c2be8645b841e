"""The stream schema as the batch loop uses it: claims, positions, dead letters, outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.runtime import sql
from libs.runtime.batch import Outgoing, Span
from libs.runtime.limits import Health
from libs.runtime.outbox import Row, pack, unpack

_QUERIES = sql.load("libs.runtime", "stream.sql")


class Wanted(NamedTuple):
    """A partition to claim: the broker's id of its topic, where to start if nobody ever has, and its outbox shard."""

    topic: str
    part: int
    topic_id: str
    start: int
    shard: str


class Claimed(NamedTuple):
    """A partition as the claim found it."""

    topic: str
    part: int
    next_offset: int
    epoch: int
    cluster_id: str
    topic_id: str
    halt_reason: str | None
    health: Health
    published: int


class DeadLetter(NamedTuple):
    """A quarantined record; key, value and headers are sealed."""

    letter_id: UUID
    topic: str
    part: int
    offset: int
    time: datetime
    reason: str
    field: str
    detail: str
    attempts: int
    sealed_key: bytes | None
    sealed_value: bytes
    sealed_headers: bytes | None


async def claim(
    connection: asyncpg.Connection,
    consumer: str,
    owner: str,
    cluster_id: str,
    now: datetime,
    lease_until: datetime,
    wanted: Sequence[Wanted],
) -> list[Claimed]:
    """Take partitions and their shards over, fencing whoever held them."""
    topics, parts, topic_ids, starts, shards = (list(column) for column in zip(*wanted, strict=True))
    rows = await connection.fetch(
        _QUERIES["claim"], consumer, owner, cluster_id, now, lease_until, topics, parts, topic_ids, starts, shards
    )
    return [
        Claimed(
            row["topic"], row["part"], row["next_offset"], row["epoch"], row["cluster_id"], row["topic_id"],
            row["halt_reason"], Health(row["bad_streak"], row["recent_seen"], row["recent_bad"]), row["published_seq"],
        )
        for row in rows
    ]  # fmt: skip


async def halt(
    connection: asyncpg.Connection, consumer: str, topic: str, part: int, now: datetime, reason: str
) -> None:
    """Store that a partition stands still, and why."""
    await connection.execute(_QUERIES["halt"], consumer, topic, part, now, reason)


async def halted(connection: asyncpg.Connection, consumer: str) -> set[tuple[str, int]]:
    """Return the partitions of a consumer that stand still, as the database has it."""
    rows = await connection.fetch(_QUERIES["halted"], consumer)
    return {(row["topic"], row["part"]) for row in rows}


async def judge(connection: asyncpg.Connection, consumer: str, now: datetime, spans: Sequence[Span]) -> None:
    """Store anew how healthy partitions are after spans that this transaction has applied, and which of them halt."""
    await connection.execute(
        _QUERIES["judge"], consumer, now, [span.topic for span in spans], [span.part for span in spans],
        [span.next for span in spans], [span.epoch for span in spans], [span.health.streak for span in spans],
        [span.health.seen for span in spans], [span.health.bad for span in spans], [span.halt for span in spans],
    )  # fmt: skip


async def positions(
    connection: asyncpg.Connection, consumer: str, spans: Sequence[Span]
) -> dict[tuple[str, int], tuple[int, int]]:
    """Return `(next offset, epoch)` of the partitions of `spans`."""
    rows = await connection.fetch(
        _QUERIES["positions"], consumer, [span.topic for span in spans], [span.part for span in spans]
    )
    return {(row["topic"], row["part"]): (row["next_offset"], row["epoch"]) for row in rows}


class PackedRow(NamedTuple):
    """A row of the outbox before it has a number."""

    shard: str
    topic: str
    events: Sequence[Outgoing]
    packed: bytes


Enqueuing = Sequence[object]
"""The seven arguments of `stream.enqueue`."""


def pack_rows(events: Mapping[str, Sequence[Outgoing]]) -> list[PackedRow]:
    """Put events, given by shard, into rows of one topic each, and compress them."""
    groups: dict[tuple[str, str], list[Outgoing]] = {}
    for shard, outgoing in events.items():
        for event in outgoing:
            groups.setdefault((shard, event.topic), []).append(event)
    return [PackedRow(shard, topic, group, pack(group)) for (shard, topic), group in groups.items()]


def enqueuing(now: datetime, cursors: Mapping[str, int], rows: Sequence[PackedRow]) -> Enqueuing:
    """Return what `stream.enqueue` takes to store rows, and to move the cursors of their shards.

    Every shard of `rows` must have a cursor in `cursors`.
    """
    return (
        now,
        list(cursors),
        list(cursors.values()),
        [row.shard for row in rows],
        [row.topic for row in rows],
        [len(row.events) for row in rows],
        [row.packed for row in rows],
    )


async def enqueue(connection: asyncpg.Connection, outbox: Enqueuing) -> list[int]:
    """Number and store rows, and move cursors; the last statement of a transaction. Returns the numbers."""
    seqs: list[int] = await connection.fetchval(_QUERIES["enqueue"], *outbox)
    return seqs


def numbered(rows: Sequence[PackedRow], seqs: Sequence[int]) -> list[Row]:
    """Return stored rows with the numbers that they were given."""
    return [Row(row.shard, seq, row.topic, row.events) for row, seq in zip(rows, seqs, strict=True)]


async def move_cursors(
    connection: asyncpg.Connection, acknowledged: Mapping[str, int], epochs: Mapping[str, int], lease_until: datetime
) -> None:
    """Store how far shards are published, where this worker still holds them."""
    shards = [shard for shard in acknowledged if shard in epochs]
    await connection.execute(
        _QUERIES["move_cursors"], shards, [epochs[shard] for shard in shards],
        [acknowledged[shard] for shard in shards], lease_until,
    )  # fmt: skip


async def unpublished(connection: asyncpg.Connection, shard: str, after: int) -> list[Row]:
    """Return some rows of a shard after a number, oldest first; none means that there are no more."""
    rows = await connection.fetch(_QUERIES["unpublished"], shard, after)
    return [Row(shard, row["seq"], row["topic"], unpack(row["topic"], row["events"])) for row in rows]


async def bury(connection: asyncpg.Connection, consumer: str, now: datetime, letters: Sequence[DeadLetter]) -> None:
    """Store dead letters; one that is there already stays as it is."""
    columns = [list(column) for column in zip(*letters, strict=True)]
    await connection.execute(_QUERIES["dead_letters"], consumer, now, *columns)
