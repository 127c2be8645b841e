"""A consumer that fetches by the broker's ids of topics: records of a topic made anew never come under an old position.

A topic that was deleted and made anew has the name of the old one, and may have offsets beyond where the old one was
left; a fetch by name reads on there as if nothing had been. aiokafka fetches by name. This puts version 13 of the same
request, as Kafka's protocol guide describes it, in its place: the broker refuses an id that it does not know.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

from libs.runtime.kafka_login import connection, knock
from libs.runtime.settings import KafkaSettings
from libs.runtime.topic_identity import Uuid

_UNKNOWN_ID, _OTHER_ID = 100, 103
_PAUSE = 0.1
_IDLE_WAIT_MS = 500
_RECORDS = 7  # where a partition of an answer has them
_NO_SESSION, _NO_EPOCH, _ANY = 0, -1, -1


class _FetchResponseV13(Response):
    API_KEY = 1
    API_VERSION = 13
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("session_id", Int32),
        (
            "topics",
            CompactArray(
                ("topic_id", Uuid),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("error_code", Int16),
                        ("highwater_offset", Int64),
                        ("last_stable_offset", Int64),
                        ("log_start_offset", Int64),
                        (
                            "aborted_transactions",
                            CompactArray(("producer_id", Int64), ("first_offset", Int64), ("tags", TaggedFields)),
                        ),
                        ("preferred_read_replica", Int32),
                        ("message_set", CompactBytes),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _FetchRequestV13(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 1
    API_VERSION = 13
    RESPONSE_TYPE = _FetchResponseV13
    SCHEMA = Schema(
        ("replica_id", Int32),
        ("max_wait_time", Int32),
        ("min_bytes", Int32),
        ("max_bytes", Int32),
        ("isolation_level", Int8),
        ("session_id", Int32),
        ("session_epoch", Int32),
        (
            "topics",
            CompactArray(
                ("topic_id", Uuid),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("current_leader_epoch", Int32),
                        ("fetch_offset", Int64),
                        ("last_fetched_epoch", Int32),
                        ("log_start_offset", Int64),
                        ("max_bytes", Int32),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        (
            "forgotten_topics_data",
            CompactArray(("topic_id", Uuid), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)),
        ),
        ("rack_id", CompactString("utf-8")),
        ("tags", TaggedFields),
    )


class _FetchById(Request[_FetchRequestV13]):
    API_KEY = 1

    def __init__(
        self,
        plain: FetchRequest,
        topics: Sequence[tuple[UUID, list[tuple[Any, ...]], dict[int, bytes]]],
        wait_ms: int,
    ) -> None:
        self._plain = plain
        self._topics = topics
        self._wait_ms = wait_ms

    def build(self, request_struct_class: type[_FetchRequestV13]) -> _FetchRequestV13:
        plain = self._plain
        return request_struct_class(
            _ANY, self._wait_ms, plain._min_bytes, plain._max_bytes, plain._isolation_level,
            _NO_SESSION, _NO_EPOCH, self._topics, [], plain._rack_id, {},
        )  # fmt: skip


class _Answer(NamedTuple):
    """What aiokafka's fetcher reads of a response."""

    topics: list[tuple[str, list[tuple[Any, ...]]]]
    API_VERSION: int = 11


class BatchConsumer(AIOKafkaConsumer):
    """A consumer that fetches only what was taken up by `take_up`, each partition under the id that its topic had then.

    `estranged` tells which partitions the broker no longer knows under that id: its topic is gone, perhaps made anew.

    Where a request names all that was taken up, it holds back nothing: when the one before found nothing either, it
    waits longer for data than it was told to. An idle service asks twice a second then and not twenty times.
    """

    def __init__(self, settings: KafkaSettings, **arguments: Any) -> None:
        super().__init__(**connection(settings), **arguments)
        self._kafka = settings
        self._ids: dict[TopicPartition, UUID] = {}
        self.estranged: set[TopicPartition] = set()
        self._idle = False
        self._ask = self._client.send
        self._client.send = self._send

    def take_up(self, partition: TopicPartition, topic_id: str, offset: int) -> None:
        """Fetch a partition from `offset` on, as long as its topic is the one with this id.

        Raises:
            aiokafka.errors.IllegalStateError: the partition is not assigned to us.
        """
        self._ids[partition] = UUID(topic_id)
        self.estranged.discard(partition)
        self.seek(partition, offset)

    def lay_down(self, partition: TopicPartition) -> None:
        """Fetch a partition no longer."""
        self._ids.pop(partition, None)
        self.estranged.discard(partition)

    async def knock(self) -> None:
        """Ask the brokers anew to let us in.

        Raises:
            libs.runtime.kafka_login.KafkaRefused: none does; the message says why.
        """
        await knock(self._kafka)

    async def _send(self, node_id: int, request: Any, **options: Any) -> Any:
        """What aiokafka's client sends; a fetch is sent by ids, and its answer told by names again."""
        if not isinstance(request, FetchRequest):
            return await self._ask(node_id, request, **options)
        names: dict[UUID, str] = {}
        wanted: dict[UUID, list[tuple[Any, ...]]] = defaultdict(list)
        for topic, partitions in request.topics:
            for part, offset, most in partitions:
                topic_id = self._ids.get(TopicPartition(topic, part))
                if topic_id is not None:
                    names[topic_id] = topic
                    wanted[topic_id].append((part, _NO_EPOCH, offset, _NO_EPOCH, _ANY, most, {}))
        if not wanted:
            await asyncio.sleep(_PAUSE)
            return _Answer([])
        names_all = sum(map(len, wanted.values())) == len(self._ids)
        by_id = _FetchById(
            request,
            [(topic_id, parts, {}) for topic_id, parts in wanted.items()],
            max(request._max_wait_ms, _IDLE_WAIT_MS) if names_all and self._idle else request._max_wait_ms,
        )
        response = await self._ask(node_id, by_id, **options)
        answer = _Answer([(names[each[0]], [_plain(part) for part in each[1]]) for each in response.topics])
        self._idle = not any(part[_RECORDS] for each in response.topics for part in each[1])
        if any(part[1] in (_UNKNOWN_ID, _OTHER_ID) for each in response.topics for part in each[1]):
            self._note_estranged(response, names)
            await asyncio.sleep(_PAUSE)  # it would be asked again at once, and answer the same
        return answer

    def _note_estranged(self, response: _FetchResponseV13, names: dict[UUID, str]) -> None:
        for topic_id, partitions, _ in response.topics:
            for part in partitions:
                partition = TopicPartition(names[topic_id], part[0])
                if part[1] in (_UNKNOWN_ID, _OTHER_ID) and self._ids.get(partition) == topic_id:
                    self.estranged.add(partition)


def _plain(part: tuple[Any, ...]) -> tuple[Any, ...]:
    """A partition of the answer without tags, and with an error that aiokafka knows: it looks for the leader anew."""
    number, error, highwater, stable, start, aborted, replica, records, _ = part
    if error in (_UNKNOWN_ID, _OTHER_ID):
        error = UnknownTopicOrPartitionError.errno
    if aborted:
        aborted = [(producer, first) for producer, first, _ in aborted]
    return number, error, highwater, stable, start, aborted, replica, records
