"""`python -m tests.bench.quick`: the quick benchmark, about a minute; the last line on stdout is one JSON object.

How it measures is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import uvloop

from tests.bench import environment
from tests.bench.drain import Drained, Sent, drain
from tests.bench.report import figures, table
from tests.bench.stage import QUERIES, Stage, open_stage

PARTS = ("latency", "references", "campaigns")


@dataclass(slots=True)
class Findings:
    """What the parts of the benchmark found; None for a part that was skipped."""

    drained: Drained | None = None
    campaigns: Drained | None = None
    pgbench_tps: list[float] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quick", description=__doc__)
    parser.add_argument("--receipts", type=int, default=150_000, help="backlog to drain")
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=1, help="earning processes")
    parser.add_argument("--warm-up", type=int, default=5_000, help="receipts before the backlog, not measured")
    parser.add_argument("--skip", action="append", default=[], choices=PARTS, help="may be given several times")
    parser.add_argument("--json-out", type=Path, help="write the JSON object there too")
    parser.add_argument("--profile", nargs="?", const="calls", choices=("calls", "samples"), help="profile the worker")
    parser.add_argument("--keep", type=Path, help="copy logs and profiles there")
    return parser.parse_args(arguments)


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run every part that was not skipped."""
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {what}", file=sys.stderr, flush=True)

    findings = Findings()
    sent = Sent(options.members, (datetime.now(UTC) - timedelta(minutes=5)).isoformat())
    tell("starting PostgreSQL and Kafka")
    async with open_stage(tell, options.profile) as stage:
        tell(f"enrolling {options.members:,} members")
        await stage.prepare(options.members)
        await _run_parts(options, stage, sent, findings)
        findings.more |= await _totals(stage, sent)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            for path in [*stage.folder.glob("*.log"), *stage.folder.glob("profile-*")]:
                shutil.copy(path, options.keep)
        if options.profile:
            for path in sorted(stage.folder.glob("profile-*.txt"))[:1]:
                print(path.read_text(), file=sys.stderr)
    return {**figures(findings), **environment.describe(), "seconds": round(time.monotonic() - began, 1)}


async def _run_parts(options: argparse.Namespace, stage: Stage, sent: Sent, findings: Findings) -> None:
    workers = await stage.start_workers(options.workers)
    findings.drained = await drain(stage, sent, workers, options.receipts, options.warm_up)
    stage.tell(f"drained: {findings.drained.per_second:,.0f} receipts a second")
    await stage.stop_workers(workers)
    if "campaigns" not in options.skip:
        await stage.use_programmes(1_000)
        workers = await stage.start_workers(options.workers)
        count = max(options.receipts // 4, 1_000)
        findings.campaigns = await drain(stage, sent, workers, count, options.warm_up)
        stage.tell(f"with 1,000 campaigns: {findings.campaigns.per_second:,.0f} receipts a second")
        await stage.stop_workers(workers)


async def _totals(stage: Stage, sent: Sent) -> dict[str, Any]:
    """Compare what the database holds with what was sent."""
    async with stage.connection() as connection:
        found = dict(await connection.fetchrow(QUERIES["totals"]))
    expected = {
        "inbox": sent.receipts, "lots": sent.receipts, "heads": sent.receipts, "points": sent.points,
        "dead_letters": 0, "events": 2 * sent.receipts, "counters": 1,
    }  # fmt: skip
    wrong = {name: (found[name], value) for name, value in expected.items() if found[name] != value}
    for name, (is_, should) in wrong.items():
        stage.tell(f"WRONG: {name} is {is_}, should be {should}")
    return {"verified": not wrong}


def main(arguments: list[str]) -> int:
    """Measure, print the table and the JSON object; 1 when the sums are wrong."""
    options = parse(arguments)
    found = uvloop.run(measure(options))
    print(table(found))
    line = orjson.dumps(found).decode()
    if options.json_out:
        options.json_out.write_text(line + "\n")
    print(line)
    return 0 if found["verified"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
