"""`python -m tests.bench.forecast`: how long a forecast of all that lapses takes; the last line is one JSON object.

It needs no broker. The lots are read from tables that no forecast has read before.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from libs.promotions.evaluation import Evaluation, Paid
from libs.promotions.pages import PAGE_RECEIPTS, StoredDecision, write_page
from libs.runtime import sql
from libs.sweeps.forecast import forecast, months
from libs.sweeps.outlook import Outlook
from tests.bench import environment
from tests.bench.parts import conduct
from tests.bench.stage import QUERIES, Stage, open_stage

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
ZONE = "Europe/Rome"
_SCOPE = (1, 1)
_FORECAST = sql.load("libs.sweeps", "forecast.sql")
_EVALUATION = Evaluation(1, paid=(Paid("base", "points", 1, 100, 100), Paid("weekend", "points", 1, 50, 50)))


def pages(members: int, lots: int) -> Iterator[tuple[int, int, datetime, bytes]]:
    """The pages that explain every lot, as the queries number them."""
    causes = [f"{member}/{lot}" for member in range(1, members + 1) for lot in range(1, lots + 1)]
    for first in range(0, len(causes), PAGE_RECEIPTS):
        facts = msgspec.Raw(b'{"store":"%d","lines":[]}' % (first % 100))
        decisions = [
            StoredDecision(_named(cause), "/acme/pos", cause, NOW, NOW, NOW, "credited", facts, evaluation=_EVALUATION)
            for cause in causes[first : first + PAGE_RECEIPTS]
        ]
        yield 1, first // PAGE_RECEIPTS, NOW, write_page(decisions)


def _named(cause: str) -> UUID:
    return UUID(bytes=hashlib.md5(cause.encode(), usedforsecurity=False).digest())


async def prepare(stage: Stage, members: int, lots: int) -> None:
    """Make members with lots, and the decisions that earned them."""
    await stage.prepare(2, topics=False)
    async with stage.connection() as connection:
        await connection.execute(QUERIES["foreseen_members"], members, lots, NOW, timeout=600)
        await connection.execute(QUERIES["foreseen_lots"], members, lots, NOW, timeout=1_200)
        await connection.execute(QUERIES["foreseen_debts"], members, NOW)
        await connection.execute(QUERIES["foreseen_inbox"], members, lots, NOW, timeout=1_200)
        columns = ("tenant_id", "page", "recorded_at", "body")
        await connection.copy_records_to_table(
            "decision_page", schema_name="earning", records=pages(members, lots), columns=columns, timeout=1_200
        )
        await connection.execute(QUERIES["foreseen_vacuum"], timeout=600)


async def measure(connection: asyncpg.Connection) -> tuple[float, float, Outlook]:
    """Return the seconds of the one pass over all lots, those of a whole forecast, and the forecast."""
    starts = [start for start, _ in months(ZONE, NOW.year)]
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        began = time.monotonic()
        await connection.fetch(_FORECAST["plain"], *_SCOPE, NOW, starts, timeout=600)
        plain = time.monotonic() - began
        began = time.monotonic()
        outlook = await forecast(connection, _SCOPE, NOW, ZONE)
        return plain, time.monotonic() - began, outlook


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the measurement and return its figures."""
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {what}", file=sys.stderr, flush=True)

    tell("starting PostgreSQL")
    async with open_stage(tell, broker=False) as stage:
        tell(f"making {options.members:,} members with {options.lots} lots each")
        await prepare(stage, options.members, options.lots)
        tell("looking ahead")
        connection = await asyncpg.connect(stage.database.dsn("expiry"))
        plain, whole, outlook = await measure(connection)
        await connection.close()
    lots = sum(each.lots for each in outlook.slices)
    tell(f"{lots:,} lots: {plain:.2f} s by date, tier and month, {whole:.2f} s with campaigns, partners and stores")
    described = await asyncio.to_thread(environment.describe)
    return {
        "forecast_lots": lots,
        "forecast_slices": len(outlook.slices),
        "forecast_plain_seconds": round(plain, 2),
        "forecast_seconds": round(whole, 2),
        "violations": [],
    } | described


def table(found: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{name:34} {found[name]}" for name in found if name.startswith("forecast_"))


def main(arguments: list[str]) -> int:
    """Measure, print the table and the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.forecast", description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--lots", type=int, default=10, help="of each member")
    parser.add_argument("--json-out", type=Path, help="write the JSON object there too")
    options = parser.parse_args(arguments)
    return conduct(lambda: run(options), table, options.json_out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
