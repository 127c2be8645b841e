"""`python -m tests.bench.expiry`: how long the end of a period takes, in a minute; the last line is one JSON object.

Lots of many members lapse at one boundary while others redeem. How it measures is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from libs.contracts import redemption as wire
from libs.contracts.redemption import Ask, door_token
from libs.runtime import sql
from tests.bench import before, environment
from tests.bench.asking import Client, Latencies, Timed
from tests.bench.parts import conduct
from tests.bench.population import TENANTS
from tests.bench.stage import Stage, open_stage
from tests.bench.usage import Cpu, machine_seconds, peak_memory_mb
from tests.support.database import Database
from tests.support.stack import SEAL_KEY, Worker, free_port, until

EXPIRY = sql.load("tests.bench", "expiry.sql")
BOUNDARY = datetime(2026, 3, 31, 22, tzinfo=UTC)
"""The end of a quarter in Rome."""
REFERENCE = "plain_sql"
NO_SETTINGS: Mapping[str, str] = {}
_PATIENCE = 3_600.0
_REDEEMERS = 2_000
_WARM_UP = 200
_STEPS = (0.005, 0.01, 0.025, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Plain:
    """What the same rows cost without a service: seconds, and processor seconds of PostgreSQL."""

    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep of so many lots with its events, from the word to the last acknowledgement."""

    lots: int
    seconds: float
    cpu: Cpu
    others: float
    steps: int
    long_steps: int
    steps_up_to: dict[str, int]
    memory_mb: float


async def prepare(stage: Stage, members: int, lots: int) -> None:
    """Enrol members and give each so many lots that lapse, and one that does not."""
    await stage.prepare(members)
    async with stage.connection() as connection:
        await connection.execute(EXPIRY["lots_due"], lots, BOUNDARY, timeout=_PATIENCE)
        await connection.execute(EXPIRY["heads_due"], lots, BOUNDARY, timeout=_PATIENCE)
        await connection.execute(EXPIRY["vacuum"], timeout=_PATIENCE)


async def plain_sql(stage: Stage) -> Plain:
    """Let the same lots lapse in a copy of the database, a statement for each tenant, both at once."""
    copy = await stage.copy_database(REFERENCE)
    before, began = stage.cpu(()), time.monotonic()
    await asyncio.gather(*(_plain(copy, tenant.tenant_id) for tenant in TENANTS))
    return Plain(time.monotonic() - began, (stage.cpu(()) - before).postgres)


async def _plain(copy: Database, tenant: int) -> None:
    connection = await asyncpg.connect(copy.dsn())
    try:
        await connection.execute(EXPIRY["plain"], tenant, BOUNDARY, UUID(int=tenant), timeout=_PATIENCE)
    finally:
        await connection.close()


async def start(stage: Stage, service: str, instance: str, settings: Mapping[str, str] = NO_SETTINGS) -> Worker:
    """Start a service as it runs in production."""
    port, own = free_port(), f"POINTSTREAM_{service.upper()}__"
    variables = {
        own + "POSTGRES__DSN": stage.database.dsn(service),
        own + "KAFKA__BOOTSTRAP": stage.kafka.bootstrap,
        own + "KAFKA__INSTANCE": instance,
        own + "WEB__PORT": str(port),
        "POINTSTREAM_SEAL_KEY": SEAL_KEY,
        "POINTSTREAM_EMBEDDED": "1",
        **settings,
    }
    worker = stage.launch(instance, [sys.executable, "-m", f"services.{service}"], variables, port)
    await until(lambda: asyncio.to_thread(worker.ready), f"{instance} is ready", seconds=60)
    return worker


async def sweep(stage: Stage, connection: asyncpg.Connection, workers: Sequence[Worker]) -> Swept:
    """Let the boundary be swept, and wait until all of it is done and told."""

    async def announced() -> bool:
        states = {row["state"]: row["count"] for row in await connection.fetch(EXPIRY["states"], BOUNDARY)}
        return states.get("announced") == len(TENANTS)

    async def finished() -> bool:
        states = {row["state"]: row["count"] for row in await connection.fetch(EXPIRY["states"], BOUNDARY)}
        return states == {"finished": len(TENANTS)} and await connection.fetchval(EXPIRY["untold"]) == 0

    await until(announced, "the boundary is announced", seconds=_PATIENCE)
    before, machine, began = stage.cpu(workers), machine_seconds(), time.monotonic()
    await connection.execute(EXPIRY["ask"], "run", BOUNDARY)
    await until(finished, "the boundary is swept", seconds=_PATIENCE)
    seconds, spent = time.monotonic() - began, stage.cpu(workers) - before
    return Swept(
        await connection.fetchval(EXPIRY["lapsed"]),
        seconds,
        spent,
        max(0.0, machine_seconds() - machine - spent.total) / seconds,
        int(sum(worker.metric("loyalty_expiry_step_seconds_count") for worker in workers)),
        int(sum(worker.metric("loyalty_expiry_long_steps_total") for worker in workers)),
        {f"{1_000 * each:g} ms": _steps_up_to(workers, each) for each in _STEPS},
        max(peak_memory_mb(worker.process.pid) for worker in workers),
    )


