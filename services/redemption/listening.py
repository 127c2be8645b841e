"""What others tell on `loyalty.rewards`, read by a consumer of its own in large pieces: most of it we told ourselves.

A record that asks nothing of us costs a look at its type. Where it stands lies in Kafka, behind what is done; what
comes twice is known by those who act on it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError, KafkaError

from libs.contracts.headers import type_of
from libs.runtime import logs
from libs.runtime.clock import happens_within
from services.redemption.heard import kind_of

log = logs.get(__name__)
GROUP = "redemption.rewards"
WAIT_MS, PIECE = 250, 256 * 1024
"""How long the broker waits until it has so many bytes: each piece costs it, and us, about the same."""
_MOST = 500
_RETRY, _GOODBYE = 2.0, 2.0
Act = Callable[[str, bytes], Awaitable[None]]
"""Does what an event of a type says; what it is given. It returns when that is done, or when we stop."""


class Listening:
    """Reads until stopped; trouble of the broker ends it never."""

    def __init__(
        self,
        make_consumer: Callable[[], AIOKafkaConsumer],
        topic: str,
        kinds: Collection[str],
        act: Act,
        stopping: asyncio.Event,
    ) -> None:
        self._make_consumer, self._topic, self._act, self._stopping = make_consumer, topic, act, stopping
        self._kinds = frozenset(kinds)
        self._names = frozenset(kind.encode() for kind in kinds)

    async def run(self) -> None:
        """Follow the topic, and again after any trouble of the broker."""
        while not self._stopping.is_set():
            try:
                await self._follow()
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("rewards.hearing_interrupted", error=type(error).__name__)
                await happens_within(self._stopping, _RETRY)

    async def _follow(self) -> None:
        consumer = self._make_consumer()
        try:
            await consumer.start()
            consumer.subscribe([self._topic])
            while not self._stopping.is_set():
                got = await consumer.getmany(timeout_ms=WAIT_MS, max_records=_MOST)
                for records in got.values():
                    for record in records:
                        await self._hear(record)
                if got and not self._stopping.is_set():
                    with contextlib.suppress(CommitFailedError):  # whoever has the partitions by now reads it again
                        await consumer.commit({each: records[-1].offset + 1 for each, records in got.items()})
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await consumer.stop()

    async def _hear(self, record: Any) -> None:
        """Act on a record, if it is of a type that is acted on: by its header, or by itself where it has none."""
        if self._stopping.is_set() or not record.value:
            return
        named = type_of(record.headers)
        if named is not None and named not in self._names:
            return
        kind = kind_of(record.value)
        if kind is None or kind not in self._kinds:
            return
        try:
            await self._act(kind, record.value)
        except Exception as error:  # noqa: BLE001 - one record must not keep all others, and who redeems, from going on
            log.error("event.not_taken", partition=record.partition, offset=record.offset, error=type(error).__name__)
