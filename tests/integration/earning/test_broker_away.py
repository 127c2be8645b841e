"""F-1: the broker stands still, dies and comes back. What was committed meanwhile waits in the outbox, and is sent."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.embedded.kafka import EmbeddedKafka
from tests.support.database import Database
from tests.support.invariants import exactly_once
from tests.support.loads import enrol, two_tenants
from tests.support.locks import in_hand, standstill
from tests.support.platform import QUICK
from tests.support.stack import PATIENCE, Stack, Worker, free_port, until

UNPUBLISHED = "SELECT coalesce(sum(next_seq - 1 - published_seq), 0)::bigint FROM stream.outbox_shard"
QUIET = 10.0
"""Seconds of silence after which the same words of the broker's client are written again, at the earliest."""


@pytest.fixture
def broker(platform_data: Path) -> Iterator[EmbeddedKafka]:
    """A broker of this test alone, at a port that stays the same."""
    server = EmbeddedKafka(platform_data / f"away-kafka-{free_port()}", free_port(), jvm=QUICK)
    server.start()
    try:
        yield server
    finally:
        if server.pid is not None and server.running:
            os.kill(server.pid, signal.SIGCONT)
        server.stop()


@pytest.fixture
async def scene(broker: EmbeddedKafka, database: Database, folder: Path) -> AsyncIterator[Stack]:
    stack = Stack(database, broker.bootstrap, "", folder)
    await stack.create_topics()
    yield stack
    stack.close()


async def unpublished(stack: Stack) -> int:
    """Events that are committed and not known to be published."""
    count: int = (await stack.fetch(UNPUBLISHED))[0][0]
    return count


async def says(worker: Worker, *words: str) -> None:
    """Wait until a worker is not ready for a reason that has one of these words; it is alive all the time."""

    async def told() -> bool:
        why = await asyncio.to_thread(worker.why)
        return any(word in why for word in words) and await lives(worker)

    await until(told, f"the worker says one of {words}")


async def lives(worker: Worker) -> bool:
    """Whether a worker says that it is alive: a broker that is away is no reason to die."""
    assert worker.process.poll() is None, worker.tail()
    return await asyncio.to_thread(worker.get, "/livez") is not None


async def told_in_few_lines(worker: Worker, started: float) -> None:
    """The log of a worker says that the broker was away, and that it is back, and little else."""

    def lines(field: str) -> list[dict[str, object]]:
        return [line for line in map(json.loads, worker.log.read_text().splitlines()) if field in line]

    async def told() -> bool:
        return any(line["event"] == "broker_client.silent" for line in lines("left_out"))

    await until(told, "the log says how much of what the client said was left out")
    most = 1 + (time.monotonic() - started) / QUIET
    said = Counter(
        re.sub(r"\d+", "…", f"{line['logger']} {line['event']}") for line in lines("logger") if is_client(line)
    )
    assert said, "the client said nothing at all"
    assert all(times <= most for times in said.values()), (most, said)
    troubles = [str(line["trouble"]) for line in lines("trouble") if line["event"] == "broker.watched"]
    assert any("ConnectionRefusedError" in trouble for trouble in troubles), troubles
    assert troubles[-1] == "None"


def is_client(line: dict[str, object]) -> bool:
    """Whether a line is one of the broker's client."""
    return str(line["logger"]).startswith("aiokafka") and "exception" not in line


@pytest.mark.parametrize("seconds", [4, pytest.param(130, marks=pytest.mark.slow)])
async def test_broker_stands_still_and_dies(scene: Stack, broker: EmbeddedKafka, seconds: int) -> None:
    load = two_tenants(4_000, members=100, seed=51, coffees=20)
    await enrol(scene, load.cards)
    started = time.monotonic()
    worker = await scene.start_ready(POINTSTREAM_EARNING__LOOP__BATCH="100")
    async with standstill(scene):
        await scene.produce(load.records)
        await in_hand(scene, 2)
        assert broker.pid is not None
        psutil.Process(broker.pid).suspend()
    struck = time.monotonic()

    async def committed() -> bool:
        return await unpublished(scene) > 0

    await until(committed, "what was in hand is committed, and waits in the outbox")
    await says(worker, "does not answer", "lets us in", "does not acknowledge")

    async def over() -> bool:
        return time.monotonic() - struck > seconds and await lives(worker)

    await until(over, "the broker has stood still for long, and the worker is alive", seconds=seconds + PATIENCE)
    os.kill(broker.pid, signal.SIGKILL)

    async def gone() -> bool:
        return not broker.running

    await until(gone, "the broker is dead")
    await says(worker, "ConnectionRefusedError")
    waits = await unpublished(scene)
    assert waits > 0
    await asyncio.to_thread(broker.start)

    async def drained() -> bool:
        return await unpublished(scene) == 0 and await asyncio.to_thread(worker.ready)

    await until(drained, f"{waits} events are sent")
    await scene.drained()
    assert worker.process.poll() is None, worker.tail()
    await exactly_once(scene, load)
    await told_in_few_lines(worker, started)