def _steps_up_to(workers: Sequence[Worker], seconds: float) -> int:
    return int(sum(worker.metric("loyalty_expiry_step_seconds_bucket", le=str(seconds)) for worker in workers))


def redemptions(members: Sequence[UUID], first: int = 0) -> Iterator[bytes]:
    """Requests to redeem a point or two, by one member after the other, numbered from `first` and without end."""
    tenant = TENANTS[0]
    for number in count(first):
        yield wire.write(
            Ask(
                "redeem",
                tenant.tenant_id,
                "till",
                sha256(b"key %d" % number).digest(),
                sha256(b"request %d" % number).digest(),
                programme_id=tenant.programme_id,
                member_id=members[number % len(members)],
                points=1 + number % 2,
            )
        )


async def open_till(stage: Stage, connection: asyncpg.Connection) -> tuple[Client, Iterator[bytes]]:
    """Start redemption, and return a client of it that has warmed it up, with what there is to ask."""
    worker = await start(stage, "redemption", "redemption-0")
    token = door_token(base64.b64decode(SEAL_KEY))
    client = Client(worker.port, wire.PATH, token)
    rows = await connection.fetch(EXPIRY["some_members"], TENANTS[0].tenant_id, _REDEEMERS)
    asks = redemptions([row["member_id"] for row in rows])
    for _ in range(_WARM_UP):
        answer = wire.read_answer(await client.ask(next(asks)))
        assert answer.refused is None, answer
    return client, asks


def figures(
    plain: Plain | None, swept: Swept, while_sweeping: Latencies | None, quiet: Latencies | None
) -> dict[str, Any]:
    """Return the figures under their names; those of parts that were skipped are None."""
    lot = 1e6 / swept.lots
    return {
        "swept_lots": swept.lots,
        "swept_lots_per_second": round(swept.lots / swept.seconds),
        "sweep_seconds_of_ten_million": round(1e7 * swept.seconds / swept.lots),
        "sweep_cpu_us_a_lot": round(swept.cpu.total * lot, 1),
        "sweep_cpu_us_a_lot_workers": round(swept.cpu.worker * lot, 1),
        "sweep_cpu_us_a_lot_postgres": round(swept.cpu.postgres * lot, 1),
        "sweep_cpu_us_a_lot_broker": round(swept.cpu.broker * lot, 1),
        "sweep_steps": swept.steps,
        "sweep_steps_above_25_ms": swept.long_steps,
        "sweep_steps_up_to": swept.steps_up_to,
        "sweep_worker_mb": round(swept.memory_mb),
        "sweep_cores_busy_with_others": round(swept.others, 2),
        "plain_sql_lots_per_second": None if plain is None else round(swept.lots / plain.seconds),
        "plain_sql_cpu_us_a_lot": None if plain is None else round(plain.cpu * lot, 1),
        "sweep_ratio_to_plain_sql": None if plain is None else round(plain.seconds / swept.seconds, 2),
        **_latencies("redeem_while_sweeping", while_sweeping),
        **_latencies("redeem_afterwards", quiet),
    }


def _latencies(name: str, found: Latencies | None) -> dict[str, Any]:
    return {
        f"{name}_count": None if found is None else found.count,
        f"{name}_p50_ms": None if found is None else round(found.p50_ms, 1),
        f"{name}_p99_ms": None if found is None else round(found.p99_ms, 1),
        f"{name}_max_ms": None if found is None else round(found.most_ms, 1),
    }


