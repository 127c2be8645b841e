"""Claiming partitions: fence whoever held them, and see whether the log is still the one of their positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from libs.runtime import stream_store
from libs.runtime.broker_watch import MADE_ANEW
from libs.runtime.lane import LEASE
from libs.runtime.topic_identity import identify


class Found(NamedTuple):
    """A partition as the claim found it, and why it can't be consumed, if it can't."""

    claimed: stream_store.Claimed
    doubt: str | None


class Claimant(NamedTuple):
    """Who claims, and for which consumer; `shard` names the outbox shard of a topic's partition."""

    consumer: str
    owner: str
    shard: Callable[[str, int], str]


async def claim_positions(
    kafka: AIOKafkaConsumer,
    connection: asyncpg.Connection,
    who: Claimant,
    wanted: Sequence[TopicPartition],
    now: Callable[[], datetime],
) -> dict[TopicPartition, Found]:
    """Claim partitions, and say of each whether its position lies in the log that the broker has.

    Raises:
        aiokafka.errors.KafkaError: the broker can't tell of its log; nothing, or not all, was claimed.
    """
    begins = await kafka.beginning_offsets(wanted)
    identity = await identify(kafka, {partition.topic for partition in wanted})
    asked = [
        stream_store.Wanted(
            p.topic, p.partition, identity.topic_ids[p.topic], begins[p], who.shard(p.topic, p.partition)
        )
        for p in wanted
    ]
    moment = now()
    claimed = await stream_store.claim(
        connection, who.consumer, who.owner, identity.cluster_id, moment, moment + LEASE, asked
    )
    # Asked for after the claim: until then the former holder may have read what came in meanwhile.
    ends = await kafka.end_offsets(wanted)
    found = {}
    for one in claimed:
        partition = TopicPartition(one.topic, one.part)
        doubt = one.halt_reason
        if one.cluster_id != identity.cluster_id:
            doubt = doubt or "this is another cluster than the one that the position belongs to"
        elif one.topic_id != identity.topic_ids[one.topic]:
            doubt = doubt or MADE_ANEW
        elif not begins[partition] <= one.next_offset <= ends[partition]:
            doubt = doubt or "the position lies outside the log"
        found[partition] = Found(one, doubt)
    return found


class Ownership(ConsumerRebalanceListener):
    """A rebalance listener that clears ownership when partitions go, and notes which have come."""

    def __init__(self, revoked: Callable[[], None], assigned: Callable[[Sequence[TopicPartition]], None]) -> None:
        self._revoked, self._assigned = revoked, assigned

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Let go of everything."""
        self._revoked()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Note what is to be claimed."""
        self._assigned(sorted(assigned))
