"""A stack of one test: its database, its topics behind a prefix of their own, and workers as real processes."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition, admin

from deploy.embedded.kafka import EmbeddedKafka
from libs.contracts.topics import TOPICS, topics_to_create
from libs.runtime.kafka import create_topics
from libs.runtime.settings import KafkaSettings
from tests.support import forking
from tests.support.database import Database
from tests.support.forking import Forked
from tests.support.receipts import Record

SEAL_KEY = base64.b64encode(bytes(range(32))).decode()
ROOT = forking.ROOT
INPUTS = {topic.name for topic in TOPICS if topic.dead_letter}
PATIENCE = 90.0
_ANSWER = 10.0
"""Seconds within which a page of a process answers that runs, on a machine however busy."""
"""Seconds until a test gives up waiting: a busy machine takes many to start a process or to rebalance a group, and
whoever waits for what does come pays nothing for them."""
_prefixes = itertools.count(1)


@dataclass(slots=True)
class Worker:
    """A service as a process of its own, its log in a file."""

    name: str
    port: int
    process: Forked | subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it as a crash would: no word, no clean-up."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Stop it where it stands."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self, patience: float = 60) -> int:
        """Ask it to end, and return its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end in {patience} s:\n{self.tail()}") from None

    def tail(self, lines: int = 30) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def ready(self) -> bool:
        """Whether it says that it is ready; fails when it has died."""
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
        return self.get("/readyz") is not None

    def why(self) -> str:
        """What it says of its readiness."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=_ANSWER):
                return "that it is ready"
        except urllib.error.HTTPError as answer:
            text: str = answer.read().decode()
            return text
        except OSError as error:
            return repr(error)

    def get(self, path: str) -> str | None:
        """A page of its web port; None when it does not answer 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=_ANSWER) as answer:
                text: str = answer.read().decode()
                return text
        except OSError:
            return None

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels; 0 when there are none."""
        total = 0.0
        for text in (self.get("/metrics") or "").splitlines():
            if text.startswith((name + "{", name + " ")) and all(f'{k}="{v}"' in text for k, v in labels.items()):
                total += float(text.rsplit(" ", 1)[1])
        return total


@dataclass(slots=True)
class Stack:
    """Everything that one test runs on."""

    database: Database
    bootstrap: str
    prefix: str
    folder: Path
    workers: list[Worker] = field(default_factory=list)
    postgres_address: str | None = None  # host:port of a proxy before PostgreSQL

    def topic(self, name: str) -> str:
        """A topic's name at the broker."""
        return self.prefix + name

    async def create_topics(self) -> None:
        """Make all topics of the platform; what goes out has two partitions, for each costs the broker its files."""
        wanted = [
            topic
            if topic.name.removeprefix(self.prefix) in INPUTS
            else replace(topic, partitions=min(topic.partitions, 2))
            for topic in topics_to_create(self.prefix)
        ]
        await create_topics(KafkaSettings(bootstrap=self.bootstrap), wanted)

    async def drop_topics(self) -> None:
        """Throw all topics away: a broker maps each partition's indexes, and may map only so many."""
        client = admin.AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await client.start()
        try:
            await client.delete_topics([topic.name for topic in topics_to_create(self.prefix)])
        finally:
            await client.close()

    def start(self, service: str = "earning", instance: str = "one", **environment: str) -> Worker:
        """Start a service as a process; does not wait for it."""
        port = free_port()
        own = f"POINTSTREAM_{service.upper()}__"
        dsn = self.database.dsn(service)
        if self.postgres_address is not None:
            dsn = dsn.replace(f"127.0.0.1:{self.database.server.port}", self.postgres_address)
        variables = {
            own + "KAFKA__BOOTSTRAP": self.bootstrap,
            own + "KAFKA__TOPIC_PREFIX": self.prefix,
            own + "KAFKA__INSTANCE": instance,
            own + "KAFKA__SESSION_TIMEOUT": "PT6S",
            own + "KAFKA__HEARTBEAT": "PT1S",
            own + "POSTGRES__DSN": dsn,
            own + "WEB__PORT": str(port),
            "POINTSTREAM_SEAL_KEY": SEAL_KEY,
            "POINTSTREAM_EMBEDDED": "1",
        }
        log = self.folder / f"{service}-{instance}-{len(self.workers)}.log"
        process = forking.start(f"services.{service}", {**os.environ, **variables, **environment}, log)
        worker = Worker(f"{service}-{instance}", port, process, log)
        self.workers.append(worker)
        return worker

    async def start_ready(self, service: str = "earning", instance: str = "one", **environment: str) -> Worker:
        """Start a service and wait until it is ready."""
        worker = self.start(service, instance, **environment)
        try:
            await until(lambda: asyncio.to_thread(worker.ready), f"{worker.name} is ready")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {worker.why()}\n{worker.tail()}") from None
        return worker

    def patient(self, service: str = "earning") -> dict[str, str]:
        """Settings of a worker that waits for a lock as long as a test holds it, and not for two seconds only."""
        own = f"POINTSTREAM_{service.upper()}__POSTGRES__"
        limits = f"lock_timeout={PATIENCE:.0f}s&transaction_timeout=0"
        return {own + "DSN": f"{self.database.dsn(service)}?{limits}", own + "COMMAND_TIMEOUT": "PT2M"}

    async def produce(self, records: Iterable[Record]) -> None:
        """Produce records, in order within a key, and wait for the broker."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, linger_ms=5, enable_idempotence=True, max_request_size=3 * 1024 * 1024
        )
        await producer.start()
        try:
            sent = [await producer.send(self.topic(r.topic), r.value, key=r.key) for r in records]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def read(self, topic: str) -> list[ConsumerRecord]:
        """Every record that a topic holds now."""
        async with _reader(self.bootstrap) as consumer:
            partitions = await _partitions(consumer, self.topic(topic))
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            left = {p for p in partitions if ends[p] > 0}
            records: list[ConsumerRecord] = []
            while left:
                for batch in (await consumer.getmany(*left, timeout_ms=1000)).values():
                    records += batch
                for partition in list(left):
                    if await consumer.position(partition) >= ends[partition]:
                        left.discard(partition)
            return records

    async def events(self, topic: str) -> list[dict[str, object]]:
        """Every event that a topic holds now, decoded."""
        return [orjson.loads(record.value) for record in await self.read(topic)]

    async def lag(self, topic: str, consumer_name: str) -> int:
        """Records of a topic that a consumer has not yet taken."""
        async with _reader(self.bootstrap) as consumer:
            partitions = await _partitions(consumer, self.topic(topic))
            ends = await consumer.end_offsets(partitions)
        rows = await self.fetch(
            "SELECT part, next_offset FROM stream.position WHERE consumer = $1 AND topic = $2",
            consumer_name,
            self.topic(topic),
        )
        done = {row["part"]: row["next_offset"] for row in rows}
        return sum(max(end - done.get(partition.partition, 0), 0) for partition, end in ends.items())

    async def drained(self, topic: str = "loyalty.purchases", seconds: float = 120) -> None:
        """Wait until everything produced so far is consumed and everything committed is published."""
        name = "earning." + topic.removeprefix("loyalty.")

        async def done() -> bool:
            if await self.lag(topic, name):
                return False
            behind = "SELECT count(*) FROM stream.outbox_shard WHERE published_seq < next_seq - 1"
            return bool((await self.fetch(behind))[0][0] == 0)

        await until(done, f"{topic} is drained", seconds=seconds)

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask the database, as the superuser."""
        connection = await asyncpg.connect(self.database.dsn())
        try:
            rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows
        finally:
            await connection.close()

    def close(self) -> None:
        """End whatever still runs."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.thaw()
                worker.kill()


class _reader:
    """A consumer outside any group."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=4 * 1024 * 1024
        )

    async def __aenter__(self) -> AIOKafkaConsumer:
        await self._consumer.start()
        return self._consumer

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> Sequence[TopicPartition]:
    await consumer._client._wait_on_metadata(topic)
    return [TopicPartition(topic, part) for part in sorted(consumer.partitions_for_topic(topic) or ())]


async def until(condition: Callable[[], Awaitable[bool]], what: str, *, seconds: float = PATIENCE) -> None:
    """Wait for a condition, looking often at first; fails with what was awaited."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for the logs of this test's workers."""
    with tempfile.TemporaryDirectory(prefix="pointstream-stack-") as name:
        yield Path(name)


@pytest.fixture
async def stack(database: Database, kafka_server: EmbeddedKafka, folder: Path) -> AsyncIterator[Stack]:
    """A stack with topics, without any worker yet."""
    fresh = Stack(database, kafka_server.bootstrap, f"t{os.getpid()}-{next(_prefixes)}.", folder)
    await fresh.create_topics()
    yield fresh
    fresh.close()
    for worker in fresh.workers:  # shown where the test failed
        sys.stdout.write(f"{worker.name}:\n{worker.tail()}\n")
    await fresh.drop_topics()
