"""What callers send, and a door with a broker behind it."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import httpx

from libs.runtime.settings import KafkaSettings
from services.gateway.settings import GatewaySettings
from tests.support.stack import Stack, until

_keys = itertools.count(1)
MEMBER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"


def fresh_key() -> dict[str, str]:
    """A header with a key that nobody has used."""
    return {"Idempotency-Key": f"key-{next(_keys)}"}


def told(data: dict[str, Any], name: str = "R-1", source: str = "/acme/pos/1/1") -> dict[str, Any]:
    """An event in the plain form."""
    return {"id": name, "source": source, "time": "2024-03-02T10:00:00+01:00", "data": data}


def receipt(name: str = "R-1", total: int = 4510, source: str = "/acme/pos/1/1", **changes: Any) -> dict[str, Any]:
    """A receipt in the plain form."""
    data = {
        "receipt_number": name,
        "identifiers": [{"kind": "card", "value": "98123456"}],
        "store": "12",
        "currency": "EUR",
        "total_minor": total,
        "lines": [{"line": 1, "sku": "bread", "category": "GROCERY", "quantity": 1, "amount_minor": total}],
    }
    return told(data | changes, name, source)


def cloud_event(plain: dict[str, Any], kind: str = "purchase.completed.v1") -> dict[str, Any]:
    """The same as a CloudEvent."""
    return {"specversion": "1.0", "type": f"org.pointstream.{kind}", **plain}


def with_broker(settings: GatewaySettings, stack: Stack, **changes: Any) -> GatewaySettings:
    """The settings with the broker of a stack; `changes` are of the publisher."""
    kafka = KafkaSettings(bootstrap=stack.bootstrap, topic_prefix=stack.prefix, instance="one")
    return settings.model_copy(update={"kafka": kafka, "publish": settings.publish.model_copy(update=changes)})


async def connected(client: httpx.AsyncClient) -> None:
    """Wait until events can be sent."""

    async def ready() -> bool:
        return (await client.get("/readyz/producers")).status_code == 200

    await until(ready, "the gateway has a broker")


async def post(client: httpx.AsyncClient, path: str, body: Any, **headers: str) -> httpx.Response:
    """Send a body under a key of its own, unless the headers have one."""
    sent = fresh_key() | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(path, json=body, headers=sent)


async def at_once(count: int, send: Any) -> list[httpx.Response]:
    """Make so many requests at the same time; `send` makes one of its number."""
    return list(await asyncio.gather(*(send(number) for number in range(count))))
