"""`python -m tests.bench.redeem`: how fast points are spent, in four minutes; the last line is one JSON object.

Over HTTP as a till asks, in an open loop: each request is due at its time and the clock runs from there. Of members in
turn, and half of one member; orders of many rewards, and half of one reward; without and through the gateway. Over the
topic: a backlog, and a peak of a minute. Then codes are looked up. docs/performance.md tells how it measures.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

import orjson

from libs.runtime.api_keys import mint
from tests.bench import environment, redeem_codes, redeem_topic
from tests.bench.asking import Client, Timed
from tests.bench.parts import conduct
from tests.bench.quote import start_gateway
from tests.bench.stage import QUERIES as STAGE
from tests.bench.stage import Stage, open_stage
from tests.bench.till import TENANT, Asking, Till

PARTS = ("points", "orders", "gateway", "topic", "peak", "codes")
_WARM_UP = 200
_PREFIXES = ("redeem_", "order_", "gateway_", "topic_", "peak_", "codes_")


async def measure(stage: Stage, options: argparse.Namespace) -> dict[str, Any]:
    """Measure every part that is not skipped, on a stage with members; nothing else runs on it."""
    told: dict[str, Any] = {"violations": []}
    async with stage.connection() as connection:
        till = await Till.open(stage, connection, options.rate, options.seconds)
        if "points" not in options.skip:
            told |= await till.in_turns(
                {"redeem": Asking(till.points()), "redeem_hot": Asking(till.points(half_of_one=True))}
            )
        if "orders" not in options.skip:
            told |= await till.in_turns(
                {"order_cold": Asking(till.orders(hot=False)), "order_hot": Asking(till.orders(hot=True))}
            )
            told["order_hot_ratio"] = round(told["order_hot_p99_ms"] / told["order_cold_p99_ms"], 2)
            told["violations"] += await till.sell_out()
        if "gateway" not in options.skip:
            told |= await _through_the_gateway(till)
        if "topic" not in options.skip:
            told |= await redeem_topic.backlog(till, options.backlog)
        if "peak" not in options.skip:
            found, wrong = await redeem_topic.peak(till, options.usual, options.times, options.peak_seconds)
            told |= found
            told["violations"] += wrong
        if "codes" not in options.skip:
            told |= await redeem_codes.measure(till, options.codes)
        till.client.close()
    return told


async def _through_the_gateway(till: Till) -> dict[str, Any]:
    """The same redemptions as shops ask for them, by the gateway, and in turns without it: what its hop adds."""
    text, key = mint(TENANT.tenant_id, "shop", ["points:spend"], datetime(2026, 6, 1, tzinfo=UTC), os.urandom)
    await till.connection.execute(
        STAGE["api_key"], key.key_id, key.tenant_id, key.name, key.digest, list(key.scopes), datetime.now(UTC)
    )
    redemption = {"POINTSTREAM_GATEWAY__REDEMPTION__URL": f"http://127.0.0.1:{till.service.port}"}
    gateway = await start_gateway(till.stage, redemption)
    numbers = count()
    client = Client(gateway.port, "/v1/redemptions", text, lambda: f"Idempotency-Key: shop-{next(numbers)}\r\n")
    bodies = (
        orjson.dumps({"member_id": str(till.members[number % len(till.members)]), "points": 1}) for number in count()
    )
    await Timed(client, till.rate).run(islice(bodies, _WARM_UP))  # until as many connections are open as it takes
    told = await till.in_turns({"gateway_without": Asking(till.points()), "gateway": Asking(bodies, client)})
    for share in ("p50_ms", "p99_ms", "cpu_ms"):
        told[f"gateway_hop_{share}"] = round(told[f"gateway_{share}"] - told[f"gateway_without_{share}"], 2)
    client.close()
    await asyncio.to_thread(gateway.stop)
    return told


def table(found: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{name:34} {found[name]}" for name in found if name.startswith(_PREFIXES))


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.redeem", description=__doc__)
    parser.add_argument("--rate", type=float, default=200, help="redemptions a second over HTTP")
    parser.add_argument("--seconds", type=float, default=10, help="of each part over HTTP")
    parser.add_argument("--backlog", type=int, default=40_000, help="requests over the topic")
    parser.add_argument("--usual", type=float, default=200, help="requests a second over the topic before a peak")
    parser.add_argument("--times", type=int, default=20, help="how many times that a peak is")
    parser.add_argument("--peak-seconds", type=float, default=60, help="of a peak")
    parser.add_argument("--codes", type=int, default=1_000_000, help="in the pool in which some are looked up")
    parser.add_argument("--members", type=int, default=20_000)
    parser.add_argument("--skip", action="append", default=[], choices=PARTS, help="may be given several times")
    parser.add_argument("--json-out", type=Path, help="write the JSON object there too")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the measurement and return its figures."""
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {what}", file=sys.stderr, flush=True)

    tell("starting PostgreSQL and Kafka")
    async with open_stage(tell) as stage:
        await stage.prepare(options.members)
        told = await measure(stage, options)
    return told | await asyncio.to_thread(environment.describe)


def main(arguments: list[str]) -> int:
    """Measure, print the table and the JSON object."""
    options = parse(arguments)
    return conduct(lambda: run(options), table, options.json_out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
