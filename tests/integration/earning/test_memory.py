"""F-7: a database that is slow holds the worker back; what it has not yet taken stays at the broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest

from tests.support.invariants import durable, verified
from tests.support.loads import enrol
from tests.support.proxy import Proxy
from tests.support.receipts import line, purchase
from tests.support.stack import Stack, until

MEBIBYTE = 1024 * 1024
MOST = 300 * MEBIBYTE
LINES, POINTS = 80, 80
SMALL = {"POINTSTREAM_EARNING__LOOP__BATCH": "200"}


@pytest.fixture
async def proxy(stack: Stack) -> AsyncIterator[Proxy]:
    """A proxy between the worker and PostgreSQL."""
    async with Proxy(stack.database.server.port) as between:
        stack.postgres_address = between.address
        yield between


@pytest.mark.parametrize("members", [4_000, pytest.param(20_000, marks=pytest.mark.slow)])
async def test_slow_database_fills_no_memory(stack: Stack, proxy: Proxy, members: int) -> None:
    """Each receipt is long, so that the whole backlog would be far more than the worker may take."""
    cards = [str(number) for number in range(members)]
    await enrol(stack, cards)
    lines = [line(f"article-{number:03}", 100) for number in range(LINES)]
    worker = await stack.start_ready(**SMALL)
    process = psutil.Process(worker.process.pid)
    most = 0
    with proxy.slow(0.25):
        await stack.produce(purchase(f"R-{card}", lines, card=card) for card in cards)
        behind = members
        while behind > members // 2:
            assert worker.process.poll() is None, worker.tail()
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.1)  # between two looks
            behind = members - (await durable(stack))[0]
        assert behind > 0, "the database was never slow enough"
    assert most <= MOST, f"{most // MEBIBYTE} MiB"

    async def done() -> bool:
        nonlocal most
        most = max(most, process.memory_info().rss)
        return (await durable(stack))[0] == members

    await until(done, "all is done", seconds=120)
    assert most <= MOST, f"{most // MEBIBYTE} MiB"
    assert await durable(stack) == (members, members, members)
    rows = await stack.fetch("SELECT sum(amount)::bigint AS points FROM ledger.lot")
    assert rows[0]["points"] == members * POINTS
    await stack.drained()
    await verified(stack)
