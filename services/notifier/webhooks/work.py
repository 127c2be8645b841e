"""All of the webhooks of one process: what its app hosts and asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from libs.runtime import kafka, postgres
from libs.runtime.clock import SystemClock, monotonic
from libs.runtime.seal import Seal
from services.notifier.metrics import WebhookMetrics
from services.notifier.settings import NotifierSettings
from services.notifier.webhooks.attempt import Reach, Sender, client
from services.notifier.webhooks.hearing import GROUP, Hearing
from services.notifier.webhooks.intake import Intake
from services.notifier.webhooks.lanes import Lanes, Upkeep
from services.notifier.webhooks.store import WebhookStore

_BESIDE = 3
"""Connections for hearing, claiming and looking, beside those that write results down."""
_WRITERS = 4


class WebhookWork:
    """Hears events, sends what is due, looks after it. `chance` gives a number from 0 up to 1 each time.

    Everything here goes by the machine's clock: receivers compare what they are sent with theirs.
    """

    def __init__(self, settings: NotifierSettings, metrics: WebhookMetrics, chance: Callable[[], float]) -> None:
        wanted, wall = settings.webhooks, SystemClock()
        self._settings, self._metrics, self._wall, self._chance = settings, metrics, wall, chance
        self._reach = Reach(wanted.cut, wanted.loopback, wanted.at_once, wanted.a_endpoint)
        self._seal = Seal.from_base64(settings.seal_key.get_secret_value())
        self._pool = postgres.pool(settings.postgres, "notifier-webhooks", most=_BESIDE + _WRITERS)
        self._store = WebhookStore(self._pool)
        self._intake = Intake(self._store, wall, monotonic, metrics)
        consumer = partial(kafka.group_consumer, settings.kafka, GROUP)
        self._hearing = Hearing(consumer, self._intake, metrics, settings.kafka.topic_prefix)
        self._upkeep = Upkeep(self._store, wall, metrics, wanted.retention)
        self._lanes: Lanes | None = None
        self._ready = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Hear and send for as long as the app runs."""
        async with postgres.opened(self._pool), client(self._reach) as session:
            sender = Sender(session, self._seal, self._wall, self._chance, self._reach)
            self._lanes = Lanes(
                self._store,
                sender,
                self._reach,
                self._wall,
                self._metrics,
                self._intake.news,
                self._settings.webhooks.look_every,
            )
            self._ready.set()
            if not self._stopping:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._hearing.run())
                    tasks.create_task(self._lanes.run())

    def stop(self) -> None:
        """Hear and take nothing more."""
        self._stopping = True
        self._hearing.stop()
        self._intake.stop()
        if self._lanes is not None:
            self._lanes.stop()

    async def look(self) -> None:
        """Measure and tidy up; called by a timer."""
        if self._ready.is_set() and not self._stopping:
            await self._upkeep.look()
