"""`python -m tests.bench.full`: the full benchmark, about half an hour; the last line on stdout is one JSON object.

A backlog of a million receipts over a million members with memory over time, latency on what that left, both mixes in
turns, the peers in turns with the platform, references, and whether the books are right; then quotes, redemptions, the
end of a period, forecasts and messages, each on a stage of its own. After every part the figures so far are written
down; `--resume` takes those of an earlier run and leaves out the parts that made them. How it measures is told in
docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from tests.bench import environment, redeem
from tests.bench.contest import PEERS_PYTHON, contest
from tests.bench.drain import Drained, Watch, pile_up, produce, thaw, together
from tests.bench.mixes import MIXES, TURNS, Mix
from tests.bench.others import OTHERS, measure
from tests.bench.parts import Parts, add_options, conduct
from tests.bench.report import figures, table
from tests.bench.series import Sample, chart, columns, rates, sampled
from tests.bench.stage import Stage, open_stage
from tests.support.stack import ROOT, Worker

STAGED = ("backlog", "latency", "mix", "peers", "campaigns", "references", "verify")
PARTS = (*STAGED, *OTHERS)
_STEP = 100_000


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.full", description=__doc__)
    add_options(parser, receipts=1_000_000, members=1_000_000, parts=PARTS)
    parser.add_argument("--mix-receipts", type=int, default=200_000, help="records of each mix, in eight turns")
    parser.add_argument("--mix", choices=MIXES, default="plain", help="what the peers are measured on")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each peer")
    parser.add_argument("--round-receipts", type=int, default=40_000, help="records of a turn")
    parser.add_argument("--most-minutes", type=float, default=40, help="end then with what there is")
    parser.add_argument("--json-out", type=Path, default=ROOT / "build/bench.json", help="written after every part")
    parser.add_argument("--resume", action="store_true", help="leave out the parts whose figures are in that file")
    return parser.parse_args(arguments)


class Full(Parts):
    """One run of the full benchmark."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self._size = {name: getattr(options, name) for name in ("receipts", "members", "workers")}
        self._figures: dict[str, Any] = {"parts": [], "failed": None, **self._size}
        if options.resume and options.json_out.exists():
            self._take_up(orjson.loads(options.json_out.read_bytes()))

    def _take_up(self, known: dict[str, Any]) -> None:
        if any(known.get(name) != value for name, value in self._size.items()):
            raise SystemExit(f"{self.options.json_out} is of another size: {self._size} was asked for")
        self._figures = known | {"failed": None}
        self.skip |= set(known["parts"]) - {"verify"}
        self.tell(f"already there: {', '.join(known['parts'])}")

    async def run(self) -> dict[str, Any]:
        """Run every part that was not skipped, and return the figures; `failed` says what ended it early."""
        described = await asyncio.to_thread(environment.describe)
        try:
            async with asyncio.timeout(self.options.most_minutes * 60):
                await self._measure()
        except (TimeoutError, RuntimeError, AssertionError) as error:
            self._figures["failed"] = str(error) or f"not done in {self.options.most_minutes} minutes"
            self.tell(f"FAILED: {self._figures['failed']}")
        violations = [*(self.found.verified or []), *(self._figures.get("peers") or {}).get("wrong", [])]
        violations += (self._figures.get("redemptions") or {}).get("violations", [])
        seconds = round(time.monotonic() - self.began, 1)
        return self._figures | {"violations": violations, "seconds": seconds} | described

    async def _measure(self) -> None:
        if not self.skip.issuperset(STAGED):
            await self._staged()
        for name in OTHERS:
            await self._part(name, partial(self._other, name))

    async def _other(self, name: str) -> None:
        self.tell(f"measuring {name} on a stage of its own")
        self._figures[name] = await measure(name)

    async def _staged(self) -> None:
        """The parts that share one stage."""
        options = self.options
        if "peers" not in self.skip and not PEERS_PYTHON.exists():
            raise RuntimeError(f"{PEERS_PYTHON} is missing: .ci/peers makes it")
        self.tell("starting PostgreSQL and Kafka")
        async with open_stage(self.tell, options.profile) as stage:
            pgbench = await self.prepare(stage)
            self.tell("starting the workers")
            workers = await stage.start_workers(options.workers)
            await self._part("backlog", lambda: self._backlog(stage, workers))
            await self._part("latency", lambda: self.latency(stage))
            await self._part("mix", lambda: self.mixes(stage, workers, options.mix_receipts, TURNS))
            await self._part("peers", lambda: self._peers(stage, workers))
            await self._part("campaigns", lambda: self.campaigns(stage, workers, min(30_000, options.receipts // 10)))
            await stage.stop_workers(workers)
            await self._part("references", lambda: self.references(stage, pgbench, min(200_000, options.receipts)))
            await self._part("verify", lambda: self.verify(stage))
            await self._part("redemptions", lambda: self._redemptions(stage))
            self.keep(stage)

    async def _part(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a part unless it is skipped, and write down the figures so far."""
        if name in self.skip:
            return
        await run()
        self._figures["parts"].append(name)
        new = {key: value for key, value in figures(self.found).items() if value not in (None, [])}
        self._figures |= {key: value for key, value in new.items() if key != "receipts"}
        self.options.json_out.parent.mkdir(parents=True, exist_ok=True)
        self.options.json_out.write_bytes(orjson.dumps(self._figures) + b"\n")

    async def _backlog(self, stage: Stage, workers: list[Worker]) -> None:
        """Drain one large backlog, and look at memory meanwhile."""
        async with Watch.over(stage, self.sent) as watch:
            await produce(stage, self.sent, self.options.warm_up)
            await watch.finished()
            await pile_up(stage, self.sent, workers, self.options.receipts, "plain")
            async with sampled(stage, workers) as samples:
                drained = await thaw(stage, watch, workers)
        step = min(_STEP, self.options.receipts // 5)
        self._figures["backlog"] = _told(drained) | {
            "step": step,
            "per_second_by_step": rates(samples, step),
            "worker_growth_mb": _growth(samples),
            "series": columns(samples),
        }
        self.tell(f"backlog: {drained.per_second:,.0f} records a second")

    async def _redemptions(self, stage: Stage) -> None:
        """Spend points of members who have just earned, once the books were looked at: the till gives some more."""
        options = redeem.parse(["--codes", "10000000"])
        self._figures["redemptions"] = await redeem.measure(stage, options)

    async def _peers(self, stage: Stage, workers: list[Worker]) -> None:
        options = self.options
        mix: Mix = options.mix
        result = await contest(stage, self.sent, workers, options.rounds, options.round_receipts, mix)
        self._figures["peers"] = {
            "mix": mix,
            "processes": len(workers),
            "wrong": result.wrong,
            **{
                name: _told(together(turns)) | {"per_second_by_turn": [round(turn.per_second) for turn in turns]}
                for name, turns in result.drained.items()
            },
        }


def _told(drained: Drained) -> dict[str, Any]:
    """What a drained backlog says."""
    return {
        "records": drained.receipts,
        "per_second": round(drained.per_second),
        "cpu_seconds_per_million": round(drained.per_million(drained.cpu.total), 1),
        "cpu_seconds_per_million_worker": round(drained.per_million(drained.cpu.worker), 1),
        "cpu_seconds_per_million_postgres": round(drained.per_million(drained.cpu.postgres), 1),
        "cpu_seconds_per_million_broker": round(drained.per_million(drained.cpu.broker), 1),
        "cores_busy_with_others": round(drained.others, 2),
        "worker_rss_mb": round(drained.rss_mb),
    }


def _growth(samples: list[Sample]) -> float:
    """MB that the largest worker gained between the first and the last quarter of the time."""
    quarter = max(len(samples) // 4, 1)

    def mean(some: list[Sample]) -> float:
        return sum(sample.worker_mb for sample in some) / len(some)

    return round(mean(samples[-quarter:]) - mean(samples[:quarter]), 1)


def show(found: dict[str, Any]) -> str:
    """Lay everything out for people: plain figures, the backlog over time, the peers beside each other."""
    plain = {name: value for name, value in found.items() if not isinstance(value, dict) or name == "environment"}
    parts = [table(plain)]
    if backlog := found.get("backlog"):
        rest = {name: value for name, value in backlog.items() if name != "series"}
        parts += ["", "backlog", table(rest | {"environment": {}}), "", chart(backlog["series"])]
    for name in OTHERS:
        if told := found.get(name):
            parts += ["", name, table(told | {"environment": {}})]
    if redemptions := found.get("redemptions"):
        parts += ["", "redemptions", redeem.table(redemptions)]
    if peers := found.get("peers"):
        names = [name for name, value in peers.items() if isinstance(value, dict)]
        parts += ["", f"{'beside each other':<34}" + "".join(f"{name:>16}" for name in names)]
        for row in peers[names[0]]:
            if not isinstance(peers[names[0]][row], list):
                parts.append(f"{row:<34}" + "".join(f"{peers[name][row]:>16,}" for name in names))
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Measure, print tables and the JSON object."""
    options = parse(arguments)
    return conduct(Full(options).run, show, options.json_out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
