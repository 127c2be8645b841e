"""Records on their way to the broker, in batches of their partitions; the same key always goes to the same one."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from libs.intake.events import Prepared
from libs.runtime.keys import kafka_partition_hash


class Publisher:
    """Writes records with a producer that somebody else starts and stops.

    What was sent but not flushed may be lost, or may be there: whoever sends it again sends the same ids.
    """

    def __init__(self, producer: AIOKafkaProducer, topic_prefix: str = "") -> None:
        self._producer = producer
        self._prefix = topic_prefix
        self._partitions: dict[str, int] = {}
        self._open: dict[tuple[str, int], BatchBuilder] = {}
        self._sent: list[tuple[str, asyncio.Future[Any], int]] = []
        self.ends: dict[tuple[str, int], int] = {}
        """Topic without the prefix and partition → offset behind the last acknowledged record of ours."""

    async def send(self, record: Prepared) -> None:
        """Take one record; it leaves with its batch.

        Raises:
            aiokafka.errors.KafkaError: the topic is not there, or the broker can't be asked.
        """
        count = self._partitions.get(record.topic)
        if count is None:
            count = self._partitions[record.topic] = len(
                await self._producer.partitions_for(self._prefix + record.topic)
            )
        place = (record.topic, _spread(record.key) % count)
        builder = self._open.get(place) or self._open.setdefault(place, self._producer.create_batch())
        fields = {"timestamp": None, "key": record.key, "value": record.value, "headers": record.headers}
        if builder.append(**fields) is None:
            await self._leave(place)
            builder = self._open[place] = self._producer.create_batch()
            builder.append(**fields)

    async def flush(self) -> None:
        """Send what is open and return when the broker has acknowledged all of it.

        Raises:
            aiokafka.errors.KafkaError: it did not.
        """
        for place in list(self._open):
            await self._leave(place)
        sent, self._sent = self._sent, []
        for topic, acknowledged, count in sent:
            metadata = await acknowledged  # a batch is answered with the offset of its first record
            place = (topic, metadata.partition)
            self.ends[place] = max(self.ends.get(place, 0), metadata.offset + count)

    async def _leave(self, place: tuple[str, int]) -> None:
        batch = self._open.pop(place)
        count, (topic, part) = batch.record_count(), place
        batch.close()
        self._sent.append((topic, await self._producer.send_batch(batch, self._prefix + topic, partition=part), count))


@lru_cache(maxsize=65_536)
def _spread(key: bytes) -> int:
    return kafka_partition_hash(key)
