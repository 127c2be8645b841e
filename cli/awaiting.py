"""Waiting until what was published is taken: the positions of the workers have passed it."""

from __future__ import annotations

import asyncio

import asyncpg
from aiokafka import AIOKafkaConsumer

from cli.pace import Pace
from deploy.embedded.failures import NothingMoves
from deploy.embedded.report import Step
from libs.runtime import sql
from libs.runtime.clock import monotonic
from libs.runtime.kafka_login import connection as login
from libs.runtime.settings import KafkaSettings

_QUERIES = sql.load("cli", "awaiting.sql")
_PATIENCE = 120.0
_LOOK_SECONDS = 0.1


async def taken(connection: asyncpg.Connection, kafka: KafkaSettings, topic: str, step: Step, unit: str) -> None:
    """Return when everything that lies in a topic (named without the prefix) now has been taken.

    Raises:
        NothingMoves: a partition has halted, or nothing was taken for two minutes.
        aiokafka.errors.KafkaError: the broker can't be asked.
    """
    name = kafka.topic_prefix + topic
    ends = await _ends(kafka, name)
    behind, since = None, monotonic()
    pace: Pace | None = None
    while True:
        rows = await connection.fetch(_QUERIES["positions"], name)
        halted = next((row["halt_reason"] for row in rows if row["halt_reason"]), None)
        if halted is not None:
            raise NothingMoves(f"{topic} stands still: {halted}; see `pointstream dlq list`")
        positions = {row["part"]: row["next_offset"] for row in rows}
        left = sum(max(end - positions.get(part, 0), 0) for part, end in ends.items())
        if not left:
            return
        pace = pace or Pace(step, unit, left)
        pace.at(pace.total - left)
        if left != behind:
            behind, since = left, monotonic()
        elif monotonic() - since > _PATIENCE:
            raise NothingMoves(f"nothing of {topic} was taken for {_PATIENCE:.0f} s; see `pointstream status`")
        await asyncio.sleep(_LOOK_SECONDS)


async def _ends(kafka: KafkaSettings, topic: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(topic, **login(kafka), enable_auto_commit=False)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        return {partition.partition: end for partition, end in ends.items()}
    finally:
        await consumer.stop()
