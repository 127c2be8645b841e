"""`python -m tests.bench.quote`: how long a quote takes at a till, in half a minute; the last line is one JSON object.

An open loop over HTTP: quotes are due at fixed times and the clock runs from there. How it measures is told in
docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from libs.runtime.api_keys import mint
from tests.bench import environment
from tests.bench.asking import Client, Latencies, Timed
from tests.bench.parts import conduct
from tests.bench.population import TENANTS
from tests.bench.receipts import Receipts
from tests.bench.stage import QUERIES, Stage, open_stage
from tests.bench.usage import machine_seconds, tree_seconds
from tests.support.stack import SEAL_KEY, Worker, free_port, until

LOTS = 20
"""Lots that each member has: a year or two of buying."""
NO_SETTINGS: Mapping[str, str] = {}
_WARM_UP = 400
_MADE_AT = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Quotes:
    """How long quotes took at a rate, and what one cost in milliseconds of processor time."""

    rate: float
    took: Latencies
    gateway_ms: float
    postgres_ms: float
    others: float


def bodies(count: int, members: int) -> list[bytes]:
    """The carts of one tenant's members: the receipts of the other measurements, without their events."""
    made = Receipts(0, count * 2 + 100, members, "2026-06-01T00:00:00Z")
    chosen = [index for index, member in enumerate(made.members) if member % 2 == 0][:count]
    events = [orjson.loads(made.make(index).value) for index in chosen]
    return [orjson.dumps({"source": event["source"], "data": event["data"]}) for event in events]


async def start_gateway(stage: Stage, more: Mapping[str, str] = NO_SETTINGS) -> Worker:
    """Start the gateway as it runs in production; it does without a broker."""
    port, own = free_port(), "POINTSTREAM_GATEWAY__"
    variables = {
        own + "POSTGRES__DSN": stage.database.dsn("gateway"),
        own + "KAFKA__BOOTSTRAP": "127.0.0.1:9",
        own + "WEB__PORT": str(port),
        own + "QUOTA__REQUESTS": "1000000",
        "POINTSTREAM_SEAL_KEY": SEAL_KEY,
        "POINTSTREAM_EMBEDDED": "1",
        **more,
    }
    worker = stage.launch("gateway", [sys.executable, "-m", "services.gateway"], variables, port)
    await until(lambda: asyncio.to_thread(worker.ready), "the gateway is ready", seconds=60)
    return worker


async def prepare(stage: Stage, members: int) -> str:
    """Enrol the members, give them lots, and return the key of a till."""
    await stage.prepare(members, topics=False)
    text, key = mint(TENANTS[0].tenant_id, "till", ["quotes:read"], _MADE_AT, os.urandom)
    async with stage.connection() as connection:
        await connection.execute(QUERIES["give_lots"], LOTS, _MADE_AT)
        await connection.execute(QUERIES["count_lots"], LOTS)
        await connection.execute(QUERIES["vacuum_lots"])
        await connection.execute(
            QUERIES["api_key"], key.key_id, key.tenant_id, key.name, key.digest, list(key.scopes), _MADE_AT
        )
    return text


async def measure(stage: Stage, worker: Worker, client: Client, carts: Sequence[bytes], rate: float) -> Quotes:
    """Ask for every cart at its time, and time the answers.

    Raises:
        RuntimeError: an answer was no quote.
    """
    postgres = stage.postgres.pid
    assert postgres is not None
    asking = Timed(client, rate)
    before = [tree_seconds(worker.process.pid), tree_seconds(postgres), tree_seconds(os.getpid())]
    machine = machine_seconds()

    await asking.run(carts)
    told = asking.told()
    after = [tree_seconds(worker.process.pid), tree_seconds(postgres), tree_seconds(os.getpid())]
    of_gateway, of_postgres, _ = spent = [now - then for now, then in zip(after, before, strict=True)]
    others = max(0.0, machine_seconds() - machine - sum(spent)) / told.seconds
    return Quotes(rate, told, of_gateway / told.count * 1000, of_postgres / told.count * 1000, others)


def figures(found: Quotes) -> dict[str, Any]:
    """Return the figures under their names."""
    return {
        "quote_p50_ms": round(found.took.p50_ms, 1),
        "quote_p99_ms": round(found.took.p99_ms, 1),
        "quote_max_ms": round(found.took.most_ms, 1),
        "quote_rate_per_second": found.rate,
        "quote_client_late_ms": round(found.took.late_ms, 1),
        "quote_gateway_cpu_ms": round(found.gateway_ms, 2),
        "quote_postgres_cpu_ms": round(found.postgres_ms, 2),
        "quote_cores_busy_with_others": round(found.others, 2),
    }


def table(found: dict[str, Any]) -> str:
    """The figures for people."""
    names = [name for name in found if name.startswith("quote_")]
    return "\n".join(f"{name:34} {found[name]}" for name in names)


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the measurement and return its figures."""
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {what}", file=sys.stderr, flush=True)

    tell("starting PostgreSQL")
    async with open_stage(tell, broker=False) as stage:
        stage.rules = str(options.campaigns)
        tell(f"enrolling {options.members:,} members with {LOTS} lots each")
        key = await prepare(stage, options.members)
        worker = await start_gateway(stage)
        client = Client(worker.port, "/v1/quote", key)
        carts = bodies(int(options.rate * options.seconds) + _WARM_UP, options.members)
        tell("warming up")
        for cart in carts[:_WARM_UP]:
            await client.ask(cart)
        found = await measure(stage, worker, client, carts[_WARM_UP:], options.rate)
        took = found.took
        tell(f"quotes: p50 {took.p50_ms:.1f} ms, p99 {took.p99_ms:.1f} ms; others keep {found.others:.1f} cores busy")
        client.close()
    described = await asyncio.to_thread(environment.describe)
    return figures(found) | {"campaigns": options.campaigns, "violations": []} | described


def main(arguments: list[str]) -> int:
    """Measure, print the table and the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quote", description=__doc__)
    parser.add_argument("--rate", type=float, default=200, help="quotes a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--campaigns", type=int, default=100, help="live campaigns of the programme")
    parser.add_argument("--members", type=int, default=20_000)
    parser.add_argument("--json-out", type=Path, help="write the JSON object there too")
    options = parser.parse_args(arguments)
    return conduct(lambda: run(options), table, options.json_out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
