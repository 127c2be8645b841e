"""How far the workers are behind the topics: the broker's end offsets against the positions in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from libs.runtime import logs
from libs.runtime.kafka_login import connection
from libs.runtime.settings import KafkaSettings

_LOG = logs.get(__name__)
_EVERY = 2.0
_PATIENCE = 5.0
_FIRST_PATIENCE = 1.5
"""Seconds that a look waits while nothing has been heard of the broker at all."""

Place = tuple[str, int]
"""A topic as the broker names it, and a partition."""


def onlooker(settings: KafkaSettings) -> AIOKafkaConsumer:
    """Return a consumer of no group: it asks where partitions end, and reads nothing."""
    return AIOKafkaConsumer(
        **connection(settings),
        client_id=f"gateway-lag-{settings.instance}",
        enable_auto_commit=False,
        request_timeout_ms=int(_PATIENCE * 1000),
    )


@dataclass(frozen=True, slots=True)
class Ends:
    """The ends of partitions as last heard; `away` when the broker did not answer, None while it is asked first."""

    offsets: Mapping[Place, int] = field(default_factory=dict)
    away: bool | None = None


@dataclass(slots=True)
class EndOffsets:
    """Asks the broker where partitions end, in the background and only while somebody wants to know.

    A question is answered with what was last heard. Only the first one waits for the broker, and not for long.
    `monotonic` gives seconds.
    """

    make_consumer: Callable[[], AIOKafkaConsumer]
    monotonic: Callable[[], float]
    _ends: Ends = field(default_factory=Ends)
    _asked: float = -_EVERY
    _task: asyncio.Task[None] | None = None
    _consumer: AIOKafkaConsumer | None = None

    async def of(self, places: Iterable[Place]) -> Ends:
        """Return what was last heard of the broker, and ask anew when that is old."""
        now = self.monotonic()
        if (self._task is None or self._task.done()) and now - self._asked >= _EVERY:
            self._asked = now
            self._task = asyncio.create_task(self._ask(tuple(places)))
        if self._task is not None and self._ends.away is None:
            await asyncio.wait({self._task}, timeout=_FIRST_PATIENCE)
        return self._ends

    async def close(self) -> None:
        """Ask no more, and let go of the broker."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._drop()

    async def _ask(self, places: tuple[Place, ...]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._consumer is None:
                    self._consumer = self.make_consumer()
                    await self._consumer.start()
                found = await self._consumer.end_offsets([TopicPartition(*place) for place in places])
        except (KafkaError, OSError, TimeoutError, ValueError) as error:
            _LOG.info("broker.away", error=type(error).__name__)
            self._ends = Ends(self._ends.offsets, away=True)
            await self._drop()
        else:
            self._ends = Ends({(place.topic, place.partition): end for place, end in found.items()}, away=False)

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()
