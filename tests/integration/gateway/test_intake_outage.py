"""F-1 at the door: without a broker reading goes on, sending is refused quickly, and nothing accepted is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from deploy.embedded.kafka import EmbeddedKafka
from libs.runtime.clock import monotonic
from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.till import at_once, post, receipt
from tests.support.database import Database
from tests.support.stack import Stack, free_port, until

PATIENT = {
    "POINTSTREAM_GATEWAY__PUBLISH__ACKNOWLEDGE_WITHIN": "PT2S",
    "POINTSTREAM_GATEWAY__PUBLISH__SILENCE": "PT1S",
}
TOPIC = "loyalty.purchases"


@pytest.fixture
async def broker(platform_data: Path) -> AsyncIterator[EmbeddedKafka]:
    """A broker that only this test uses, since it stops it; its port stays the same."""
    own = EmbeddedKafka(platform_data / "gateway-kafka", free_port())
    await asyncio.to_thread(own.start)
    yield own
    if own.pid is not None:
        os.kill(own.pid, signal.SIGCONT)
    await asyncio.to_thread(own.stop)


@pytest.fixture
async def own_stack(database: Database, broker: EmbeddedKafka, folder: Path) -> AsyncIterator[Stack]:
    """A stack on it."""
    fresh = Stack(database, broker.bootstrap, "", folder)
    await fresh.create_topics()
    yield fresh
    fresh.close()


async def test_reading_goes_on_while_the_broker_is_away(
    own_stack: Stack, broker: EmbeddedKafka, make_key: MakeKey, scribe: Scribe
) -> None:
    member = await scribe.member()
    worker = await own_stack.start_ready("gateway", **PATIENT)
    text, _ = await make_key()
    accepted: set[str] = set()
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{worker.port}", headers=bearer(text), timeout=30, trust_env=False
    ) as client:

        async def status(path: str) -> int:
            return (await client.get(path)).status_code

        async def send(name: str) -> httpx.Response:
            answer = await post(client, "/v1/purchases", receipt(name), Idempotency_Key=name)
            if answer.status_code == 202:
                accepted.add(name)
            return answer

        async def sendable() -> bool:
            return await status("/readyz/producers") == 200

        async def away(kind: str) -> None:
            """What holds while nobody answers at the broker."""
            started = monotonic()
            late = await at_once(20, lambda number: send(f"{kind}-late-{number}"))
            assert {answer.status_code for answer in late} == {503}, [answer.text for answer in late]
            assert monotonic() - started < 8
            started = monotonic()
            quick = [await send(f"{kind}-quick-{number}") for number in range(10)]
            assert monotonic() - started < 4, "at most one of them waits"
            assert {answer.json()["code"] for answer in quick} == {"publishing-away"}
            assert all(int(answer.headers["retry-after"]) > 0 for answer in quick)
            reading = [await status(f"/v1/members/{member.member_id}") for _ in range(10)]
            assert reading == [200] * 10
            ready: dict[str, Any] = (await client.get("/readyz")).json()
            assert ready["status"] == "ready"
            assert ready["producers"].startswith("not ready")
            assert await status("/readyz/producers") == 503

        async def served(name: str) -> None:
            """A broker that is back may need a moment to lead its partitions again; a client repeats."""

            async def taken() -> bool:
                return (await send(name)).status_code == 202

            await until(taken, f"{name} is accepted", seconds=60)

        async def back(kind: str) -> None:
            """What holds when it is there again: whoever repeats is served, once."""
            await until(sendable, f"events can be sent after {kind}", seconds=90)
            for number in range(20):
                await served(f"{kind}-late-{number}")

        await until(sendable, "events can be sent", seconds=60)
        assert (await send("before")).status_code == 202
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)
        await away("frozen")
        os.kill(broker.pid, signal.SIGCONT)
        await back("frozen")
        os.kill(broker.pid, signal.SIGKILL)
        await until(lambda: _gone(broker), "the broker is dead")
        await away("killed")
        await asyncio.to_thread(broker.start)
        await back("killed")
        assert worker.metric("loyalty_gateway_publish_failures_total", reason="late") > 0
        assert worker.metric("loyalty_gateway_publish_failures_total", reason="away") > 0
        assert worker.metric("loyalty_gateway_publish_waiting_events") == 0
    assert worker.stop() == 0
    names = [orjson.loads(record.value)["id"] for record in await own_stack.read(TOPIC)]
    assert accepted <= set(names)


async def _gone(broker: EmbeddedKafka) -> bool:
    return not broker.running
