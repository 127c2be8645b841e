"""The topics that some endpoint asks for are read, and no others; while none asks for any, nothing is read at all.

A worker follows them as a consumer of its own, a batch at a time: an event that nobody wants costs a look at its type.
Where it stands lies in Kafka. A topic that is asked for anew is read from the moment at which it was.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

from libs.contracts.headers import type_of
from libs.runtime import logs
from libs.runtime.clock import happens_within
from libs.runtime.postgres import DATABASE_ERRORS
from services.notifier.metrics import WebhookMetrics
from services.notifier.webhooks.intake import Intake

log = logs.get(__name__)
GROUP = "notifier.webhooks"
_FETCH_MS, _MOST = 100, 500
_LOOK, _RETRY, _GOODBYE = 0.2, 2.0, 2.0
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
Asked = Mapping[str, datetime]
"""Topics, each with the instant from which it is asked for."""


class Hearing:
    """Reads until stopped; trouble of the broker or the database ends it never."""

    def __init__(
        self, make_consumer: Callable[[], AIOKafkaConsumer], intake: Intake, metrics: WebhookMetrics, topic_prefix: str
    ) -> None:
        self._make_consumer, self._intake, self._metrics, self._prefix = make_consumer, intake, metrics, topic_prefix
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Follow what is asked for, whatever that is by now."""
        while not self._stopping.is_set():
            pause = _LOOK
            try:
                if asked := await self._intake.topics():
                    await self._follow(asked)
            except (KafkaError, TimeoutError, *DATABASE_ERRORS) as error:
                log.warning("webhooks.hearing_interrupted", error=type(error).__name__)
                pause = _RETRY
            self._metrics.heard.set(0)
            await happens_within(self._stopping, pause)

    def stop(self) -> None:
        """Let go of what is in hand: it is read again."""
        self._stopping.set()

    async def _follow(self, asked: Asked) -> None:
        """Read these topics until others are asked for."""
        consumer = self._make_consumer()
        placed: set[TopicPartition] = set()
        try:
            await consumer.start()
            consumer.subscribe([self._prefix + topic for topic in asked])
            while not self._stopping.is_set() and not await self._changed(asked):
                placed &= consumer.assignment()
                if new := consumer.assignment() - placed:
                    await self._place(consumer, new, asked)
                    placed |= new
                self._metrics.heard.set(len(placed))
                await self._read(consumer, placed)
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await consumer.stop()

    async def _changed(self, asked: Asked) -> bool:
        """Whether other topics are asked for; while nobody knows, these are read on."""
        try:
            return (await self._intake.topics()).keys() != asked.keys()
        except DATABASE_ERRORS:
            return False

    async def _place(self, consumer: AIOKafkaConsumer, new: set[TopicPartition], asked: Asked) -> None:
        """Begin where the group was, and no earlier than from when a topic is asked for.

        The ends are asked for first: what is published after that lies behind them, however the look at times ends.
        """
        ends = await consumer.end_offsets(list(new))
        since = {each: (asked[each.topic.removeprefix(self._prefix)] - _EPOCH) // _MILLISECOND for each in new}
        begins = await consumer.offsets_for_times(since)
        starts = {}
        for each in new:
            begin = ends[each] if begins[each] is None else begins[each].offset
            starts[each] = max(await consumer.committed(each) or 0, begin)
            consumer.seek(each, starts[each])
        await _commit(consumer, starts)

    async def _read(self, consumer: AIOKafkaConsumer, placed: Collection[TopicPartition]) -> None:
        """Read what has its place: of a partition that comes meanwhile the consumer would give what lies before it."""
        if not placed:
            await happens_within(self._stopping, _FETCH_MS / 1000)
            return
        got = await consumer.getmany(*placed, timeout_ms=_FETCH_MS, max_records=_MOST)
        for records in got.values():
            for record in records:
                await self._intake.hear(record.value, record.timestamp / 1000, type_of(record.headers))
        if got and not self._stopping.is_set():
            await _commit(consumer, {each: records[-1].offset + 1 for each, records in got.items()})


async def _commit(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
    """Say how far it is; where somebody else has the partitions by now, they read that again, to no harm."""
    with contextlib.suppress(CommitFailedError):
        await consumer.commit(dict(offsets))
