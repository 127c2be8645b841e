"""Topics that endpoints ask for, read from a real broker by a group of two."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry

from deploy.embedded.kafka import EmbeddedKafka
from libs.contracts.topics import NewTopic
from libs.runtime import kafka
from libs.runtime.settings import KafkaSettings
from services.notifier.metrics import NotifierMetrics
from services.notifier.webhooks.hearing import Hearing
from tests.support.stack import until

OLD, NEW = 1_700_000_000_000, 1_700_000_001_000
MOST = 60


@dataclass
class Told:
    """What is asked for, and what was heard of it."""

    heard: list[str] = field(default_factory=list)

    async def topics(self) -> Mapping[str, datetime]:
        return {"points": datetime.fromtimestamp(NEW / 1000, UTC)}

    async def hear(self, value: bytes, published: float, kind: bytes | None) -> None:
        self.heard.append(value.decode())


async def test_two_hear_together_what_was_asked_for_and_nothing_before(kafka_server: EmbeddedKafka) -> None:
    """Whoever comes later takes a part; nothing that lies before is ever read, and nothing after is left out."""
    prefix = f"hearing{os.getpid()}."
    settings = KafkaSettings(bootstrap=kafka_server.bootstrap, topic_prefix=prefix)
    topic = f"{prefix}points"
    await kafka.create_topics(settings, [NewTopic(topic, 4, {})])
    producer = kafka.idempotent_producer(settings, "test")
    await producer.start()

    async def publish(name: str, at: int, count: int) -> set[str]:
        said = {f"{name}-{number}" for number in range(count)}
        for number, each in enumerate(sorted(said)):
            await producer.send_and_wait(topic, each.encode(), partition=number % 4, timestamp_ms=at)
        return said

    await publish("old", OLD, MOST)
    wanted = await publish("new", NEW, MOST)
    told, metrics = Told(), [NotifierMetrics(CollectorRegistry()).webhooks for _ in range(2)]
    makes: Any = partial(kafka.group_consumer, settings, "notifier.webhooks")
    workers = [Hearing(makes, told, each, prefix) for each in metrics]  # type: ignore[arg-type]
    tasks = [asyncio.create_task(workers[0].run())]

    async def all_heard() -> bool:
        return wanted <= set(told.heard)

    await until(all_heard, "what lay there")
    tasks.append(asyncio.create_task(workers[1].run()))

    async def shared() -> bool:
        return [each.heard._value.get() for each in metrics] == [2, 2]

    await until(shared, "both have a part")
    wanted |= await publish("later", NEW + 1, MOST)
    await until(all_heard, "what came later")
    for worker in workers:
        worker.stop()
    await asyncio.gather(*tasks)
    await producer.stop()
    assert set(told.heard) == wanted
