"""Sending what is due: messages are claimed for a while, sent side by side, and each result is written down.

Whoever dies between claiming and writing lets the lease lapse; the message is sent again then, under the same id.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from libs.runtime import logs
from libs.runtime.clock import Clock, happens_within
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from libs.runtime.seal import SealBroken
from services.notifier.metrics import WebhookMetrics
from services.notifier.webhooks.attempt import Reach, Sender
from services.notifier.webhooks.store import Claimed, Room, WebhookStore

log = logs.get(__name__)
LEASE = timedelta(seconds=60)


class Lanes:
    """Sends for as long as it runs. `look_every` is how long something due by its date may go unseen."""

    def __init__(
        self,
        store: WebhookStore,
        sender: Sender,
        reach: Reach,
        wall: Clock,
        metrics: WebhookMetrics,
        news: asyncio.Event,
        look_every: timedelta = timedelta(seconds=0.5),
    ) -> None:
        self._store, self._sender, self._reach, self._wall, self._metrics = store, sender, reach, wall, metrics
        self._news, self._look_every = news, look_every.total_seconds()
        self._stopping = False
        self._at_work: dict[asyncio.Task[None], UUID] = {}
        self._after: UUID | None = None

    async def run(self) -> None:
        """Send until stopped; what is being sent then is sent to its end.

        Raises:
            Whatever is our own mistake.
        """
        while not self._stopping:
            self._news.clear()  # before it looks: what comes while it looks is looked at next
            try:
                took = await self._take()
            except DATABASE_ERRORS as error:
                self._only_passing(error, "webhooks.claim_failed")
                took = False
            if not took and not self._stopping:
                await happens_within(self._news, self._look_every)
            self._reap()
        if self._at_work:
            await asyncio.wait(self._at_work)
            self._reap()

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping = True
        self._news.set()

    async def _take(self) -> bool:
        """Claim what there is room for and start sending; returns whether there may be more at once."""
        free = self._reach.most - len(self._at_work)
        if free <= 0:
            return False
        busy = Counter(self._at_work.values())
        full = tuple(each for each, count in busy.items() if count >= self._reach.most_a_endpoint)
        now = self._wall.now()
        room = Room(free, self._reach.most_a_endpoint, full)
        claimed = await self._store.claim(now, now + LEASE, room, self._after)
        for each in claimed:
            task = asyncio.create_task(self._send(each))
            task.add_done_callback(lambda _: self._news.set())  # there is room again
            self._at_work[task] = each.endpoint_id
            self._after = each.endpoint_id
        return bool(claimed) and len(self._at_work) < self._reach.most

    async def _send(self, claimed: Claimed) -> None:
        try:
            result = await self._sender.attempt(claimed)
        except SealBroken:  # its own trouble: the endpoints of others go on
            self._metrics.unsigned.inc()
            log.error("webhooks.secret_unusable", tenant=claimed.tenant_id, endpoint_id=str(claimed.endpoint_id))
            result = self._sender.unsigned(claimed)
        try:
            ours, gone = await self._store.finish(claimed, result)
        except DATABASE_ERRORS as error:
            self._only_passing(error, "webhooks.result_lost")  # the lease lapses, and it is sent again
            return
        self._metrics.attempts.labels(result.outcome).inc()
        self._metrics.seconds.observe(result.took_ms / 1000)
        if not ours:
            log.warning("webhooks.overtaken", endpoint_id=str(claimed.endpoint_id))
        if gone:
            self._metrics.disabled.inc()
            log.warning("webhooks.endpoint_gone", tenant=claimed.tenant_id, endpoint_id=str(claimed.endpoint_id))

    def _reap(self) -> None:
        """Let go of what is done; what it raised is raised here."""
        for task in [task for task in self._at_work if task.done()]:
            del self._at_work[task]
            task.result()

    def _only_passing(self, error: BaseException, told: str) -> None:
        if trouble(error) not in (Trouble.PASSING, Trouble.REPEAT):
            raise error
        log.warning(told, error=type(error).__name__)


class Upkeep:
    """Looks how much waits, and forgets what ended long ago."""

    def __init__(self, store: WebhookStore, wall: Clock, metrics: WebhookMetrics, retention: timedelta) -> None:
        self._store, self._wall, self._metrics, self._retention = store, wall, metrics, retention

    async def look(self) -> None:
        """Measure, and forget a slice."""
        now = self._wall.now()
        try:
            waiting, oldest = await self._store.backlog(now)
            self._metrics.waiting.set(waiting)
            self._metrics.late.set(_seconds(now, oldest))
            await self._store.forget(now - self._retention)
        except DATABASE_ERRORS as error:
            log.warning("webhooks.upkeep_failed", error=type(error).__name__)


def _seconds(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
