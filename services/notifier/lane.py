"""A lane of sending over one channel: takes what is due, decides, hands over, stores what became of it.

A lane may be killed anywhere. Before the hand-over nothing has happened but that the deliveries are held, until their
lease ends; behind it the answers of one bundle at most are not stored yet. One that lives keeps what it is at, however
slow a provider is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import asyncpg

from libs.contacts.postgres import Place, mark_dead
from libs.messages.content import WayName
from libs.runtime import logs
from libs.runtime.clock import Clock, happens_within, monotonic
from libs.runtime.failpoint import reach
from libs.runtime.postgres import DATABASE_ERRORS
from services.notifier import announcements, store
from services.notifier.attempts import after
from services.notifier.breaker import Breaker
from services.notifier.channels.channel import Channel, Handed, Outcome, Postponed, Refused, Unanswered
from services.notifier.deliveries import Claimed, Settled, follow_at, next_delivery
from services.notifier.desk import Desk, Ready
from services.notifier.intake import enqueue
from services.notifier.metrics import NotifierMetrics
from services.notifier.pace import Pace
from services.notifier.programmes import Programmes
from services.notifier.states import Handed as WasHanded

log = logs.get(__name__)
_IDLE = 15.0
"""Seconds after which a lane looks by itself; it is woken where something is due."""
_PAUSE, _LONGEST = 0.2, 5.0
_SAFE_SHARE = 0.6
"""The share of a lease within which a bundle may still begin."""
_BEATS = 4
"""So many times in a lease it is made longer while a bundle is handed over."""


class Carrier:
    """A channel with what all lanes of a process share about its provider: its pace, its breaker, and who is woken."""

    def __init__(self, channel: Channel, per_second: float | None, metrics: NotifierMetrics) -> None:
        self.channel = channel
        self.pace = Pace(per_second)
        self.woken = asyncio.Event()
        self._breaker = Breaker()
        self._metrics = metrics

    @property
    def name(self) -> WayName:
        """What the channel is called."""
        return self.channel.name

    def allowed(self, wanted: int) -> int:
        """How many deliveries to take now: none while the provider is left alone, one to try it."""
        state = self._breaker.state(monotonic())
        self._metrics.show_breaker(self.name, state)
        return {"closed": self.pace.most(wanted), "trying": 1, "open": 0}[state]

    def heard(self, outcomes: Sequence[Outcome]) -> None:
        """Hear how a bundle went. Whoever gives no answers may take messages all the same, and have each again."""
        wide = sum(isinstance(one, Postponed) and one.provider_wide for one in outcomes)
        troubles = wide + sum(isinstance(one, Unanswered) for one in outcomes)
        fine = sum(isinstance(one, Handed | Refused) for one in outcomes)
        self._breaker = self._breaker.after(troubles, fine, monotonic())


class Lane:
    """One lane; any number of them, in any number of processes, share the work of a channel."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        desk: Desk,
        programmes: Programmes,
        carrier: Carrier,
        clock: Clock,
        wall: Clock,
        metrics: NotifierMetrics,
        holder: str,
        committed: Callable[[Iterable[str]], None],
        woken: Callable[[Iterable[str]], None],
        chance: Callable[[], float],
        *,
        batch: int,
        bundle: int,
        lease: timedelta,
    ) -> None:
        self._pool = pool
        self._desk = desk
        self._programmes = programmes
        self._carrier = carrier
        self._clock = clock
        self._wall = wall
        self._metrics = metrics
        self._holder = holder
        self._committed = committed
        self._wake = woken
        self._chance = chance
        self._batch = batch
        self._bundle = bundle
        self._lease = lease
        self._stopping = False
        self.trouble: str | None = None

    def stop(self) -> None:
        """End after the bundle in hand."""
        self._stopping = True
        self._carrier.woken.set()

    async def run(self) -> None:
        """Go on until stopped. While the database is away, try again; what was held then comes back by its lease."""
        pause = _PAUSE
        while not self._stopping:
            try:
                busy = await self.work()
            except DATABASE_ERRORS as error:
                self.trouble = f"messages are not sent: {type(error).__name__}"
                log.warning("lane.interrupted", channel=self._carrier.name, error=type(error).__name__)
                self._metrics.interruptions.inc()
                await happens_within(self._carrier.woken, pause)
                pause = min(pause * 2, _LONGEST)
                continue
            self.trouble, pause = None, _PAUSE
            if not busy:
                await happens_within(self._carrier.woken, _IDLE)
                self._carrier.woken.clear()

    async def work(self) -> bool:
        """Take a batch and see it through; False when there was none."""
        most = self._carrier.allowed(self._batch)
        if most == 0:
            return False
        begun, wall = monotonic(), self._wall.now()
        claimed = await store.claim(
            self._pool, self._carrier.name, self._clock.now(), self._holder, wall + self._lease, most
        )
        if not claimed:
            return False
        reach("after-fetch")
        prepared = await self._desk.prepare(claimed)
        await self._store(prepared.settled)
        ready = prepared.ready
        until = begun + self._lease.total_seconds() * _SAFE_SHARE
        while ready:
            bundle, rest = ready[: self._bundle], ready[self._bundle :]
            if self._stopping or monotonic() > until or not self._carrier.allowed(len(bundle)):
                await store.let_go(self._pool, [each.claimed for each in ready])
                break
            async with self._held([each.claimed for each in ready]):
                await self._hand_over(bundle)
            ready = rest
        return True

    @asynccontextmanager
    async def _held(self, claimed: Sequence[Claimed]) -> AsyncIterator[None]:
        """Keep deliveries for as long as a bundle takes: who is slow is not lost, and nobody else may send the same."""
        holding = asyncio.create_task(self._hold(claimed))
        try:
            yield
        finally:
            holding.cancel()
            with suppress(asyncio.CancelledError):
                await holding

    async def _hold(self, claimed: Sequence[Claimed]) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / _BEATS)
            try:
                await store.hold(self._pool, claimed, self._wall.now() + self._lease)
            except DATABASE_ERRORS as error:
                log.warning("lane.not_held", channel=self._carrier.name, error=type(error).__name__)

    async def _hand_over(self, bundle: Sequence[Ready]) -> None:
        wait = self._carrier.pace.take(len(bundle), monotonic())
        if wait:
            await asyncio.sleep(wait)
        begun = monotonic()
        outcomes = await self._carrier.channel.send([each.letter for each in bundle])
        reach("after-send")
        self._metrics.send_seconds.labels(self._carrier.name).observe(monotonic() - begun)
        self._carrier.heard(outcomes)
        now = self._clock.now()
        settled = [self._settled(each, outcome, now) for each, outcome in zip(bundle, outcomes, strict=True)]
        dead: dict[Place, str] = {
            Place(each.claimed.delivery.tenant_id, each.claimed.delivery.channel, each.digest): outcome.reason
            for each, outcome in zip(bundle, outcomes, strict=True)
            if isinstance(outcome, Refused) and outcome.address_dead and each.digest is not None
        }
        await self._insist(settled, dead)

    def _settled(self, ready: Ready, outcome: Outcome, now: datetime) -> Settled:
        claimed, delivery = ready.claimed, ready.claimed.delivery
        if isinstance(outcome, Unanswered):
            self._metrics.unanswered.labels(self._carrier.name, "safe" if outcome.safe else "unsafe").inc()
        state = after(outcome, claimed.attempts + 1, now, delivery.useful_until, self._chance())
        follows = None
        if isinstance(state, WasHanded):
            rules = self._programmes.of(delivery.scope, now)
            follows = follow_at(
                None if rules is None else rules.notice(delivery.message, delivery.occasion), delivery, now
            )
        return Settled(claimed, state, now, True, ready.letter.content.language, ready.digest, follows)

    async def _insist(self, settled: Sequence[Settled], dead: Mapping[Place, str]) -> None:
        """Store answers however long the database is away: what was handed over must not go out again."""
        pause = _PAUSE
        while True:
            try:
                await self._store(settled, dead)
            except DATABASE_ERRORS as error:
                self.trouble = f"answers are not stored: {type(error).__name__}"
                log.warning("lane.answers_not_stored", channel=self._carrier.name, error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST)
            else:
                return

    async def _store(self, settled: Sequence[Settled], dead: Mapping[Place, str] | None = None) -> None:
        """Store what became of deliveries, what follows from it, and its events, in one transaction."""
        if not settled:
            return
        now = settled[0].at
        async with self._pool.acquire() as connection, connection.transaction():
            held = await store.settle(connection, settled)
            mine = [each for each in settled if each.claimed.delivery.delivery_id in held]
            if dead:
                await mark_dead(connection, now, dead)
            events = []
            following = []
            for each in mine:
                delivery = each.claimed.delivery
                rules = self._programmes.of(delivery.scope, now)
                if rules is None:
                    continue
                if (told := announcements.settled(rules.tenant, rules.programme, each)) is not None:
                    events.append((delivery, told))
                if each.unreached and (after_it := next_delivery(rules.tenant, delivery)) is not None:
                    following.append(after_it)
                    told = announcements.queued(rules.tenant, rules.programme, after_it, now, now)
                    events.append((after_it, told))
            await store.queue(connection, following, [now] * len(following), now, first=False)
            shards = announcements.by_shard(events)
            await enqueue(connection, shards, now)
            reach("before-commit")
        self._metrics.count(mine)
        self._metrics.fenced.labels(self._carrier.name).inc(len(settled) - len(mine))
        self._committed(shards)
        self._wake({each.channel for each in following})
