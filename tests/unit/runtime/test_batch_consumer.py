"""Fetches by id: what is asked of the broker, and how its answer is told to aiokafka again."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest

from libs.runtime import batch_consumer
from libs.runtime.batch_consumer import BatchConsumer
from libs.runtime.settings import KafkaSettings

TOPIC, ID, OTHER = "receipts", UUID(int=7), UUID(int=8)
MOST = 1 << 20


class Broker:
    """Answers fetches as told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.parts: list[tuple[Any, ...]] = []

    async def send(self, node_id: int, request: Any, **options: Any) -> Any:
        if isinstance(request, MetadataRequest):
            return request
        built = request.prepare({1: (4, 17)})
        assert built.FLEXIBLE_VERSION
        self.asked.append(type(built).decode(BytesIO(built.encode())))
        answer = batch_consumer._FetchResponseV13(0, 0, 0, [(ID, self.parts, {})], {})
        return batch_consumer._FetchResponseV13.decode(answer.encode())


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> tuple[BatchConsumer, Broker]:
    monkeypatch.setattr(batch_consumer, "_PAUSE", 0)
    consumer, broker = BatchConsumer(KafkaSettings(bootstrap="localhost:1")), Broker()
    consumer._ask = broker.send
    consumer._ids = {TopicPartition(TOPIC, 0): ID, TopicPartition(TOPIC, 1): ID}
    return consumer, broker


def fetch(*parts: int) -> FetchRequest:
    return FetchRequest(50, 1, MOST, 1, [(TOPIC, [(part, 10 + part, MOST) for part in parts])])


async def test_asks_by_id_and_tells_by_name(scene: tuple[BatchConsumer, Broker]) -> None:
    consumer, broker = scene
    broker.parts = [(0, 0, 99, 98, 0, [(5, 12, {})], -1, b"records", {}), (1, 0, 9, 9, 0, None, -1, None, {})]
    answer = await consumer._client.send(1, fetch(0, 1))
    assert answer.topics == [(TOPIC, [(0, 0, 99, 98, 0, [(5, 12)], -1, b"records"), (1, 0, 9, 9, 0, None, -1, None)])]
    assert answer.API_VERSION >= 11
    [asked] = broker.asked
    assert asked.topics == [(ID, [(0, -1, 10, -1, -1, MOST, {}), (1, -1, 11, -1, -1, MOST, {})], {})]
    assert (asked.max_wait_time, asked.min_bytes, asked.max_bytes, asked.isolation_level) == (50, 1, MOST, 1)
    assert consumer.estranged == set()


@pytest.mark.parametrize("code", [100, 103])
async def test_an_id_that_the_broker_no_longer_knows(scene: tuple[BatchConsumer, Broker], code: int) -> None:
    consumer, broker = scene
    broker.parts = [(0, code, -1, -1, -1, None, -1, None, {}), (1, 0, 9, 9, 0, None, -1, None, {})]
    answer = await consumer._client.send(1, fetch(0, 1))
    assert [part[:2] for part in answer.topics[0][1]] == [(0, 3), (1, 0)]  # 3: unknown, look for the leader anew
    assert consumer.estranged == {TopicPartition(TOPIC, 0)}
    consumer.lay_down(TopicPartition(TOPIC, 0))
    assert consumer.estranged == set()


async def test_what_was_not_taken_up_is_not_fetched(scene: tuple[BatchConsumer, Broker]) -> None:
    consumer, broker = scene
    assert (await consumer._client.send(1, fetch(2, 3))).topics == []
    assert broker.asked == []
    await consumer._client.send(1, fetch(0, 2))
    assert [[part[0] for part in parts] for _, parts, _ in broker.asked[0].topics] == [[0]]


async def test_an_idle_consumer_asks_seldom(scene: tuple[BatchConsumer, Broker]) -> None:
    consumer, broker = scene
    for parts, records in [((0, 1), None), ((0, 1), None), ((0,), b"records"), ((0, 1), None), ((0, 1), None)]:
        broker.parts = [(0, 0, 9, 9, 0, None, -1, records, {})]
        await consumer._client.send(1, fetch(*parts))
    assert [asked.max_wait_time for asked in broker.asked] == [50, 500, 50, 50, 500]


async def test_everything_else_is_sent_as_it_is(scene: tuple[BatchConsumer, Broker]) -> None:
    request = MetadataRequest([])
    assert await scene[0]._client.send(1, request) is request
