"""Publishing what no batch has caused: requests of our own clock, and balances."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from libs.intake.events import Prepared
from libs.intake.publish import Publisher

_STEP = 250
_GOODBYE = 2.0


class Sender:
    """Sends events and waits for the broker. What failed may have arrived: events are sent again under the same ids."""

    def __init__(self, make_producer: Callable[[], AIOKafkaProducer], topic_prefix: str) -> None:
        self._make_producer = make_producer
        self._prefix = topic_prefix
        self._producer: AIOKafkaProducer | None = None
        self._sending = asyncio.Lock()

    async def send(self, events: Sequence[Prepared]) -> None:
        """Return when the broker has acknowledged all of them; the producer starts with the first that there are.

        Raises:
            aiokafka.errors.KafkaError: it did not; the next call begins with a producer of its own.
        """
        if not events:
            return
        async with self._sending:
            try:
                if self._producer is None:
                    self._producer = self._make_producer()
                    await self._producer.start()
                publisher = Publisher(self._producer, self._prefix)
                for number, event in enumerate(events, 1):
                    await publisher.send(event)
                    if number % _STEP == 0:
                        await asyncio.sleep(0)
                await publisher.flush()
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        """Let go of the producer; a broker that does not answer is left without a word."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await producer.stop()
