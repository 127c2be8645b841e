"""`python -m tests.bench.redeem`: how long a till waits for a redemption; the last line is one JSON object.

An open loop over HTTP to the redemption service, as a till sends them: each is due at its time and the clock runs from
there. First every member in turn, then half of them of one member, whose row is hot. How it measures is told in
docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from libs.runtime import sql
from tests.bench import environment
from tests.bench.asking import Latencies, Timed
from tests.bench.expiry import BOUNDARY, EXPIRY, open_till, prepare, redemptions
from tests.bench.parts import conduct
from tests.bench.population import TENANTS
from tests.bench.stage import Stage, open_stage
from tests.bench.usage import machine_seconds, tree_seconds

_QUERIES = sql.load("tests.bench", "redeem.sql")
_REDEEMERS = 2_000
_FURTHER = 1_000_000


def half_of_one(members: Sequence[UUID]) -> Iterator[bytes]:
    """Requests of which every other is the first member's, without end; none is one of those before."""
    return redemptions([members[0] if number % 2 else member for number, member in enumerate(members)], _FURTHER)


def figures(name: str, found: Latencies, rate: float) -> dict[str, Any]:
    """Return the figures of a part under their names."""
    return {
        f"{name}_count": found.count,
        f"{name}_rate_per_second": rate,
        f"{name}_p50_ms": round(found.p50_ms, 1),
        f"{name}_p99_ms": round(found.p99_ms, 1),
        f"{name}_max_ms": round(found.most_ms, 1),
        f"{name}_client_late_ms": round(found.late_ms, 1),
    }


def table(found: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{name:34} {found[name]}" for name in found if name.startswith("redeem_"))


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the measurement and return its figures."""
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {what}", file=sys.stderr, flush=True)

    told: dict[str, Any] = {}
    tell("starting PostgreSQL and Kafka")
    async with open_stage(tell) as stage:
        await prepare(stage, options.members, options.lots)
        async with stage.connection() as connection:
            client, asks = await open_till(stage, connection)
            rows = await connection.fetch(EXPIRY["some_members"], TENANTS[0].tenant_id, _REDEEMERS)
            some = [row["member_id"] for row in rows]
            await connection.execute(_QUERIES["enrich"], TENANTS[0].tenant_id, some[0], BOUNDARY)
            made = await connection.fetchval(_QUERIES["redeemed"])
            for name, wanted in (("redeem", asks), ("redeem_hot", half_of_one(some))):
                timed, spent, machine = Timed(client, options.rate), _spent(stage), machine_seconds()
                await timed.run(islice(wanted, int(options.rate * options.seconds)))
                found = timed.told()
                used = _spent(stage) - spent
                told |= figures(name, found, options.rate)
                told[f"{name}_cpu_ms"] = round(used / found.count * 1_000, 2)
                told[f"{name}_cores_busy_with_others"] = round(
                    max(0.0, machine_seconds() - machine - used) / found.seconds, 2
                )
                tell(f"{name}: p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms")
            client.close()
            made = await connection.fetchval(_QUERIES["redeemed"]) - made
    wrong = [] if made == told["redeem_count"] + told["redeem_hot_count"] else [f"{made} redemptions came to pass"]
    return told | {"violations": wrong} | await asyncio.to_thread(environment.describe)


def _spent(stage: Stage) -> float:
    """Processor seconds of the service and of PostgreSQL so far."""
    assert stage.postgres.pid is not None
    return tree_seconds(stage.postgres.pid) + sum(tree_seconds(each.process.pid) for each in stage.workers)


def main(arguments: list[str]) -> int:
    """Measure, print the table and the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.redeem", description=__doc__)
    parser.add_argument("--rate", type=float, default=200, help="redemptions a second")
    parser.add_argument("--seconds", type=float, default=10, help="of each part")
    parser.add_argument("--members", type=int, default=4_000)
    parser.add_argument("--lots", type=int, default=5, help="lots of each member")
    parser.add_argument("--json-out", type=Path, help="write the JSON object there too")
    options = parser.parse_args(arguments)
    return conduct(lambda: run(options), table, options.json_out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
