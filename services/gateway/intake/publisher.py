"""Publishing what came in: one idempotent producer a gateway, with bounds on what it holds and on how long it waits.

Nothing is acknowledged before the broker has it. Whoever is told that publishing failed knows nothing: the record may
still arrive. That is harmless, since a repeat carries the same event id and is dropped by who reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from libs.runtime import logs
from libs.runtime.clock import monotonic
from services.gateway.metrics import PublishMetrics
from services.gateway.settings import PublishPart

log = logs.get(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_START_SECONDS, _STOP_SECONDS = 20.0, 5.0
_PROBE_EVERY = 5.0
"""Seconds after which another request is let through to a broker that is silent: what waits may be one partition's."""

Why = Literal["full", "away", "late"]


class Record(NamedTuple):
    """A record to publish; the topic is named without the platform's prefix."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


@dataclass(eq=False)
class CannotPublish(Exception):
    """Records could not be published in time, or not at all; nobody knows which of them will yet arrive.

    `why`: `full`, too much is waiting already; `away`, no broker answers; `late`, it did not answer in time.
    """

    why: Why


@dataclass(eq=False, slots=True)
class _Line:
    """A producer, and the records that it has not been answered about, with their sizes."""

    producer: AIOKafkaProducer
    waiting: dict[asyncio.Future[Any], int] = field(default_factory=dict)


class Publisher:
    """Publishes records, each acknowledged by all replicas; `make_producer` gives a fresh idempotent producer.

    A broker that is away is noticed by its silence: then requests are refused at once, but for one now and then.
    """

    def __init__(
        self,
        make_producer: Callable[[], AIOKafkaProducer],
        limits: PublishPart,
        metrics: PublishMetrics,
        *,
        topic_prefix: str = "",
    ) -> None:
        self._make_producer = make_producer
        self._limits = limits
        self._metrics = metrics
        self._prefix = topic_prefix
        self._line: _Line | None = None
        self._broken = asyncio.Event()
        self._events = 0
        self._bytes = 0
        self._heard = 0.0
        self._probed = 0.0

    def trouble(self) -> str | None:
        """Say why nothing can be published now; None when it can."""
        if self._line is None:
            return "no broker answers"
        return "the broker is silent" if self._silent(monotonic()) else None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Publisher]:
        """Keep a producer connected while the block runs; a missing broker is waited for in the background."""
        keeper = asyncio.create_task(self._keep_connected())
        try:
            yield self
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await self._hang_up()

    async def publish(self, records: Sequence[Record]) -> None:
        """Publish all, and return when the broker has acknowledged each.

        Raises:
            CannotPublish: not all of them are known to have arrived.
        """
        line = self._admit(records)
        started = monotonic()
        sent: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(self._limits.acknowledge_within.total_seconds()):
                for record in records:
                    sent.append(await self._send(line, record))
                await asyncio.wait(sent)
        except TimeoutError:
            self._probed = monotonic()
            raise self._refusal("late") from None
        except KafkaError as error:
            self._give_up(line, error)
            raise self._refusal("away") from None
        for answer in sent:
            if answer.cancelled() or answer.exception() is not None:
                raise self._refusal("away")
        self._metrics.seconds.observe(monotonic() - started)

    def _admit(self, records: Sequence[Record]) -> _Line:
        size = sum([len(record.value) for record in records])
        if self._line is None:
            raise self._refusal("away")
        if self._events + len(records) > self._limits.most_events or self._bytes + size > self._limits.most_bytes:
            raise self._refusal("full")
        now = monotonic()
        if self._silent(now):
            if now - self._probed < _PROBE_EVERY:
                raise self._refusal("away")
            self._probed = now
        return self._line

    def _silent(self, now: float) -> bool:
        return self._events > 0 and now - self._heard > self._limits.silence.total_seconds()

    def _refusal(self, why: Why) -> CannotPublish:
        self._metrics.refused.labels(why).inc()
        return CannotPublish(why)

    async def _send(self, line: _Line, record: Record) -> asyncio.Future[Any]:
        size = len(record.value)
        self._count(1, size)
        try:
            answer: asyncio.Future[Any] = await line.producer.send(
                self._prefix + record.topic, record.value, key=record.key, headers=record.headers
            )
        except BaseException:
            self._count(-1, -size)
            raise
        line.waiting[answer] = size
        answer.add_done_callback(lambda done: self._answered(line, done))
        return answer

    def _count(self, events: int, size: int) -> None:
        if self._events == 0:
            self._heard = monotonic()  # silence begins with the first record that waits
        self._events += events
        self._bytes += size
        self._metrics.waiting_events.set(self._events)
        self._metrics.waiting_bytes.set(self._bytes)

    def _answered(self, line: _Line, answer: asyncio.Future[Any]) -> None:
        self._count(-1, -line.waiting.pop(answer))
        if answer.cancelled():
            return
        error = answer.exception()
        if error is None:
            self._heard = monotonic()
        else:
            self._give_up(line, error)

    def _give_up(self, line: _Line, error: BaseException) -> None:
        """After an error nobody knows what arrived, or in which state the producer is: take another one."""
        if line is self._line:
            log.warning("publisher.interrupted", error=type(error).__name__)
            self._broken.set()

    async def _keep_connected(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            producer = self._make_producer()
            try:
                async with asyncio.timeout(_START_SECONDS):
                    await producer.start()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("publisher.waiting", error=type(error).__name__)
                await _stop(producer)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            except BaseException:
                await _stop(producer)
                raise
            log.info("publisher.connected")
            self._broken.clear()
            self._line = _Line(producer)
            await self._broken.wait()
            await self._hang_up()
            await asyncio.sleep(_FIRST_PAUSE)
            pause = _FIRST_PAUSE

    async def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        await _stop(line.producer)
        for answer in list(line.waiting):
            answer.cancel()  # its callback gives back what it held


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer; a broker that does not answer is left without a word."""
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(_STOP_SECONDS):
            await producer.stop()
