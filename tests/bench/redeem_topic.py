"""Redemptions over the topic: how fast a backlog is worked off, and what becomes of a peak.

The service is frozen while a backlog is produced, as workers are for receipts. A peak is sent at its pace to a service
that runs; afterwards all that was told of it is read again: everybody's requests were done once each, in their order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from libs.contracts.events import RedemptionRequestedV1
from libs.contracts.writer import EventWriter
from libs.runtime.keys import kafka_partition_hash
from tests.bench.drain import Meter, freeze
from tests.bench.population import PARTITIONS
from tests.bench.till import QUERIES, TENANT, Till
from tests.support.stack import until

TOPIC, POINTS = "loyalty.redemptions", "loyalty.points"
_BATCH_BYTES = 64 * 1024
_TICK = 0.02
_LOOK = 0.02
_PATIENCE = 600.0
_WARM_UP = 2_000


@dataclass(slots=True)
class Shop:
    """Whoever publishes requests: how many records there are of them, and how many events on the topic of points."""

    till: Till
    producer: AIOKafkaProducer
    reader: AIOKafkaConsumer
    sent: int = 0
    told: int = 0

    @classmethod
    async def open(cls, till: Till) -> Shop:
        """Connect."""
        bootstrap = till.stage.kafka.bootstrap
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=_BATCH_BYTES)
        reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        await producer.start()
        await reader.start()
        shop = cls(till, producer, reader)
        shop.sent = await shop.end_of(TOPIC)
        await until(shop.all_told, "what was redeemed before is told")
        shop.told = await shop.end_of(POINTS)
        return shop

    async def all_told(self) -> bool:
        """Whether all that redemption has done is published."""
        row = await self.till.connection.fetchrow(QUERIES["taken_in"])
        return bool(row["untold"] == 0)

    async def close(self) -> None:
        """Disconnect."""
        await self.producer.stop()
        await self.reader.stop()

    async def send(self, many: int) -> list[tuple[str, str]]:
        """Publish so many requests, of one member after the other, and return whose they are and their names."""
        now = datetime.now(UTC)
        writer = EventWriter(
            type=RedemptionRequestedV1.event_type, source=TENANT.source, time=now, tenant=TENANT.slug, programme="main"
        )
        batches: dict[int, Any] = {}
        sent: list[tuple[str, str]] = []
        for _ in range(many):
            number = next(self.till.numbers)
            member, name = str(self.till.members[number % len(self.till.members)]), f"asked-{number}"
            value = writer.write(name, member, None, {"member_id": member, "operation": "redeem", "points": 1})
            key = member.encode()
            part = kafka_partition_hash(key) % PARTITIONS
            for _ in range(2):
                batch = batches.get(part) or batches.setdefault(part, self.producer.create_batch())
                if batch.append(timestamp=None, key=key, value=value) is not None:
                    break
                await self.producer.send_batch(batches.pop(part), TOPIC, partition=part)
            sent.append((member, name))
        for part, batch in batches.items():
            await self.producer.send_batch(batch, TOPIC, partition=part)
        self.sent += many
        self.told += many
        return sent

    async def end_of(self, topic: str) -> int:
        """Records that a topic has had."""
        parts = [TopicPartition(topic, part) for part in range(PARTITIONS)]
        return sum((await self.reader.end_offsets(parts)).values())

    async def finished(self) -> None:
        """Wait until all that was sent is taken in, and what is told of it has been acknowledged by the broker.

        Raises:
            TimeoutError: it takes far too long.
        """
        async with asyncio.timeout(_PATIENCE):
            while True:
                row = await self.till.connection.fetchrow(QUERIES["taken_in"])
                if row["consumed"] >= self.sent and await self.end_of(POINTS) >= self.told:
                    return
                await asyncio.sleep(_LOOK)


async def backlog(till: Till, many: int) -> dict[str, Any]:
    """Let a backlog of so many requests be worked off."""
    shop = await Shop.open(till)
    try:
        await shop.send(_WARM_UP)
        await shop.finished()
        await freeze([till.service])
        await shop.send(many)
        await shop.producer.flush()
        meter = Meter.start([till.service.process.pid], till.stage)
        till.service.thaw()
        await shop.finished()
        drained = meter.stop(many)
    finally:
        await shop.close()
    till.stage.tell(f"topic: {drained.per_second:,.0f} requests a second")
    return {
        "topic_count": many,
        "topic_per_second": round(drained.per_second),
        "topic_cpu_us": round(drained.cpu_microseconds),
        "topic_cpu_us_service": round(drained.per_million(drained.cpu.worker)),
        "topic_cpu_us_postgres": round(drained.per_million(drained.cpu.postgres)),
        "topic_cpu_us_broker": round(drained.per_million(drained.cpu.broker)),
        "topic_cores_busy_with_others": round(drained.others, 2),
    }


async def peak(till: Till, usual: float, times: int, seconds: float) -> tuple[dict[str, Any], list[str]]:
    """Send a peak of so many times the usual rate, and look what became of it; return that, and what is wrong."""
    shop = await Shop.open(till)
    try:
        await shop.finished()
        parts = [TopicPartition(POINTS, part) for part in range(PARTITIONS)]
        starts = await shop.reader.end_offsets(parts)
        sent, due = await _paced(shop, usual * times, seconds)
        over = time.time()
        await shop.finished()
        after = time.time() - over
        seen, lags = await _read(shop, parts, starts, due)
    finally:
        await shop.close()
    asked: dict[str, list[str]] = {}
    for member, name in sent:
        asked.setdefault(member, []).append(name)
    wrong = [f"{member}: {len(seen.get(member, []))} of {len(names)}" for member, names in asked.items()
             if seen.get(member) != names]  # fmt: skip
    lags.sort()
    till.stage.tell(f"peak: {len(sent):,} requests, {after:.1f} s after its end all are answered")
    figures = {
        "peak_count": len(sent),
        "peak_usual_per_second": usual,
        "peak_per_second": round(len(sent) / seconds),
        "peak_seconds": seconds,
        "peak_done_after_s": round(after, 1),
        "peak_answer_p50_s": round(lags[len(lags) // 2], 2),
        "peak_answer_most_s": round(lags[-1], 2),
    }
    return figures, [f"{len(wrong)} members were answered wrongly, such as {wrong[0]}"] if wrong else []


async def _paced(shop: Shop, rate: float, seconds: float) -> tuple[list[tuple[str, str]], dict[str, float]]:
    """Send at a rate for so long; return what was sent, and when each was due, in seconds since 1970."""
    began, start = time.monotonic(), time.time()
    sent: list[tuple[str, str]] = []
    due: dict[str, float] = {}
    while len(sent) < rate * seconds:
        wanted = int(min(time.monotonic() - began, seconds) * rate) - len(sent)
        if wanted > 0:
            more = await shop.send(wanted)
            due |= {name: start + (len(sent) + place) / rate for place, (_, name) in enumerate(more)}
            sent += more
        await asyncio.sleep(_TICK)
    await shop.producer.flush()
    return sent, due


async def _read(
    shop: Shop, parts: Sequence[TopicPartition], starts: dict[TopicPartition, int], due: dict[str, float]
) -> tuple[dict[str, list[str]], list[float]]:
    """Read what was told: by member which requests were done, in their order, and how late each was told."""
    reader = AIOKafkaConsumer(bootstrap_servers=shop.till.stage.kafka.bootstrap, enable_auto_commit=False)
    await reader.start()
    seen: dict[str, list[str]] = {}
    lags: list[float] = []
    try:
        ends = await reader.end_offsets(parts)
        reader.assign(parts)
        for part in parts:
            reader.seek(part, starts[part])
        left = sum(ends[part] - starts[part] for part in parts)
        while left > 0:
            for records in (await reader.getmany(timeout_ms=1_000, max_records=10_000)).values():
                left -= len(records)
                for record in records:
                    data = orjson.loads(record.value)["data"]
                    seen.setdefault(data["member_id"], []).append(data["cause_id"])
                    lags.append(record.timestamp / 1000 - due[data["cause_id"]])
    finally:
        await reader.stop()
    return seen, lags
