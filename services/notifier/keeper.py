"""Who looks around: what is due, who is not heard of any more, what follows, and what was heard of messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from libs.contacts.postgres import Place, mark_dead, mark_reached
from libs.runtime import logs, sql
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from services.notifier import announcements, feedback_store, store
from services.notifier.announcements import Shards
from services.notifier.channels.inbox import clear_expired
from services.notifier.deliveries import Delivery, next_delivery
from services.notifier.feedback_store import Feedback, Known
from services.notifier.intake import enqueue
from services.notifier.metrics import NotifierMetrics
from services.notifier.programmes import Programmes
from services.notifier.states import Bounced, heard

log = logs.get(__name__)
_MOST = 500
_MONTHS = 3
"""So many are kept ahead beside what scenarios plan: a reminder lies by the day of its boundary."""
_SHORTEST = timedelta(days=28)
_LETTERS = timedelta(days=92)
"""How long letters for the post are kept for whoever prints them."""
_HEARD = timedelta(days=92)
"""How long what was heard of messages is kept once it is applied: so long a repeat of it changes nothing."""
_FORGOTTEN = 5_000
_RARELY = timedelta(seconds=15)
_CAPTURED = sql.load("services.notifier", "captured.sql")
_OPENED = ("opened", "clicked")
_NEXT_AFTER = ("delivered", "opened", "clicked")


class Keeper:
    """Looks every second or so, in every worker: whoever comes first acts."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        programmes: Programmes,
        channels: Sequence[str],
        clock: Clock,
        wall: Clock,
        metrics: NotifierMetrics,
        committed: Callable[[Iterable[str]], None],
        woken: Callable[[Iterable[str]], None],
        captured: int,
    ) -> None:
        self._pool = pool
        self._programmes = programmes
        self._channels = channels
        self._clock = clock
        self._wall = wall
        self._metrics = metrics
        self._committed = committed
        self._wake = woken
        self._captured = captured
        self._kept: tuple[date, int] | None = None
        self._rarely_at: datetime | None = None
        self.trouble: str | None = "it has not looked around yet"

    async def look(self) -> None:
        """Look once; what can't be done while the database is away is done by the next look."""
        try:
            await self._look()
        except DATABASE_ERRORS as error:
            self.trouble = f"nobody looks around: {type(error).__name__}"
            log.warning("keeper.interrupted", error=type(error).__name__)
            self._metrics.interruptions.inc()
        else:
            self.trouble = None

    async def _look(self) -> None:
        now, wall = self._clock.now(), self._wall.now()
        ahead = _MONTHS - (-self._programmes.longest // _SHORTEST)
        if self._kept != (kept := (now.date().replace(day=1), ahead)):
            await store.keep_months(self._pool, now, ahead)
            self._kept = kept
        await self._apply_feedback(now)
        await self._follow(now)
        self._wake(await store.channels_due(self._pool, self._channels, now))
        if self._rarely_at is None or wall >= self._rarely_at:
            self._rarely_at = wall + _RARELY
            await store.give_back(self._pool, wall, now)
            await self._pool.execute(_CAPTURED["forget"], self._captured, now - _LETTERS)
            await clear_expired(self._pool, now)
            await feedback_store.forget(self._pool, now - _HEARD, _FORGOTTEN)
            rows = await store.backlog(self._pool, now)
            self._metrics.show_backlog([tuple(row) for row in rows])

    async def _follow(self, now: datetime) -> None:
        """Try the next channel where one was taken and not seen in time."""
        async with self._pool.acquire() as connection, connection.transaction():
            due = await store.following(connection, now, _MOST)
            following = [delivery for delivery, state in due if state not in _OPENED]
            shards = await self._queue_next(connection, following, {}, now)
            await enqueue(connection, shards, now)
        self._committed(shards)

    async def _apply_feedback(self, now: datetime) -> None:
        """Apply what was heard, one by one for each delivery, so that its order does not matter."""
        async with self._pool.acquire() as connection, connection.transaction():
            taken = await feedback_store.take(connection, _MOST)
            if not taken:
                return
            known = await feedback_store.known(connection, taken)
            await self._reach(connection, taken, known, now)
            shards: Shards = {}
            bounced: list[Delivery] = []
            for each in taken:
                meant = None if each.delivery_id is None else known.get((each.tenant_id, each.delivery_id))
                if meant is None or (state := heard(meant.state, each.kind, each.reason, each.at)) is None:
                    continue
                await feedback_store.save(connection, [(meant.delivery, state)])
                known[each.tenant_id, meant.delivery.delivery_id] = Known(
                    meant.delivery, type(state).__name__.lower(), meant.digest
                )
                if (rules := self._programmes.of(meant.delivery.scope, now)) is not None:
                    told = announcements.heard(rules.tenant, rules.programme, meant.delivery, state, now)
                    for shard, events in announcements.by_shard([(meant.delivery, told)]).items():
                        shards.setdefault(shard, []).extend(events)
                if isinstance(state, Bounced) and each.kind != "complained":
                    bounced.append(meant.delivery)
            shards = await self._queue_next(connection, bounced, shards, now)
            await feedback_store.applied(connection, taken, now)
            await enqueue(connection, shards, now)
        for each in taken:
            self._metrics.feedback.labels(each.kind).inc()
        self._committed(shards)

    async def _reach(
        self,
        connection: asyncpg.Connection,
        taken: Sequence[Feedback],
        known: Mapping[tuple[int, UUID], Known],
        now: datetime,
    ) -> None:
        """Note at addresses what was heard of them."""
        dead: dict[Place, str] = {}
        reached: dict[Place, datetime] = {}
        for each in taken:
            meant = None if each.delivery_id is None else known.get((each.tenant_id, each.delivery_id))
            digest = each.digest or (None if meant is None else meant.digest)
            if digest is None:
                continue
            place = Place(each.tenant_id, "email" if meant is None else meant.delivery.channel, digest)
            if each.dead:
                dead[place] = each.reason
            elif each.kind in _NEXT_AFTER:
                reached[place] = each.at
        await mark_dead(connection, now, dead)
        await mark_reached(connection, reached)

    async def _queue_next(
        self, connection: asyncpg.Connection, before: Sequence[Delivery], shards: Shards, now: datetime
    ) -> Shards:
        following = []
        for delivery in before:
            rules = self._programmes.of(delivery.scope, now)
            after = None if rules is None else next_delivery(rules.tenant, delivery)
            if rules is not None and after is not None:
                following.append(after)
                told = announcements.queued(rules.tenant, rules.programme, after, now, now)
                for shard, events in announcements.by_shard([(after, told)]).items():
                    shards.setdefault(shard, []).extend(events)
        await store.queue(connection, following, [now] * len(following), now, first=False)
        return shards
