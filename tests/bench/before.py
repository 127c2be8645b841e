"""Before a boundary: everybody is reminded, and what lapses is foreseen; each beside what SQL has to do at least."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from libs.promotions.document import canonical_json, parse_programme, programme_hash
from libs.promotions.programme import Programme
from libs.runtime import sql
from libs.sweeps.forecast import forecast
from tests.bench.population import TENANTS
from tests.bench.programmes import BASE, bench_rules
from tests.bench.stage import QUERIES, Stage
from tests.bench.usage import Cpu
from tests.support.stack import Worker, until

_QUERIES = sql.load("tests.bench", "expiry.sql")
_PATIENCE = 3_600.0
DAYS = 7
"""So many days before the boundary everybody is reminded."""
ZONE = "Europe/Rome"


def clock_before(boundary: datetime) -> str:
    """Return the clock under which the reminder is due, as the services take it."""
    return f"{boundary - timedelta(DAYS - 1):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Before:
    """Seconds until everybody was reminded, with acknowledgement, and those of a forecast; and what SQL alone takes."""

    members: int
    reminding: float
    reminding_cpu: Cpu
    plain_reminding: float
    lots: int
    foreseeing: float
    plain_foreseeing: float

    def figures(self) -> dict[str, Any]:
        """The figures under their names."""
        return {
            "reminded_members": self.members,
            "reminded_members_per_second": round(self.members / self.reminding),
            "remind_seconds_of_a_million": round(1e6 * self.reminding / self.members),
            "remind_cpu_us_a_member": round(1e6 * self.reminding_cpu.total / self.members, 1),
            "remind_cpu_us_a_member_workers": round(1e6 * self.reminding_cpu.worker / self.members, 1),
            "remind_cpu_us_a_member_postgres": round(1e6 * self.reminding_cpu.postgres / self.members, 1),
            "remind_cpu_us_a_member_broker": round(1e6 * self.reminding_cpu.broker / self.members, 1),
            "remind_ratio_to_plain_sql": round(self.reminding / self.plain_reminding, 1),
            "foreseen_lots": self.lots,
            "foresee_seconds_of_ten_million": round(1e7 * self.foreseeing / self.lots, 1),
            "foresee_ratio_to_plain_sql": round(self.foreseeing / self.plain_foreseeing, 1),
        }


async def measure(
    stage: Stage, connection: asyncpg.Connection, boundary: datetime, workers: Sequence[Worker]
) -> Before:
    """Foresee, and remind everybody: `workers` run under the clock of `clock_before`, and know of no reminders yet."""
    now = boundary - timedelta(DAYS - 1)
    began = time.monotonic()
    sums = await connection.fetch(_QUERIES["plain_foreseeing"], TENANTS[0].tenant_id, timeout=_PATIENCE)
    plain_foreseeing, began = time.monotonic() - began, time.monotonic()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        scope = (TENANTS[0].tenant_id, TENANTS[0].programme_id)
        outlook = await forecast(connection, scope, now, ZONE, origins=False)
    foreseeing = time.monotonic() - began
    lots = sum(each.lots for each in outlook.slices)
    assert lots == sum(row["count"] for row in sums)
    await connection.execute(_QUERIES["make_told"])
    began, members = time.monotonic(), 0
    for tenant in TENANTS:
        status = await connection.execute(_QUERIES["plain_reminding"], tenant.tenant_id, boundary, timeout=_PATIENCE)
        members += int(status.rpartition(" ")[2])
    plain_reminding = time.monotonic() - began
    seconds, cpu = await _remind(stage, connection, workers)
    assert await connection.fetchval(_QUERIES["reminded"]) == members
    return Before(members, seconds, cpu, plain_reminding, lots, foreseeing, plain_foreseeing)


async def _remind(stage: Stage, connection: asyncpg.Connection, workers: Sequence[Worker]) -> tuple[float, Cpu]:
    """Let the programmes have a reminder that is due, and wait until all of it is acknowledged."""

    async def told() -> bool:
        over = await connection.fetchval(_QUERIES["reminding_over"]) == len(TENANTS)
        return bool(over and await connection.fetchval(_QUERIES["untold"]) == 0)

    programmes = [reminding(tenant.slug) for tenant in TENANTS]
    before, began = stage.cpu(workers), time.monotonic()
    await connection.execute(
        QUERIES["replace_programmes"],
        [tenant.tenant_id for tenant in TENANTS],
        [tenant.programme_id for tenant in TENANTS],
        [canonical_json(programme).decode() for programme in programmes],
        [programme_hash(programme) for programme in programmes],
    )
    await until(told, "everybody is reminded", seconds=_PATIENCE)
    return time.monotonic() - began, stage.cpu(workers) - before


def reminding(tenant: str) -> Programme:
    """The programme of a tenant, with a reminder a week before each boundary."""
    base = bench_rules(BASE, tenant).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    (wallet,) = base["wallets"]
    return parse_programme(base | {"version": 1, "wallets": [wallet | {"reminders": [{"days": DAYS}]}]})


async def stop(workers: Sequence[Worker]) -> None:
    """Ask workers to end, and wait for it."""
    await asyncio.gather(*(asyncio.to_thread(worker.stop, 60) for worker in workers))
