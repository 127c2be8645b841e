"""Whether the broker answers, and whether it still has the topics that the positions in hand belong to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from libs.runtime import logs
from libs.runtime.batch_consumer import BatchConsumer
from libs.runtime.kafka_login import KafkaRefused
from libs.runtime.topic_identity import Identity, identify

log = logs.get(__name__)
MADE_ANEW = "the topic was made anew since the position was stored"
_PATIENCE = 5.0


class BrokerWatch:
    """Looks at the broker from time to time. `trouble` says what was wrong with it the last time, if anything was."""

    def __init__(self, consumer: BatchConsumer) -> None:
        self._consumer = consumer
        self.trouble: str | None = None

    async def look(self, topics: Iterable[str]) -> Identity | None:
        """Ask which topics there are, named as at the broker; None when that can't be known now."""
        before = self.trouble
        try:
            async with asyncio.timeout(_PATIENCE):
                identity = await identify(self._consumer, topics)
        except UnknownTopicOrPartitionError as error:
            self.trouble = f"the broker has no topic {error}"
            identity = None
        except (KafkaError, OSError, TimeoutError) as error:
            self.trouble = await self._why(error)
            identity = None
        else:
            self.trouble = None
        if self.trouble != before:
            log.warning("broker.watched", trouble=self.trouble)
        return identity

    async def _why(self, error: BaseException) -> str:
        try:
            await self._consumer.knock()
        except KafkaRefused as refused:
            return f"no broker lets us in: {refused}"
        return f"the broker does not answer: {type(error).__name__}"


def estranged(claimed: dict[TopicPartition, str], identity: Identity) -> list[TopicPartition]:
    """Of partitions, given with the id that their topic had when claimed: those whose topic is another one now."""
    return [partition for partition, topic_id in claimed.items() if identity.topic_ids[partition.topic] != topic_id]
