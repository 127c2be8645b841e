"""The broker's own ids of cluster and topics, which tell a re-created topic from the one that a position belongs to.

aiokafka speaks metadata up to version 5; topic ids came with version 10. This is version 12 of the same request, as
Kafka's protocol guide describes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields


class Uuid:
    """Kafka's UUID as a field of a request or a response."""

    @staticmethod
    def encode(value: UUID) -> bytes:
        """Write one."""
        return value.bytes

    @staticmethod
    def decode(data: IO[bytes]) -> UUID:
        """Read one."""
        return UUID(bytes=data.read(16))

    @staticmethod
    def repr(value: UUID) -> str:
        """Show one."""
        return str(value)


class _MetadataResponseV12(Response):
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequestV12(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _MetadataResponseV12
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _IdentityRequest(Request[_MetadataRequestV12]):
    API_KEY = 3

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[_MetadataRequestV12]) -> _MetadataRequestV12:
        return request_struct_class([(UUID(int=0), topic, {}) for topic in self._topics], False, False, {})


@dataclass(frozen=True, slots=True)
class Identity:
    """Which cluster this is, and the id of each topic asked for."""

    cluster_id: str
    topic_ids: dict[str, str]


async def identify(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> Identity:
    """Ask the broker for the ids of its cluster and of `topics`.

    Raises:
        aiokafka.errors.KafkaError: no broker answered, or it does not know one of the topics.
    """
    wanted = set(topics)
    client = consumer._client  # aiokafka has no public way to send a request of one's own
    node = client.get_random_node()
    response = await client.send(node, _IdentityRequest(wanted))
    found = {topic[1]: str(topic[2]) for topic in response.topics if topic[0] == 0}
    if missing := wanted - found.keys():
        raise UnknownTopicOrPartitionError(", ".join(sorted(missing)))
    return Identity(response.cluster_id, found)
