"""F-1: the broker stands still, dies and comes back. What was committed meanwhile waits in the outbox, and is sent."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from deploy.embedded.kafka import EmbeddedKafka
from tests.support.database import Database
from tests.support.invariants import durable, exactly_once
from tests.support.loads import enrol, two_tenants
from tests.support.locks import transaction, waiting
from tests.support.platform import QUICK
from tests.support.stack import Stack, Worker, free_port, until

UNPUBLISHED = "SELECT coalesce(sum(next_seq - 1 - published_seq), 0)::bigint FROM stream.outbox_shard"
HOLD = "LOCK TABLE earning.inbox IN SHARE ROW EXCLUSIVE MODE"
DRAIN_SECONDS = 90
AGAIN = timedelta(seconds=9)
"""How far apart the same words of the broker's client are: ten seconds of silence, less what clocks differ."""


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
        assert worker.process.poll() is None, worker.tail()
        assert await asyncio.to_thread(worker.get, "/livez") is not None, "a broker that is away is no reason to die"
        why = await asyncio.to_thread(worker.why)
        return any(word in why for word in words)

    await until(told, f"the worker says one of {words}")


async def told_in_few_lines(worker: Worker) -> None:
    """The log of a worker says that the broker was away, and that it is back, and little else."""

    def lines(field: str) -> list[dict[str, object]]:
        return [line for line in map(json.loads, worker.log.read_text().splitlines()) if field in line]

    async def told() -> bool:
        return any(line["event"] == "broker_client.silent" for line in lines("left_out"))

    await until(told, "the log says how much of what the client said was left out")
    said: dict[str, list[datetime]] = defaultdict(list)
    for line in lines("logger"):
        if is_client(line):
            said[re.sub(r"\d+", "…", f"{line['logger']} {line['event']}")].append(
                datetime.fromisoformat(str(line["timestamp"]))
            )
    assert said, "the client said nothing at all"
    for words, instants in said.items():
        assert all(again - once >= AGAIN for once, again in pairwise(instants)), (words, instants)
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
    worker = await scene.start_ready(POINTSTREAM_EARNING__LOOP__BATCH="100")
    async with transaction(scene) as lock:
        await lock.execute(HOLD)
        await scene.produce(load.records)

        async def in_hand() -> bool:
            return await waiting(scene) >= 2

        await until(in_hand, "both lanes wait with a batch in hand")
        assert broker.pid is not None
        psutil.Process(broker.pid).suspend()
    struck = time.monotonic()

    async def committed() -> bool:
        return await unpublished(scene) > 0

    await until(committed, "what was in hand is committed, and waits in the outbox")
    assert (await durable(scene))[0] < len(load.records), "all was done before the broker stood still"
    await says(worker, "does not answer", "lets us in", "does not acknowledge")

    async def over() -> bool:
        assert await asyncio.to_thread(worker.get, "/livez") is not None, worker.tail()
        return time.monotonic() - struck > seconds

    await until(over, "the broker has stood still for long", seconds=seconds + 5)
    os.kill(broker.pid, signal.SIGKILL)

    async def gone() -> bool:
        return not broker.running

    await until(gone, "the broker is dead")
    await says(worker, "ConnectionRefusedError")
    waits = await unpublished(scene)
    assert waits > 0
    await asyncio.to_thread(broker.start)
    back = time.monotonic()

    async def drained() -> bool:
        return await unpublished(scene) == 0 and await asyncio.to_thread(worker.ready)

    await until(drained, f"{waits} events are sent", seconds=DRAIN_SECONDS)
    await scene.drained(seconds=DRAIN_SECONDS - (time.monotonic() - back))
    assert worker.process.poll() is None, worker.tail()
    await exactly_once(scene, load)
    await told_in_few_lines(worker)
