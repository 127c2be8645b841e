"""The shapes that pass between the batch loop and the handler of a service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

import asyncpg
from aiokafka import ConsumerRecord
from msgspec import Struct

from libs.contracts.rejection import Rejection
from libs.runtime.limits import Health

Item = TypeVar("Item")


_LATEST_STAMP = 253_402_300_799_000  # the last second of the year 9999, in milliseconds


def stamped_at(record: ConsumerRecord) -> datetime:
    """When the broker took a record, or its producer claims to have made it; a stamp out of range is brought in."""
    return datetime.fromtimestamp(min(max(record.timestamp, 0), _LATEST_STAMP) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive offsets `first` to before `next` of one partition, as held under `epoch`; where it halts, why."""

    topic: str
    part: int
    first: int
    next: int
    epoch: int
    health: Health
    halt: str | None = None


class Outgoing(Struct, frozen=True):
    """An event on its way: `spread` modulo the topic's partitions names the partition.

    The outbox stores the headers only when they are not `derived`: those of a CloudEvent can be read from its value.
    """

    topic: str
    key: bytes
    spread: int
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Work(Generic[Item]):
    """Records of some partitions to be applied in one transaction.

    `items` is what the handler made of each record (None for a rejected one); `span_of` names each record's span.
    """

    records: Sequence[ConsumerRecord]
    items: Sequence[Item | None]
    rejections: dict[int, Rejection]
    spans: Sequence[Span]
    span_of: Sequence[int]


@dataclass(slots=True)
class Applied:
    """What a handler did: which spans moved, events by span, records it rejected after all, and counts by outcome.

    `last` does what locks things that batches share, and so comes last, and fills the outbox in the same statement: it
    gets what `stream.enqueue` takes, in order, and returns the numbers of the rows.
    """

    moved: Sequence[bool]
    events: list[list[Outgoing]]
    rejections: dict[int, Rejection] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    last: Callable[[Sequence[object]], Awaitable[Sequence[int]]] | None = None


class Handler(Protocol[Item]):
    """A service's part in the loop."""

    topics: tuple[str, ...]

    def decode(self, records: Sequence[ConsumerRecord]) -> list[Item | Rejection]:
        """Make an item of each record, or say why not. Pure; runs before the transaction."""
        ...

    async def apply(self, connection: asyncpg.Connection, work: Work[Item], now: datetime, *, careful: bool) -> Applied:
        """Begin the batch, decide, save, inside the open transaction.

        `careful` is true when the batch is repeated because a shared limit was passed: lock what is shared.
        """
        ...
