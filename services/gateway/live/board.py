"""What the live page shows of a tenant: put together from PostgreSQL and the broker, at most once a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from libs.promotions.pages import StoredDecision
from libs.runtime.clock import Clock
from services.gateway.live import store as live_store
from services.gateway.live.lag import EndOffsets, Ends
from services.gateway.live.store import DeadLetters, Position, WaitingShard
from services.gateway.live.throughput import PageCounts, Throughput
from services.gateway.receipts import parked_store
from services.gateway.receipts.parked_store import WaitingCount
from services.gateway.store import Store

READ_PAGES = 32
"""Pages read at a look; the decisions shown are the newest of them."""
SHOWN = 20
_KEPT = 1.0
_STUCK_AFTER = 10.0
_MOST_TENANTS = 100


@dataclass(frozen=True, slots=True)
class TopicLag:
    """How far the workers are on a topic: `behind` events over all partitions (None: the broker has not said)."""

    topic: str
    partitions: int
    behind: int | None
    moved_at: datetime
    halted: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the page, as of one instant."""

    tenant: str
    at: datetime
    throughput: Throughput
    broker_away: bool | None
    lags: tuple[TopicLag, ...]
    stuck_events: int
    dead_letters: tuple[DeadLetters, ...]
    waiting: tuple[WaitingCount, ...]
    recent: tuple[StoredDecision, ...]


@dataclass(slots=True)
class _Watched:
    pages: PageCounts = field(default_factory=PageCounts)
    board: Board | None = None
    looked: float = 0.0


@dataclass(slots=True)
class Boards:
    """Keeps a board a tenant while somebody looks at it. `monotonic` gives seconds, `prefix` begins topics' names."""

    store: Store
    clock: Clock
    ends: EndOffsets
    monotonic: Callable[[], float]
    prefix: str = ""
    _watched: dict[int, _Watched] = field(default_factory=dict)
    _shards: dict[str, tuple[int, float]] = field(default_factory=dict)

    async def look(self, tenant_id: int) -> Board:
        """Return the board of a tenant, never older than a second.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        watched = self._watched.get(tenant_id)
        now = self.monotonic()
        if watched is not None and watched.board is not None and now - watched.looked < _KEPT:
            return watched.board
        if watched is None:
            if len(self._watched) >= _MOST_TENANTS:
                self._watched.clear()
            watched = self._watched.setdefault(tenant_id, _Watched())
        watched.board, watched.looked = await self._read(tenant_id, watched.pages), now
        return watched.board

    async def _read(self, tenant_id: int, counts: PageCounts) -> Board:
        at = self.clock.now()
        async with self.store.reading(tenant_id) as reading:
            pages = await live_store.newest_pages(reading)
            newest = [page.page for page in pages[:READ_PAGES]]
            decided = await live_store.decisions_of(reading, newest)
            positions = await live_store.positions(reading)
            shards = await live_store.waiting_shards(reading)
            letters = await live_store.dead_letters(reading, at - timedelta(hours=1))
            waiting = await parked_store.counts(reading)
            tenant = await live_store.tenant_name(reading)
        counts.note(pages, {page: len(decisions) for page, decisions in decided.items()})
        ends = await self.ends.of((position.topic, position.part) for position in positions)
        return Board(
            tenant=tenant,
            at=at,
            throughput=counts.tell(at),
            broker_away=ends.away,
            lags=lags(positions, ends, self.prefix),
            stuck_events=self._stuck(shards),
            dead_letters=tuple(letters),
            waiting=tuple(waiting),
            recent=newest_decisions(decided.values()),
        )

    def _stuck(self, shards: Sequence[WaitingShard]) -> int:
        """Return how many events wait in shards that nobody has published from for a while.

        A cursor is stored a little after the acknowledgement, so that a shard waits for a moment is no trouble.
        """
        now, before = self.monotonic(), self._shards
        self._shards = {}
        stuck = 0
        for shard in shards:
            published, since = before.get(shard.shard, (-1, now))
            if published != shard.published_seq:
                since = now
            self._shards[shard.shard] = (shard.published_seq, since)
            stuck += shard.events if now - since >= _STUCK_AFTER else 0
        return stuck


def lags(positions: Iterable[Position], ends: Ends, prefix: str) -> tuple[TopicLag, ...]:
    """Sum up the positions of each topic against the broker's ends."""
    by_topic: dict[str, list[Position]] = {}
    for position in positions:
        by_topic.setdefault(position.topic, []).append(position)
    return tuple([_lag(topic.removeprefix(prefix), some, ends) for topic, some in sorted(by_topic.items())])


def _lag(name: str, positions: Sequence[Position], ends: Ends) -> TopicLag:
    known = [ends.offsets.get((position.topic, position.part)) for position in positions]
    behind = [
        max(0, end - position.next_offset) for end, position in zip(known, positions, strict=True) if end is not None
    ]
    return TopicLag(
        topic=name,
        partitions=len(positions),
        behind=sum(behind) if behind and ends.away is False else None,
        moved_at=max(position.moved_at for position in positions),
        halted=tuple([position for position in positions if position.halted_at is not None]),
    )


def newest_decisions(pages: Iterable[Sequence[StoredDecision]]) -> tuple[StoredDecision, ...]:
    """Return the decisions that are shown: the last ones of pages that come newest first."""
    shown: list[StoredDecision] = []
    for decisions in pages:
        shown += decisions
        if len(shown) >= 4 * SHOWN:
            break
    shown.sort(key=lambda decision: decision.arrived_at, reverse=True)
    return tuple(shown[:SHOWN])
