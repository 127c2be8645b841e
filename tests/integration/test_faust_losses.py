"""How Faust's agents lose records: the evidence behind docs/adr/0003-faust-hosts-money-does-not-ride.md.

Each test asserts a loss. One that fails is good news: Faust no longer loses records in that way, and the decision may
be looked at again. Nothing of the platform runs here but the broker; the agents are in tests/support/faust_losses.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded.kafka import EmbeddedKafka
from tests.support.stack import ROOT, free_port, until


@dataclass(frozen=True, slots=True)
class Scene:
    """A topic of one partition, the group of the agent that reads it, and what the agent has written down."""

    bootstrap: str
    topic: str
    folder: Path
    admin: AIOKafkaAdminClient
    producer: AIOKafkaProducer

    @property
    def notes(self) -> list[str]:
        file = self.folder / "notes"
        return file.read_text().splitlines() if file.exists() else []

    @contextmanager
    def agent(self, fault: str, concurrency: int = 1) -> Iterator[subprocess.Popen[bytes]]:
        """Run the agent; it is killed in the end."""
        told = {"BOOTSTRAP": self.bootstrap, "TOPIC": self.topic, "NOTES": str(self.folder / "notes"), "FAULT": fault}
        variables = {f"LOSSES_{name}": value for name, value in {**told, "CONCURRENCY": str(concurrency)}.items()}
        with self.folder.joinpath("log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.faust_losses"],
                cwd=ROOT, env={**os.environ, **variables}, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    async def send(self, *records: bytes) -> None:
        for record in records:
            await self.producer.send_and_wait(self.topic, record, partition=0)

    async def committed(self) -> int:
        """The offset from which the group would go on."""
        offsets = await self.admin.list_consumer_group_offsets(self.topic)
        found = offsets.get(TopicPartition(self.topic, 0))
        return 0 if found is None else int(found.offset)

    async def until_done(self, records: Sequence[str]) -> None:
        async def done() -> bool:
            return {f"done {record}" for record in records} <= set(self.notes)

        await until(done, f"done with {records}; {self.notes}; {self.log()}")

    async def until_committed(self, offset: int) -> None:
        async def done() -> bool:
            return await self.committed() >= offset

        await until(done, f"offset {offset} committed; {self.notes}")

    def log(self) -> str:
        return self.folder.joinpath("log").read_text()[-2000:]


@pytest.fixture
async def scene(kafka_server: EmbeddedKafka, folder: Path) -> AsyncIterator[Scene]:
    topic = f"losses-{os.getpid()}-{free_port()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=kafka_server.bootstrap)
    await producer.start()
    yield Scene(kafka_server.bootstrap, topic, folder, admin, producer)
    await producer.stop()
    await admin.close()


async def test_an_exception_loses_the_record(scene: Scene) -> None:
    """An agent raised on a record: its offset is committed all the same, and nobody sees it again."""
    await scene.send(b"1", b"fault", b"2")
    with scene.agent("raises"):
        await scene.until_done(["1", "2"])
        await scene.until_committed(3)
    assert "began fault" in scene.notes
    assert "done fault" not in scene.notes
    await scene.send(b"3")
    with scene.agent("nothing"):  # the cause is mended, the agent started anew
        await scene.until_done(["3"])
    assert scene.notes.count("began fault") == 1, "the record came again: Faust no longer loses it"
    assert "done fault" not in scene.notes


async def test_concurrency_and_a_crash_lose_what_is_in_flight(scene: Scene) -> None:
    """Two at once: the offset behind an unfinished record is committed, and `kill -9` makes that final."""
    await scene.send(b"fault", b"1", b"2", b"3", b"4")
    with scene.agent("hangs", concurrency=2) as process:
        await scene.until_committed(1)
        assert "began fault" in scene.notes
        assert "done fault" not in scene.notes
        assert process.poll() is None, "the agent must die with the record in flight, not before"
        process.kill()
    await scene.send(b"last")
    with scene.agent("nothing", concurrency=2):
        await scene.until_done(["last"])
        await scene.until_committed(6)
    assert scene.notes.count("began fault") == 1, "the record came again: Faust no longer loses it"
    assert "done fault" not in scene.notes
