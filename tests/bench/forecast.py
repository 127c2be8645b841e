"""`python -m tests.bench.forecast`: how long a forecast of all that lapses takes; the last line is one JSON object.

It needs no broker. The lots are read from tables that no forecast has read before.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from libs.promotions.evaluation import Evaluation, Paid
from libs.promotions.pages import PAGE_RECEIPTS, StoredDecision, write_page
from libs.runtime import sql
from libs.sweeps.forecast import forecast, months
from libs.sweeps.kept import keep_outlook, load_outlook
from libs.sweeps.outlook import Outlook
from services.expiry.origin_keeper import keep_origins
from tests.bench import environment
from tests.bench.parts import conduct
from tests.bench.stage import QUERIES, Stage, open_stage

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
ZONE = "Europe/Rome"
_SCOPE = (1, 1)
_Found = TypeVar("_Found")
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


@dataclass(frozen=True, slots=True)
class Looked:
    """Seconds: of a plain sum by date, of the pass by date, tier and month, and of whole forecasts.

    `from_decisions` reads every decision, `keeping` is what it takes to add up what everybody has, and `from_kept` is a
    forecast that reads all lots and finds it beside them where they came from. `from_sums` is one that begins with the
    sums, and `answer` is what it takes to answer the latest one.
    """

    plain_sum: float
    by_tier: float
    from_decisions: float
    keeping: float
    from_kept: float
    from_sums: float
    answer: float
    outlook: Outlook


async def measure(connection: asyncpg.Connection) -> Looked:
    """Measure one after the other, in a forecaster's rights; both whole forecasts say the same."""
    starts = [start for start, _ in months(ZONE, NOW.year)]
    plain_sum, _ = await timed(connection, connection.fetch(QUERIES["foreseen_sum"], timeout=600))

    async def by_tier() -> None:
        await connection.execute(_FORECAST["room"])
        await connection.fetch(_FORECAST["plain"], *_SCOPE, NOW, starts, timeout=600)

    pass_of_all, _ = await timed(connection, by_tier())
    from_decisions, first = await timed(connection, forecast(connection, _SCOPE, NOW, ZONE, behind=-1))
    began = time.monotonic()
    await keep_origins(connection, _SCOPE, NOW, ZONE, asyncio.Event())
    keeping = time.monotonic() - began
    from_kept, second = await timed(connection, forecast(connection, _SCOPE, NOW, ZONE, behind=-1))
    from_sums, third = await timed(connection, forecast(connection, _SCOPE, NOW, ZONE))
    assert first == second == third
    await keep_outlook(connection, _SCOPE, third, for_good=False)
    answer, latest = await timed(connection, load_outlook(connection, _SCOPE))
    assert latest == third
    return Looked(plain_sum, pass_of_all, from_decisions, keeping, from_kept, from_sums, answer, third)


async def timed(connection: asyncpg.Connection, looking: Awaitable[_Found]) -> tuple[float, _Found]:
    """Return the seconds of a look in one snapshot, and what it found."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        began = time.monotonic()
        found = await looking
        return time.monotonic() - began, found


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
        looked = await measure(connection)
        await connection.close()
    described = await asyncio.to_thread(environment.describe)
    return figures(looked) | {"violations": []} | described


def figures(looked: Looked) -> dict[str, Any]:
    """Return the figures under their names."""
    lots = sum(each.lots for each in looked.outlook.slices)
    return {
        "forecast_lots": lots,
        "forecast_slices": len(looked.outlook.slices),
        "forecast_plain_sum_seconds": round(looked.plain_sum, 2),
        "forecast_by_tier_seconds": round(looked.by_tier, 2),
        "forecast_by_tier_seconds_of_ten_million": round(1e7 * looked.by_tier / lots, 1),
        "forecast_by_tier_ratio_to_plain_sum": round(looked.by_tier / looked.plain_sum, 1),
        "forecast_from_decisions_seconds": round(looked.from_decisions, 2),
        "forecast_keeping_seconds": round(looked.keeping, 2),
        "forecast_from_kept_seconds": round(looked.from_kept, 2),
        "forecast_from_kept_ratio_to_plain_sum": round(looked.from_kept / looked.plain_sum, 1),
        "forecast_from_sums_seconds": round(looked.from_sums, 3),
        "forecast_from_sums_ratio_to_plain_sum": round(looked.from_sums / looked.plain_sum, 2),
        "forecast_answer_ms": round(1e3 * looked.answer, 1),
    }


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
