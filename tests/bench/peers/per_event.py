"""A Faust agent, one event at a time, with a table in memory whose changes go to a changelog topic.

Everything is as it comes but what helps it: uvloop, no web server, no debug messages, and a producer that waits a few
milliseconds for company; and the time that a frozen process is waited for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any

import faust
import orjson
import uvloop

from tests.bench.peers.order import PeerOrder, read_order
from tests.bench.peers.rules import Teller

_PARTITIONS = 12


class _Kept:
    """What the table keeps for one member: its keys begin with the member's own."""

    def __init__(self, table: Any, member: str) -> None:
        self._table = table
        self._member = member

    def get(self, key: str) -> Any:
        return self._table.get(f"{self._member}/{key}")

    def put(self, key: str, value: Any) -> None:
        self._table[f"{self._member}/{key}"] = value


def build(order: PeerOrder) -> faust.App:
    """Make the app with its agent."""
    app = faust.App(
        order.group,
        broker=f"kafka://{order.bootstrap}",
        store="memory://",
        datadir=Path(order.folder) / f"faust-{order.number}",
        value_serializer="raw",
        broker_session_timeout=order.session_seconds,
        broker_heartbeat_interval=3,
        producer_linger=0.005,
        topic_partitions=_PARTITIONS,
        topic_disable_leader=True,
        web_enabled=False,
    )
    teller = Teller(order.documents)
    read = app.topic(order.topic, key_type=bytes, value_type=bytes, value_serializer="raw", key_serializer="raw")
    told = app.topic(order.told, key_type=bytes, value_type=bytes, value_serializer="raw", key_serializer="raw")
    table = app.Table("kept", partitions=_PARTITIONS)

    @app.agent(read)
    async def teller_agent(stream: AsyncIterable[Any]) -> None:
        async for member, value in stream.items():  # type: ignore[attr-defined]
            outcome = teller.apply(orjson.loads(value), _Kept(table, member.decode()))
            await told.send(key=member, value=orjson.dumps(outcome))

    return app


def run(order: PeerOrder) -> None:
    """Run until a signal ends it."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    logging.disable(logging.INFO)
    app = build(order)
    faust.Worker(app, loglevel="WARNING", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    run(read_order())
