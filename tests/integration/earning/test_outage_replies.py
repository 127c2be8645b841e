"""The network between earning and PostgreSQL misbehaves: answers to commits are lost, connections fall silent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.invariants import durable, exactly_once
from tests.support.loads import enrol, two_tenants
from tests.support.locks import in_hand, standstill
from tests.support.proxy import Ending, Proxy
from tests.support.stack import Stack, until

BRISK = {
    "POINTSTREAM_EARNING__LOOP__BATCH": "50",
    "POINTSTREAM_EARNING__POSTGRES__COMMAND_TIMEOUT": "PT1S",
    "POINTSTREAM_EARNING__POSTGRES__CONNECT_TIMEOUT": "PT2S",
}
COMMIT, LANES = b"COMMIT;\0", b"earning.purchases"


@pytest.fixture
async def proxy(stack: Stack) -> AsyncIterator[Proxy]:
    """A proxy between the workers of this test and PostgreSQL."""
    async with Proxy(stack.database.server.port) as between:
        stack.postgres_address = between.address
        yield between


async def test_answer_to_commit_is_lost(stack: Stack, proxy: Proxy) -> None:
    """R-4: what was committed unseen is not posted again, and is published; the worker goes on by itself.

    The proxy has the server's answer in hand when it breaks, half-closes or silences the connection.
    """
    load = two_tenants(3_000, members=100, seed=4, coffees=40)
    await enrol(stack, load.cards)
    worker = await stack.start_ready(**BRISK)
    for ending, part in zip(Ending, load.parts(len(Ending)), strict=True):
        lost, before = proxy.lost, (await durable(stack))[0]
        proxy.lose_reply(COMMIT, ending, times=2, whose=LANES)
        await stack.produce(part)

        async def struck(lost: int = lost) -> bool:
            return proxy.lost == lost + 2

        await until(struck, f"two answers are lost: {ending.value}")
        await stack.drained()
        assert (await durable(stack))[0] == before + len(part)
        assert worker.process.poll() is None, worker.tail()
    assert worker.metric("loyalty_stream_retries_total", cause="passing") >= 6
    assert worker.metric("loyalty_stream_records_total", outcome="repeated") == 0
    await exactly_once(stack, load)


async def test_connections_fall_silent(stack: Stack, proxy: Proxy) -> None:
    """Nothing passes any more on the connections there are, and nobody says so; new ones are fine.

    As after a firewall forgot them: only our own timeouts can end the wait.
    """
    load = two_tenants(4_000, members=100, seed=41)
    await enrol(stack, load.cards)
    worker = await stack.start_ready(**BRISK)
    async with standstill(stack):
        await stack.produce(load.records)
        await in_hand(stack)
        proxy.silence()
        assert await durable(stack) == (0, 0, 0)
    await stack.drained()
    assert worker.process.poll() is None, worker.tail()
    assert worker.metric("loyalty_stream_retries_total", cause="passing") > 0
    await exactly_once(stack, load)
