"""`python -m tests.bench.quick`: the quick benchmark, a minute and a half; the last line on stdout is one JSON object.

How it measures is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench import environment
from tests.bench.mixes import MIXES, TURNS, Mix
from tests.bench.parts import Parts, add_options, conduct
from tests.bench.report import figures, table
from tests.bench.stage import open_stage

PARTS = ("latency", "references", "campaigns", "verify")
_MOST_SECONDS = 900.0


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quick", description=__doc__)
    add_options(parser, receipts=150_000, members=100_000, parts=PARTS)
    parser.add_argument("--mix", choices=(*MIXES, "both"), default="both", help="purchases alone, or their whole life")
    parser.add_argument("--json-out", type=Path, help="write the JSON object there too")
    return parser.parse_args(arguments)


class Quick(Parts):
    """One run of the quick benchmark."""

    async def run(self) -> dict[str, Any]:
        """Run every part that was not skipped, and return the figures.

        Raises:
            TimeoutError: it takes far too long.
        """
        async with asyncio.timeout(_MOST_SECONDS):
            await self._measure()
        described = await asyncio.to_thread(environment.describe)
        return figures(self.found) | {"seconds": round(time.monotonic() - self.began, 1)} | described

    async def _measure(self) -> None:
        options = self.options
        turns: tuple[Mix, ...] = TURNS if options.mix == "both" else (options.mix,)
        self.tell("starting PostgreSQL and Kafka")
        async with open_stage(self.tell, options.profile) as stage:
            pgbench = await self.prepare(stage)
            self.tell("starting the worker")
            workers = await stage.start_workers(options.workers)
            await self.mixes(stage, workers, options.receipts, turns)
            if "latency" not in self.skip:
                await self.latency(stage)
            if "campaigns" not in self.skip:
                await self.campaigns(stage, workers, options.receipts // 10, ("1000",))
            await stage.stop_workers(workers)
            if "references" not in self.skip:
                await self.references(stage, pgbench, options.receipts)
            if "verify" not in self.skip:
                await self.verify(stage)
            self.keep(stage)


def main(arguments: list[str]) -> int:
    """Measure, print the table and the JSON object."""
    options = parse(arguments)
    return conduct(Quick(options).run, table, options.json_out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
