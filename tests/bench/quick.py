"""`python -m tests.bench.quick`: the quick benchmark, about a minute; the last line on stdout is one JSON object.

How it measures is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import uvloop

from tests.bench import environment
from tests.bench.correctness import verify
from tests.bench.drain import PURCHASES, Sent, drain
from tests.bench.latency import latency
from tests.bench.mixes import MIXES, Mix
from tests.bench.references import Pgbench
from tests.bench.report import Findings, figures, table
from tests.bench.stage import Stage, open_stage
from tests.bench.usage import tree_seconds
from tests.support.database import Database
from tests.support.stack import Worker

PARTS = ("latency", "references", "campaigns", "verify")
_REFERENCE = "reference"
_MOST_SECONDS = 900.0
_SHORT_WARM_UP = 1_000
_DISTURBED = 0.2


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quick", description=__doc__)
    parser.add_argument("--receipts", type=int, default=150_000, help="records to drain, of each mix")
    parser.add_argument("--mix", choices=(*MIXES, "both"), default="plain", help="purchases alone, or their whole life")
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2, help="earning processes; one for each processor")
    parser.add_argument("--warm-up", type=int, default=5_000, help="receipts before a backlog, not measured")
    parser.add_argument("--rate", type=float, default=2_000, help="receipts a second while latency is measured")
    parser.add_argument("--latency-seconds", type=float, default=10)
    parser.add_argument("--pgbench-seconds", type=int, default=4, help="of each of two runs, before and after")
    parser.add_argument("--skip", action="append", default=[], choices=PARTS, help="may be given several times")
    parser.add_argument("--json-out", type=Path, help="write the JSON object there too")
    parser.add_argument("--profile", nargs="?", const="calls", choices=("calls", "samples"), help="profile the worker")
    parser.add_argument("--keep", type=Path, help="copy logs and profiles into this folder")
    return parser.parse_args(arguments)


class Quick:
    """One run of the quick benchmark."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._skip = set(options.skip)
        self._began = time.monotonic()
        self._sent = Sent(members=options.members, until=(datetime.now(UTC) - timedelta(minutes=5)).isoformat())
        self._found = Findings()

    async def run(self) -> dict[str, Any]:
        """Run every part that was not skipped, and return the figures.

        Raises:
            TimeoutError: it takes far too long.
        """
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with asyncio.timeout(_MOST_SECONDS):
            await self._measure()
        described = await asyncio.to_thread(environment.describe)
        return figures(self._found) | {"seconds": round(time.monotonic() - self._began, 1)} | described

    async def _measure(self) -> None:
        self._tell("starting PostgreSQL and Kafka")
        async with open_stage(self._tell, self._options.profile) as stage:
            self._tell(f"enrolling {self._options.members:,} members")
            await stage.prepare(self._options.members)
            pgbench = Pgbench(stage.postgres)
            if "references" not in self._skip:
                await stage.copy_database(_REFERENCE)
                await pgbench.prepare()
                await self._pgbench(pgbench)
            self._tell("starting the worker")
            workers = await stage.start_workers(self._options.workers)
            await self._platform(stage, workers)
            await stage.stop_workers(workers)
            if "references" not in self._skip:
                await self._references(stage)
                await self._pgbench(pgbench)
            if "verify" not in self._skip:
                self._tell("verifying")
                self._found.verified = await verify(stage, self._sent)
            self._keep(stage)

    async def _platform(self, stage: Stage, workers: list[Worker]) -> None:
        options, found = self._options, self._found
        await self._mixes(stage, workers)
        if "latency" not in self._skip:
            found.latency = await latency(stage, self._sent, options.rate, options.latency_seconds)
            self._tell(f"latency: p50 {found.latency.p50_ms:.0f} ms, p99 {found.latency.p99_ms:.0f} ms")
        if "campaigns" not in self._skip:
            await self._campaigns(stage, workers)

    async def _mixes(self, stage: Stage, workers: list[Worker]) -> None:
        """Both mixes in turns, so that neither a drift nor the tables' growth shows in their ratio."""
        options, found = self._options, self._found
        turns: tuple[Mix, ...] = ("plain", "life", "life", "plain") if options.mix == "both" else (options.mix,)
        warm_up = options.warm_up
        for mix in turns:
            receipts = options.receipts // turns.count(mix)
            drained = await drain(stage, self._sent, workers, receipts, warm_up, mix)
            warm_up = min(warm_up, _SHORT_WARM_UP)
            (found.plain if mix == "plain" else found.life).append(drained)
            self._tell(f"{mix}: {drained.per_second:,.0f} records a second")
            if drained.others > _DISTURBED:
                self._tell(f"OTHERS keep {drained.others:.1f} processors busy: no rate or latency of this run counts")

    async def _campaigns(self, stage: Stage, workers: list[Worker]) -> None:
        """Backlogs of one size, since every one begins with the full pages after a checkpoint; a drift cancels out."""
        receipts = max(self._options.receipts // 10, 2_000)
        for campaigns in (20, 1_000, 20):
            if campaigns != stage.campaigns:
                await stage.use_programmes(campaigns, workers)
            drained = await drain(stage, self._sent, workers, receipts, _SHORT_WARM_UP)
            (self._found.few if campaigns == 20 else self._found.many).append(drained)
            self._tell(f"with {campaigns:,} campaigns: {drained.cpu_microseconds:,.0f} µs of processor a receipt")

    async def _pgbench(self, pgbench: Pgbench) -> None:
        tps = await pgbench.measure(self._options.pgbench_seconds)
        self._tell(f"pgbench: {tps:,.0f} transactions a second")
        self._found.pgbench.append(tps)

    async def _references(self, stage: Stage) -> None:
        count = self._options.receipts
        question: dict[str, Any] = {"what": "consume", "bootstrap": stage.kafka.bootstrap, "topic": PURCHASES}
        answer = await stage.references.ask(question | {"count": count})
        self._found.consume = answer["count"] / answer["seconds"]
        self._tell(f"getmany alone: {self._found.consume:,.0f} a second")
        dsn = Database(stage.postgres, _REFERENCE).dsn("earning")
        before = tree_seconds(stage.servers[0])
        answer = await stage.references.ask(
            {"what": "credits", "dsn": dsn, "count": count, "members": self._options.members}
        )
        self._found.credits = answer["count"] / answer["seconds"]
        self._found.credits_cpu = (tree_seconds(stage.servers[0]) - before) * 1e6 / answer["count"]
        self._tell(f"credits straight in SQL: {self._found.credits:,.0f} a second")

    def _keep(self, stage: Stage) -> None:
        profiles = [*stage.folder.glob("profile-0.txt"), *stage.folder.glob("profile-statements-*.txt")]
        if self._options.keep:
            self._options.keep.mkdir(parents=True, exist_ok=True)
            for path in [*stage.folder.glob("earning-*.log"), *stage.folder.glob("profile-*")]:
                shutil.copy(path, self._options.keep)
        for path in profiles:
            print(path.read_text(), file=sys.stderr)

    def _tell(self, what: str) -> None:
        print(f"[{time.monotonic() - self._began:5.1f} s] {what}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Measure, print the table and the JSON object; 1 when the books are wrong, 130 when interrupted."""
    options = parse(arguments)
    try:
        found = uvloop.run(Quick(options).run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted; everything is stopped", file=sys.stderr)
        return 130
    print(table(found))
    line = orjson.dumps(found).decode()
    if options.json_out:
        options.json_out.write_text(line + "\n", encoding="utf-8")
    print(line)
    return 1 if found["violations"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
