"""The parts of which the benchmarks are made, and the command line that they share."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import uvloop

from tests.bench.correctness import verify
from tests.bench.drain import PURCHASES, Sent, drain
from tests.bench.latency import latency
from tests.bench.mixes import Mix
from tests.bench.programmes import BASE, RULES
from tests.bench.references import Pgbench
from tests.bench.report import Findings
from tests.bench.stage import Stage
from tests.bench.usage import tree_seconds
from tests.support.database import Database
from tests.support.stack import Worker

REFERENCE = "reference"
SHORT_WARM_UP = 1_000
_DISTURBED = 0.2


def add_options(parser: argparse.ArgumentParser, *, receipts: int, members: int, parts: Sequence[str]) -> None:
    """Add what every benchmark takes."""
    parser.add_argument("--receipts", type=int, default=receipts, help="backlog to drain")
    parser.add_argument("--members", type=int, default=members)
    parser.add_argument("--workers", type=int, default=2, help="earning processes; one for each processor")
    parser.add_argument("--warm-up", type=int, default=5_000, help="records before a backlog, not measured")
    parser.add_argument("--rate", type=float, default=2_000, help="receipts a second while latency is measured")
    parser.add_argument("--latency-seconds", type=float, default=10)
    parser.add_argument("--pgbench-seconds", type=int, default=4, help="of each of two runs, before and after")
    parser.add_argument("--skip", action="append", default=[], choices=parts, help="may be given several times")
    parser.add_argument("--profile", nargs="?", const="calls", choices=("calls", "samples"), help="profile the worker")
    parser.add_argument("--keep", type=Path, help="copy logs and profiles into this folder")


class Parts:
    """One run of a benchmark; its parts find something and say so."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.skip = set(options.skip)
        self.began = time.monotonic()
        self.found = Findings()
        # The last receipts of a backlog were made a while ago, and what comes back later still before now.
        until = datetime.now(UTC) - timedelta(minutes=5)
        self.sent = Sent(members=options.members, until=until.isoformat())

    def tell(self, what: str) -> None:
        """Show how far it is."""
        print(f"[{time.monotonic() - self.began:5.1f} s] {what}", file=sys.stderr, flush=True)

    async def prepare(self, stage: Stage) -> Pgbench:
        """Enrol the members, and measure pgbench before anything else."""
        self.tell(f"enrolling {self.options.members:,} members")
        await stage.prepare(self.options.members)
        pgbench = Pgbench(stage.postgres)
        if "references" not in self.skip:
            await stage.copy_database(REFERENCE)
            await pgbench.prepare()
            await self.pgbench(pgbench)
        return pgbench

    async def mixes(self, stage: Stage, workers: list[Worker], receipts: int, turns: Sequence[Mix]) -> None:
        """Drain mixes in turns, `receipts` of each, so that neither a drift nor growing tables show in their ratio."""
        for turn, mix in enumerate(turns):
            # What a mix needs is used for the first time in its first turn.
            warm_up = min(self.options.warm_up, SHORT_WARM_UP) if mix in turns[:turn] else self.options.warm_up
            drained = await drain(stage, self.sent, workers, receipts // turns.count(mix), warm_up, mix)
            (self.found.plain if mix == "plain" else self.found.life).append(drained)
            self.tell(f"{mix}: {drained.per_second:,.0f} records a second")
            if drained.others > _DISTURBED:
                self.tell(f"OTHERS keep {drained.others:.1f} processors busy: no rate or latency of this run counts")

    async def latency(self, stage: Stage) -> None:
        """Measure latency at a fixed rate."""
        measured = await latency(stage, self.sent, self.options.rate, self.options.latency_seconds)
        self.found.latency = measured
        self.tell(f"latency: p50 {measured.p50_ms:.0f} ms, p99 {measured.p99_ms:.0f} ms")

    async def campaigns(
        self, stage: Stage, workers: list[Worker], receipts: int, others: Sequence[str] = RULES[1:]
    ) -> None:
        """Backlogs of one size, since every one begins with the full pages after a checkpoint.

        The base is drained before and after each of the others, so that a drift cancels out.
        """
        turns = [BASE, *(rules for other in others for rules in (other, BASE))]
        for rules in turns:
            if rules != stage.rules:
                await stage.use_rules(rules, workers)
            drained = await drain(stage, self.sent, workers, max(receipts, 2_000), SHORT_WARM_UP)
            self.found.rules.append((rules, drained))
            self.tell(f"under {rules}: {drained.cpu_microseconds:,.0f} µs of processor a receipt")

    async def pgbench(self, pgbench: Pgbench) -> None:
        """Measure pgbench once."""
        tps = await pgbench.measure(self.options.pgbench_seconds)
        self.tell(f"pgbench: {tps:,.0f} transactions a second")
        self.found.pgbench.append(tps)

    async def references(self, stage: Stage, pgbench: Pgbench, count: int) -> None:
        """What the machine can do without the platform; the workers are stopped."""
        question: dict[str, Any] = {"what": "consume", "bootstrap": stage.kafka.bootstrap, "topic": PURCHASES}
        answer = await stage.references.ask(question | {"count": count})
        self.found.consume = answer["count"] / answer["seconds"]
        self.tell(f"getmany alone: {self.found.consume:,.0f} a second")
        dsn = Database(stage.postgres, REFERENCE).dsn("earning")
        before = tree_seconds(stage.servers[0])
        answer = await stage.references.ask(
            {"what": "credits", "dsn": dsn, "count": count, "members": self.options.members}
        )
        self.found.credits = answer["count"] / answer["seconds"]
        self.found.credits_cpu = (tree_seconds(stage.servers[0]) - before) * 1e6 / answer["count"]
        self.tell(f"credits straight in SQL: {self.found.credits:,.0f} a second")
        await self.pgbench(pgbench)

    async def verify(self, stage: Stage) -> None:
        """Look whether the books are right."""
        self.tell("verifying")
        self.found.verified = await verify(stage, self.sent)

    def keep(self, stage: Stage) -> None:
        """Copy logs where they were asked for, and show profiles."""
        if self.options.keep:
            self.options.keep.mkdir(parents=True, exist_ok=True)
            for path in [*stage.folder.glob("*.log"), *stage.folder.glob("profile-*")]:
                shutil.copy(path, self.options.keep)
        for path in [*stage.folder.glob("profile-0.txt"), *stage.folder.glob("profile-statements-*.txt")]:
            print(path.read_text(), file=sys.stderr)


def conduct(run: Callable[[], Any], show: Callable[[dict[str, Any]], str], json_out: Path | None = None) -> int:
    """Run a benchmark, print what `show` makes of its figures and then the figures as a line of JSON.

    Returns 1 when the books are wrong or a part failed, 130 when it was interrupted.
    """

    async def ended_by_signals() -> dict[str, Any]:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        found: dict[str, Any] = await run()
        return found

    try:
        found = uvloop.run(ended_by_signals())
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted; everything is stopped", file=sys.stderr)
        return 130
    print(show(found))
    line = orjson.dumps(found).decode()
    if json_out:
        json_out.parent.mkdir(parents=True, exist_ok=True)
        json_out.write_text(line + "\n", encoding="utf-8")
    print(line)
    return 1 if found["violations"] or found.get("failed") else 0
