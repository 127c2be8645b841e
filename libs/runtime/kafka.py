"""Kafka: consumers and producers with the settings that exactly-once rests on, and the making of topics."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, admin
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import TopicAlreadyExistsError, for_code

from libs.contracts.topics import NewTopic
from libs.runtime.batch_consumer import BatchConsumer
from libs.runtime.kafka_login import connection
from libs.runtime.settings import KafkaSettings

MAX_REQUEST_BYTES = 4 * 1024 * 1024


def batch_consumer(settings: KafkaSettings, group: str, wait_ms: int = 50) -> BatchConsumer:
    """Return a consumer for the batch loop: positions come from PostgreSQL, never from the group's offsets.

    `wait_ms` is how long a request waits for data. A short wait, since a request in flight holds back the partitions
    that it does not name; a longer one for topics on which little happens, for every request costs both sides.
    """
    return BatchConsumer(
        settings,
        group_id=settings.topic_prefix + group,
        group_instance_id=f"{settings.topic_prefix}{group}-{settings.instance}",
        client_id=f"{group}-{settings.instance}",
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        partition_assignment_strategy=(StickyPartitionAssignor,),
        session_timeout_ms=int(settings.session_timeout.total_seconds() * 1000),
        heartbeat_interval_ms=int(settings.heartbeat.total_seconds() * 1000),
        max_poll_interval_ms=300_000,
        metadata_max_age_ms=int(settings.metadata_age.total_seconds() * 1000),
        fetch_max_wait_ms=wait_ms,
        max_partition_fetch_bytes=1024 * 1024,
        fetch_max_bytes=16 * 1024 * 1024,
        check_crcs=True,
    )


def group_consumer(settings: KafkaSettings, group: str, *, wait_ms: int = 500, piece: int = 1) -> AIOKafkaConsumer:
    """Return a consumer whose positions its group keeps in Kafka, for what may be done twice; it begins at the start.

    It fetches little ahead, so that it takes neither memory nor time from whoever it runs beside. The broker
    answers when it has `piece` bytes, or after so long.
    """
    return AIOKafkaConsumer(
        **connection(settings),
        group_id=settings.topic_prefix + group,
        client_id=f"{group}-{settings.instance}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=int(settings.session_timeout.total_seconds() * 1000),
        heartbeat_interval_ms=int(settings.heartbeat.total_seconds() * 1000),
        metadata_max_age_ms=int(settings.metadata_age.total_seconds() * 1000),
        fetch_max_wait_ms=wait_ms,
        fetch_min_bytes=piece,
        max_partition_fetch_bytes=128 * 1024,
        fetch_max_bytes=512 * 1024,
    )


def idempotent_producer(settings: KafkaSettings, client: str) -> AIOKafkaProducer:
    """Return a producer that keeps its order and its acknowledgements: all replicas, no duplicates on a retry."""
    return AIOKafkaProducer(
        **connection(settings),
        client_id=client,
        enable_idempotence=True,
        acks="all",
        max_request_size=MAX_REQUEST_BYTES,
        max_batch_size=MAX_REQUEST_BYTES // 4,
        request_timeout_ms=15_000,
    )


async def create_topics(settings: KafkaSettings, topics: Iterable[NewTopic], replication: int = 1) -> list[str]:
    """Make the topics that are missing, with so many replicas each; return the names of those made.

    Raises:
        aiokafka.errors.KafkaError: the broker refused one for another reason than that it is there.
    """
    wanted = [
        admin.NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(topic.configuration))
        for topic in topics
    ]
    client = admin.AIOKafkaAdminClient(**connection(settings))
    await client.start()
    try:
        response = await client.create_topics(wanted)
    finally:
        await client.close()
    made = []
    for name, code, *_ in response.topic_errors:
        if code == 0:
            made.append(name)
        elif code != TopicAlreadyExistsError.errno:
            raise for_code(code)(name)
    return made
