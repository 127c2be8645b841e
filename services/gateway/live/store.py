"""What the live page reads, in the transaction of its request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.promotions.pages import StoredDecision, read_page
from libs.runtime import sql
from services.gateway.live.throughput import SeenPage
from services.gateway.store import Reading

_SQL = sql.load("services.gateway", "live.sql")
MOST_PAGES = 4_000
"""Pages looked at in one go: more than a full stream writes between two looks."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the workers are on a partition. `halted_at` and `halt_reason` are set while it is halted."""

    topic: str
    part: int
    next_offset: int
    moved_at: datetime
    halted_at: datetime | None
    halt_reason: str | None


@dataclass(frozen=True, slots=True)
class WaitingShard:
    """A part of the outbox with events that the broker has not acknowledged, as far as is stored."""

    shard: str
    published_seq: int
    events: int


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Refused records of the tenant on one topic for one reason."""

    topic: str
    reason: str
    letters: int


async def positions(reading: Reading) -> list[Position]:
    """Return every position of the platform's workers."""
    return [Position(**row) for row in await reading.untenanted(_SQL["positions"])]


async def waiting_shards(reading: Reading) -> list[WaitingShard]:
    """Return the shards that wait to be published."""
    return [WaitingShard(**row) for row in await reading.untenanted(_SQL["waiting_shards"])]


async def newest_pages(reading: Reading) -> list[SeenPage]:
    """Return the tenant's newest pages of decisions, newest first, at most `MOST_PAGES`."""
    return [SeenPage(**row) for row in await reading.fetch(_SQL["newest_pages"], MOST_PAGES)]


async def decisions_of(reading: Reading, pages: Sequence[int]) -> dict[int, list[StoredDecision]]:
    """Return the decisions of these pages, by page, newest page first."""
    return {row["page"]: read_page(row["body"]) for row in await reading.fetch(_SQL["page_bodies"], pages)}


async def dead_letters(reading: Reading, since: datetime) -> list[DeadLetters]:
    """Return the tenant's dead letters after an instant, the most frequent first."""
    return [DeadLetters(**row) for row in await reading.fetch(_SQL["dead_letters"], since)]


async def tenant_name(reading: Reading) -> str:
    """Return how the tenant calls itself."""
    rows = await reading.fetch(_SQL["tenant"])
    return str(rows[0]["name"]) if rows else ""