def table(found: dict[str, Any]) -> str:
    """The figures for people."""
    names = [name for name in found if name.startswith(("remind", "fores", "sweep", "swept", "plain_sql", "redeem"))]
    return "\n".join(f"{name:34} {found[name]}" for name in names)


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the measurement and return its figures."""
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {what}", file=sys.stderr, flush=True)

    tell("starting PostgreSQL and Kafka")
    async with open_stage(tell) as stage:
        tell(f"enrolling {options.members:,} members, of whom each has {options.lots} lots that lapse")
        await prepare(stage, options.members, options.lots)
        plain = None
        if not options.skip_reference:
            plain = await plain_sql(stage)
            tell(f"plain SQL: {plain.seconds:.1f} s")
        async with stage.connection() as connection:
            ahead = {} if options.skip_reminders else await _ahead(stage, connection, options, tell)
            found = await _boundary(stage, connection, options, tell)
    described = await asyncio.to_thread(environment.describe)
    return ahead | figures(plain, *found) | {"violations": []} | described


async def _ahead(
    stage: Stage, connection: asyncpg.Connection, options: argparse.Namespace, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Foresee what lapses and remind everybody, by workers of a week before."""
    tell("reminding")
    workers = await start_workers(stage, "ahead", options, POINTSTREAM_CLOCK=before.clock_before(BOUNDARY))
    began = time.monotonic()
    await followed(connection)
    tell(f"where lots came from was kept in {time.monotonic() - began:.1f} s")
    measured = await before.measure(stage, connection, BOUNDARY, workers)
    tell(f"{measured.members:,} members in {measured.reminding:.1f} s")
    await before.stop(workers)
    return measured.figures()


async def followed(connection: asyncpg.Connection) -> None:
    """Wait until the sums of what lapses have followed all that happened."""

    async def all_followed() -> bool:
        return bool(await connection.fetchval(EXPIRY["followed"], BOUNDARY) == len(TENANTS))

    await until(all_followed, "the sums of what lapses follow", seconds=_PATIENCE)


async def start_workers(stage: Stage, name: str, options: argparse.Namespace, **variables: str) -> list[Worker]:
    """Start workers of expiry that sweep when they are told to."""
    own = "POINTSTREAM_EXPIRY__SWEEP__"
    wanted = {own + "AUTOMATIC": "false", own + "LANES": str(options.lanes)} | variables
    return [await start(stage, "expiry", f"{name}-{number}", wanted) for number in range(options.workers)]


async def _boundary(
    stage: Stage, connection: asyncpg.Connection, options: argparse.Namespace, tell: Callable[[str], None]
) -> tuple[Swept, Latencies | None, Latencies | None]:
    """Sweep, and redeem meanwhile and afterwards if that is asked for."""
    workers = await start_workers(stage, "expiry", options)
    if not options.redemptions:
        tell("sweeping")
        return await sweep(stage, connection, workers), None, None
    client, asks = await open_till(stage, connection)
    over, timed = asyncio.Event(), Timed(client, options.redemptions)
    asking = asyncio.create_task(timed.run(asks, over))
    tell("sweeping")
    swept = await sweep(stage, connection, workers)
    over.set()
    await asking
    tell(f"{swept.lots:,} lots in {swept.seconds:.1f} s")
    began = time.monotonic()
    await followed(connection)
    tell(f"the sums followed {time.monotonic() - began:.1f} s later; redeeming without a sweep")
    quiet = Timed(client, options.redemptions)
    await quiet.run(next(asks) for _ in range(int(options.redemptions * options.seconds)))
    client.close()
    return swept, timed.told(), quiet.told()


def main(arguments: list[str]) -> int:
    """Measure, print the table and the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.expiry", description=__doc__)
    parser.add_argument("--members", type=int, default=50_000)
    parser.add_argument("--lots", type=int, default=10, help="lots of each member that lapse")
    parser.add_argument("--workers", type=int, default=2, help="expiry processes; one for each processor")
    parser.add_argument("--lanes", type=int, default=1, help="chunks that a worker sweeps at once")
    parser.add_argument("--redemptions", type=float, default=100, help="redemptions a second meanwhile; 0 for none")
    parser.add_argument("--seconds", type=float, default=10, help="of redemptions without a sweep")
    parser.add_argument("--skip-reminders", action="store_true", help="without what comes before the boundary")
    parser.add_argument("--skip-reference", action="store_true", help="without plain SQL on a copy of the database")
    parser.add_argument("--json-out", type=Path, help="write the JSON object there too")
    options = parser.parse_args(arguments)
    return conduct(lambda: run(options), table, options.json_out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
