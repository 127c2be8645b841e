"""PostgreSQL or Kafka go away under load and come back: earning holds, and everything is applied exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from tests.support.database import Database
from tests.support.invariants import durable, exactly_once
from tests.support.loads import Load, enrol, two_tenants
from tests.support.outage import crash, resume, suspend
from tests.support.platform import QUICK
from tests.support.stack import Stack, Worker, free_port, until

BRISK = {
    "POINTSTREAM_EARNING__LOOP__BATCH": "50",
    "POINTSTREAM_EARNING__POSTGRES__COMMAND_TIMEOUT": "PT1S",
    "POINTSTREAM_EARNING__POSTGRES__CONNECT_TIMEOUT": "PT2S",
}


END_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'earning.purchases'
"""


async def loaded(stack: Stack, receipts: int, seed: int) -> tuple[Worker, Load]:
    """A worker in the midst of a load: some of it is done, most of it is not."""
    load = two_tenants(receipts, members=100, seed=seed, coffees=20)
    await enrol(stack, load.cards)
    worker = await stack.start_ready(**BRISK)
    await stack.produce(load.records)
    await until(lambda: _some_done(stack), "the worker is under way")
    return worker, load


async def _some_done(stack: Stack) -> bool:
    return (await durable(stack))[0] > 0


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

    await until(lambda: not_ready(worker), "readiness is red", seconds=seconds + 20)
    await until(over, "the outage is over", seconds=seconds + 20)
    assert await not_ready(worker), "ready without a database"


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [10, 30])
async def test_postgres_stands_still(fragile: Stack, seconds: int) -> None:
    """F-2: a server that answers nothing, for longer than any timeout of ours."""
    worker, load = await loaded(fragile, 8_000, seed=21)
    suspend(fragile.database.server)
    await held_for(seconds, worker)
    resume(fragile.database.server)
    assert (await durable(fragile))[0] < len(load.records), "all was done before the server stood still"
    await goes_on(worker)
    await fragile.drained()
    assert worker.process.poll() is None
    await exactly_once(fragile, load)


async def test_postgres_crashes_and_stops(fragile: Stack) -> None:
    """F-2: a backend is killed, which takes the server through recovery; later the server is stopped and started."""
    worker, load = await loaded(fragile, 8_000, seed=22)
    server = fragile.database.server
    await crash(fragile, "earning.purchases")
    before = (await durable(fragile))[0]
    assert before < len(load.records), "all was done before the crash"

    async def moved() -> bool:
        return (await durable(fragile))[0] > before

    await until(moved, "the worker goes on after the crash")
    await asyncio.to_thread(server.stop)
    await held_for(2, worker)
    await asyncio.to_thread(server.start)
    assert (await durable(fragile))[0] < len(load.records), "all was done before the stop"
    await goes_on(worker)
    await fragile.drained()
    assert worker.process.poll() is None
    await exactly_once(fragile, load)


async def test_sessions_are_ended_by_the_server(fragile: Stack) -> None:
    """F-2: all sessions of earning end again and again, in the midst of statements and between them."""
    worker, load = await loaded(fragile, 6_000, seed=25)
    struck, before = 0, 0
    while before < len(load.records):
        struck += (await fragile.fetch(END_SESSIONS))[0][0]

        async def moved(before: int = before) -> bool:
            return (await durable(fragile))[0] > before

        await until(moved, "the worker goes on")
        before = (await durable(fragile))[0]
    assert struck >= 20, "too few sessions were ended to prove anything"
    await fragile.drained()
    assert worker.process.poll() is None, worker.tail()
    await exactly_once(fragile, load)


async def test_ends_in_time_without_postgres(fragile: Stack) -> None:
    """A worker that holds a batch for want of a database still ends when asked; its successor applies it."""
    worker, load = await loaded(fragile, 8_000, seed=23)
    suspend(fragile.database.server)
    await until(lambda: not_ready(worker), "readiness is red")
    status = await asyncio.to_thread(worker.stop, 20)
    resume(fragile.database.server)
    assert status == 0, worker.tail()
    assert (await durable(fragile))[0] < len(load.records)
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
        worker, load = await loaded(stack, 8_000, seed=24)
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        await until(lambda: _gone(broker), "the broker is dead")
        assert (await durable(stack))[0] < len(load.records), "all was done before the broker died"
        await asyncio.to_thread(broker.start)
        await stack.drained(seconds=90)
        assert worker.process.poll() is None, worker.tail()
        await exactly_once(stack, load)
    finally:
        stack.close()
        await asyncio.to_thread(broker.stop)


async def _gone(broker: EmbeddedKafka) -> bool:
    return not broker.running
