"""Balances told to the world: whoever had a movement is told of again on loyalty.balances, at most once a window.

Telemetry for late readers. Points do not wait for it: it reads no faster than it may, and rests while receipts wait.
Trouble of the broker or the database ends neither the service nor its readiness.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from libs.balances.balance import event
from libs.balances.postgres import load
from libs.contracts.headers import headers_of
from libs.intake.events import Prepared
from libs.runtime import logs
from libs.runtime.clock import Clock, happens_within, monotonic
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning import clock_store
from services.earning.announcements import POINTS
from services.earning.metrics import EarningMetrics
from services.earning.sender import Sender
from services.earning.settings import BalancesPart

log = logs.get(__name__)
GROUP = "earning.balances"
_FETCH_MS = 100
_IDLE = 1.0
_RETRY = 5.0
_GOODBYE = 2.0
_STEP = 100  # members at a time: batches of receipts share the loop and must not wait long
_MOST_RESTS = 30  # windows; then one is told of all the same, however many receipts wait


class BalanceFeed:
    """Follows loyalty.points in one worker of many; where it stands lies in Kafka, so another one goes on there.

    A balance is read from the ledger after the record was, and published before the position is committed: the last
    record of a member is never older than their last movement that was read.
    """

    def __init__(
        self,
        make_consumer: Callable[[], AIOKafkaConsumer],
        sender: Sender,
        pool: asyncpg.Pool,
        clock: Clock,
        metrics: EarningMetrics,
        settings: BalancesPart,
        in_charge: Callable[[], bool],
        busy: Callable[[], bool],
        topic_prefix: str,
    ) -> None:
        self._make_consumer = make_consumer
        self._sender = sender
        self._pool = pool
        self._clock = clock
        self._metrics = metrics
        self._settings = settings
        self._in_charge = in_charge
        self._busy = busy
        self._rests = 0
        self._topic = topic_prefix + POINTS
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Tell balances while this worker is in charge, until `stop`."""
        while not self._stopping.is_set():
            pause = _IDLE
            if self._settings.on and self._in_charge():
                try:
                    await self._follow()
                except (KafkaError, TimeoutError, *DATABASE_ERRORS) as error:
                    log.warning("balances.interrupted", error=type(error).__name__)
                    pause = _RETRY
                self._metrics.balances_behind.set(0)
            await happens_within(self._stopping, pause)
        await self._sender.close()

    def stop(self) -> None:
        """Let the window in hand end, and return."""
        self._stopping.set()

    async def _follow(self) -> None:
        consumer = self._make_consumer()
        try:
            await consumer.start()
            consumer.subscribe([self._topic])
            while self._in_charge() and not self._stopping.is_set():
                until = monotonic() + self._settings.window.total_seconds()
                if self._rests_now():
                    await happens_within(self._stopping, self._settings.window.total_seconds())
                    continue
                members, offsets = await self._gather(consumer, until)
                if offsets:
                    await self._tell(members)
                    await consumer.commit(offsets)
                    await self._measure(consumer)
                await happens_within(self._stopping, max(until - monotonic(), 0))
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await consumer.stop()

    def _rests_now(self) -> bool:
        self._rests = self._rests + 1 if self._busy() and self._rests < _MOST_RESTS else 0
        return self._rests > 0

    async def _gather(
        self, consumer: AIOKafkaConsumer, until: float
    ) -> tuple[dict[UUID, None], dict[TopicPartition, int]]:
        """Read for a window, or until it has its members or records; return members, and the positions behind them."""
        members: dict[UUID, None] = {}
        offsets: dict[TopicPartition, int] = {}
        left = self._settings.most_records
        while left and monotonic() < until and not self._stopping.is_set():
            room = min(self._settings.most_members - len(members), left)
            if room == 0:
                break
            for partition, records in (await consumer.getmany(timeout_ms=_FETCH_MS, max_records=room)).items():
                left -= len(records)
                offsets[partition] = records[-1].offset + 1
                members |= dict.fromkeys([found for record in records if (found := named(record.key)) is not None])
        return members, offsets

    async def _tell(self, members: dict[UUID, None]) -> None:
        if not members:
            return
        async with self._pool.acquire() as connection:
            names = await clock_store.members_named(connection, list(members))
            for first in range(0, len(names), _STEP):
                now = self._clock.now()
                balances = await load(connection, names[first : first + _STEP], now)
                made = [event(balance, now) for balance in balances]
                records = [Prepared(each.topic, each.key, each.value, headers_of(each.value)) for each in made]
                await self._sender.send(records)
                self._metrics.balances.inc(len(made))

    async def _measure(self, consumer: AIOKafkaConsumer) -> None:
        ends = {partition: consumer.highwater(partition) for partition in consumer.assignment()}
        async with asyncio.timeout(_GOODBYE):
            behind = [end - await consumer.position(partition) for partition, end in ends.items() if end is not None]
        self._metrics.balances_behind.set(max(sum(behind), 0))


def named(key: bytes | None) -> UUID | None:
    """Return the member whom a record's key names; None when it names nobody, as that of a receipt without an owner."""
    try:
        return None if key is None else UUID(key.decode())
    except ValueError:
        return None
