"""F-1 at the door: without a broker reading goes on, sending is refused quickly, and nothing accepted is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from deploy.embedded.kafka import EmbeddedKafka
from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.till import at_once, post, receipt
from tests.support.database import Database
from tests.support.platform import QUICK
from tests.support.stack import Stack, free_port, until

PATIENT = {
    "POINTSTREAM_GATEWAY__PUBLISH__ACKNOWLEDGE_WITHIN": "PT2S",
    "POINTSTREAM_GATEWAY__PUBLISH__SILENCE": "PT1S",
}
TOPIC = "loyalty.purchases"


@pytest.fixture
async def broker(platform_data: Path) -> AsyncIterator[EmbeddedKafka]:
    """A broker that only this test uses, since it stops it; its port stays the same."""
    own = EmbeddedKafka(platform_data / "gateway-kafka", free_port(), jvm=QUICK)
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


@dataclass
class Sender:
    """A till that repeats, and what it was told that it need not repeat."""

    client: httpx.AsyncClient
    accepted: set[str] = field(default_factory=set)

    async def status(self, path: str) -> int:
        return (await self.client.get(path)).status_code

    async def send(self, name: str) -> httpx.Response:
        answer = await post(self.client, "/v1/purchases", receipt(name), Idempotency_Key=name)
        if answer.status_code == 202:
            self.accepted.add(name)
        return answer

    async def can_send(self) -> bool:
        return await self.status("/readyz/producers") == 200

    async def served(self, name: str) -> None:
        """A broker that is back may need a moment to lead its partitions again; a client repeats."""

        async def taken() -> bool:
            return (await self.send(name)).status_code == 202

        await until(taken, f"{name} is accepted")

    async def away(self, kind: str, member: str) -> None:
        """What holds while nobody answers at the broker."""
        late = await at_once(20, lambda number: self.send(f"{kind}-late-{number}"))
        assert {answer.status_code for answer in late} == {503}, [answer.text for answer in late]
        quick = [await self.send(f"{kind}-quick-{number}") for number in range(10)]
        assert {answer.json()["code"] for answer in quick} == {"publishing-away"}
        assert {answer.json().get("detail") for answer in quick} != {"The broker did not answer in time."}, "all wait"
        assert all(int(answer.headers["retry-after"]) > 0 for answer in quick)
        assert [await self.status(f"/v1/members/{member}") for _ in range(10)] == [200] * 10
        ready: dict[str, Any] = (await self.client.get("/readyz")).json()
        assert ready["status"] == "ready"
        assert ready["producers"].startswith("not ready")
        assert not await self.can_send()

    async def back(self, kind: str) -> None:
        """What holds when it is there again: whoever repeats is served, once."""
        await until(self.can_send, f"events can be sent after {kind}", seconds=90)
        for number in range(20):
            await self.served(f"{kind}-late-{number}")


async def test_reading_goes_on_while_the_broker_is_away(
    own_stack: Stack, broker: EmbeddedKafka, make_key: MakeKey, scribe: Scribe
) -> None:
    member = str((await scribe.member()).member_id)
    worker = await own_stack.start_ready("gateway", **PATIENT)
    text, _ = await make_key()
    url = f"http://127.0.0.1:{worker.port}"
    async with httpx.AsyncClient(base_url=url, headers=bearer(text), timeout=30, trust_env=False) as client:
        till = Sender(client)
        await until(till.can_send, "events can be sent")
        assert (await till.send("before")).status_code == 202
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)
        await till.away("frozen", member)
        os.kill(broker.pid, signal.SIGCONT)
        await till.back("frozen")
        os.kill(broker.pid, signal.SIGKILL)
        await until(lambda: _gone(broker), "the broker is dead")
        await till.away("killed", member)
        await asyncio.to_thread(broker.start)
        await till.back("killed")
        for reason in ("late", "away"):
            assert worker.metric("loyalty_gateway_publish_failures_total", reason=reason) > 0
        assert worker.metric("loyalty_gateway_publish_waiting_events") == 0
    assert worker.stop() == 0
    assert till.accepted <= {orjson.loads(record.value)["id"] for record in await own_stack.read(TOPIC)}


async def _gone(broker: EmbeddedKafka) -> bool:
    return not broker.running
