"""PostgreSQL or Kafka go away under load and come back: earning holds, and everything is applied exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from tests.support.database import Database
from tests.support.invariants import durable, exactly_once
from tests.support.loads import Load, enrol, two_tenants
from tests.support.locks import in_hand, standstill
from tests.support.outage import crash, resume, suspend
from tests.support.platform import QUICK
from tests.support.receipts import Record
from tests.support.stack import PATIENCE, Stack, Worker, free_port, until

BRISK = {
    "POINTSTREAM_EARNING__LOOP__BATCH": "50",
    "POINTSTREAM_EARNING__POSTGRES__COMMAND_TIMEOUT": "PT1S",
    "POINTSTREAM_EARNING__POSTGRES__CONNECT_TIMEOUT": "PT2S",
}


STRIKES = 20
END_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'earning.purchases'
"""


async def loaded(stack: Stack, receipts: int, seed: int, parts: int) -> tuple[Worker, Load, list[Sequence[Record]]]:
    """A worker in the midst of a load: some of the first part is done, and the others are not sent yet."""
    load = two_tenants(receipts, members=100, seed=seed, coffees=20)
    await enrol(stack, load.cards)
    worker = await stack.start_ready(**BRISK)
    first, *others = load.parts(parts)
    await stack.produce(first)
    await moved(stack, 0)
    return worker, load, others


async def moved(stack: Stack, before: int) -> None:
    """Wait until more receipts are done than before."""

    async def more() -> bool:
        return (await durable(stack))[0] > before

    await until(more, "the worker goes on")


@asynccontextmanager
async def at_work(stack: Stack, part: Sequence[Record]) -> AsyncIterator[None]:
    """The worker has some of a part in hand, and within the block can do none of it."""
    async with standstill(stack):
        await stack.produce(part)
        await in_hand(stack)
        yield


async def not_ready(worker: Worker) -> bool:
    """Whether readiness is red, the process alive."""
    return not await asyncio.to_thread(worker.ready)


async def is_ready(worker: Worker) -> bool:
    """Whether readiness is green."""
    return await asyncio.to_thread(worker.ready)


async def goes_on(worker: Worker) -> None:
    """Wait until a worker that lived through an outage is ready again."""
    try:
        await until(lambda: is_ready(worker), "readiness is green again")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{worker.tail()}") from error


async def held_for(seconds: float, worker: Worker) -> None:
    """Let an outage last: the worker is alive and says that it is not ready, until the time is over."""
    end = time.monotonic() + seconds

    async def over() -> bool:
        assert worker.process.poll() is None, worker.tail()
        return time.monotonic() >= end

    await until(lambda: not_ready(worker), "readiness is red")
    await until(over, "the outage is over", seconds=seconds + PATIENCE)
    assert await not_ready(worker), "ready without a database"


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [10, 30])
async def test_postgres_stands_still(fragile: Stack, seconds: int) -> None:
    """F-2: a server that answers nothing, for longer than any timeout of ours."""
    worker, load, (late,) = await loaded(fragile, 8_000, 21, 2)
    async with at_work(fragile, late):
        suspend(fragile.database.server)
        await held_for(seconds, worker)
        resume(fragile.database.server)
    await goes_on(worker)
    await fragile.drained()
    assert worker.process.poll() is None
    await exactly_once(fragile, load)


async def test_postgres_crashes_and_stops(fragile: Stack) -> None:
    """F-2: a backend is killed, which takes the server through recovery; later the server is stopped and started."""
    worker, load, (middle, late) = await loaded(fragile, 8_000, 22, 3)
    server = fragile.database.server
    async with at_work(fragile, middle):
        before = (await durable(fragile))[0]
        await crash(fragile, "earning.purchases")
    await moved(fragile, before)
    async with at_work(fragile, late):
        await asyncio.to_thread(server.stop)
        await held_for(2, worker)
        await asyncio.to_thread(server.start)
    await goes_on(worker)
    await fragile.drained()
    assert worker.process.poll() is None
    await exactly_once(fragile, load)


async def test_sessions_are_ended_by_the_server(fragile: Stack) -> None:
    """F-2: all sessions of earning end again and again, in the midst of statements and between them."""
    worker, load, others = await loaded(fragile, 6_000, 25, STRIKES + 1)
    struck = 0
    for number, part in enumerate(others):
        before = (await durable(fragile))[0]
        if number % 2:
            async with at_work(fragile, part):
                struck += (await fragile.fetch(END_SESSIONS))[0][0]
        else:
            await fragile.produce(part)
            struck += (await fragile.fetch(END_SESSIONS))[0][0]
        await moved(fragile, before)
    assert struck >= STRIKES // 2, "too few sessions were ended to prove anything"
    await fragile.drained()
    assert worker.process.poll() is None, worker.tail()
    await exactly_once(fragile, load)


async def test_ends_in_time_without_postgres(fragile: Stack) -> None:
    """A worker that holds a batch for want of a database still ends when asked; its successor applies it."""
    worker, load, (late,) = await loaded(fragile, 8_000, 23, 2)
    async with at_work(fragile, late):
        suspend(fragile.database.server)
        await until(lambda: not_ready(worker), "readiness is red")
        status = await asyncio.to_thread(worker.stop)
        resume(fragile.database.server)
    assert status == 0, worker.tail()
    await fragile.start_ready()
    await fragile.drained()
    await exactly_once(fragile, load)


@pytest.mark.slow
async def test_kafka_is_killed(database: Database, platform_data: Path, folder: Path) -> None:
    """Kafka is killed and started again; what was committed meanwhile is published, in order, under its own ids."""
    broker = EmbeddedKafka(platform_data / "killed-kafka", free_port(), jvm=QUICK)
    await asyncio.to_thread(broker.start)
    stack = Stack(database, broker.bootstrap, "", folder)
    try:
        await stack.create_topics()
        worker, load, (late,) = await loaded(stack, 8_000, 24, 2)
        async with at_work(stack, late):
            assert broker.pid is not None
            os.kill(broker.pid, signal.SIGKILL)
            await until(lambda: _gone(broker), "the broker is dead")
        await asyncio.to_thread(broker.start)
        await stack.drained(seconds=90)
        assert worker.process.poll() is None, worker.tail()
        await exactly_once(stack, load)
    finally:
        stack.close()
        await asyncio.to_thread(broker.stop)


async def _gone(broker: EmbeddedKafka) -> bool:
    return not broker.running
