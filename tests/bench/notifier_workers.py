"""`python -m tests.bench.notifier_workers`: what a second process that sends mails brings, one and two in turns.

Each turn has a backlog of its own that is queued before; it lasts from the word until the last process finds nothing
more. The mail server and PostgreSQL want processors too: two processes are twice as fast only where there are enough.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import uvloop

from libs.runtime import memory, postgres
from libs.runtime.settings import PostgresSettings
from tests.bench.notifier import QUERIES, Bench, measure, parse, stage

_TURNS = (1, 2, 2, 1)


@dataclass(frozen=True, slots=True)
class Port:
    """A mail server that somebody else has started."""

    port: int


@dataclass(frozen=True, slots=True)
class Address:
    """A database of which one role's address is known."""

    known: str

    def dsn(self, role: str = "notifier") -> str:
        """Return it, whoever asks."""
        assert role == "notifier"
        return self.known


class WorkersBench(Bench):
    """Turns of one process and of two."""

    async def run(self) -> dict[str, Any]:
        """Fill the database, and send each turn's share; return the rates."""
        superuser = await asyncpg.connect(self._database.dsn())
        members = self._options.members // len(_TURNS) * len(_TURNS)
        await self._fill(superuser, members)
        share = members // len(_TURNS)
        rates: dict[int, list[float]] = {many: [] for many in _TURNS}
        for turn, many in enumerate(_TURNS):
            await self._queue(turn * share + 1, (turn + 1) * share)
            rates[many].append(share / await self._turn(many))
            handed = await superuser.fetchval(QUERIES["handed"])
            assert handed == (turn + 1) * share, f"{handed} of {(turn + 1) * share} were handed over"
        await superuser.close()
        one, two = (sum(rates[many]) / len(rates[many]) for many in (1, 2))
        return {
            "messages": members,
            "one_worker_per_second": [round(each) for each in rates[1]],
            "two_workers_per_second": [round(each) for each in rates[2]],
            "two_to_one": round(two / one, 2),
            "cores": os.cpu_count(),
        }

    async def _turn(self, many: int) -> float:
        """Let so many processes send what is queued; seconds from the word to the last."""
        workers = [await self._start() for _ in range(many)]
        await asyncio.gather(*(_hear(worker, b"ready") for worker in workers))
        began = time.monotonic()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(b"\n")
        await asyncio.gather(*(_hear(worker, b"done") for worker in workers))
        seconds = time.monotonic() - began
        await asyncio.gather(*(worker.wait() for worker in workers))
        return seconds

    async def _start(self) -> Process:
        options = (f"--{name}={getattr(self._options, name)}" for name in ("connections", "lanes"))
        command = (sys.executable, "-m", "tests.bench.notifier_workers", "--sends-to", str(self._sink.port), *options)
        own = {"POINTSTREAM_BENCH_DSN": self._database.dsn("notifier")}
        return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env=os.environ | own)

    async def work(self) -> None:
        """Be one of the processes: say when ready, wait for the word, send what there is, and say when done."""
        await self._programmes.refresh()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await self._send()
        print("done", flush=True)


async def _hear(worker: Process, word: bytes) -> None:
    assert worker.stdout is not None
    assert await worker.stdout.readline() == word + b"\n"


async def _work(port: int, options: argparse.Namespace) -> None:
    dsn = os.environ["POINTSTREAM_BENCH_DSN"]
    settings = PostgresSettings(dsn=dsn)
    memory.settle_in()
    async with postgres.opened(postgres.pool(settings, "notifier-bench")) as pool:
        await WorkersBench(Address(dsn), Port(port), pool, options).work()


def main(arguments: Sequence[str]) -> None:
    """Measure and print, or be one of the processes."""
    if arguments[:1] == ["--sends-to"]:
        uvloop.run(_work(int(arguments[1]), parse(list(arguments[2:]))))
        return
    options = parse(list(arguments))
    with stage() as (database, sink), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(database, sink, options, WorkersBench))))


if __name__ == "__main__":
    main(sys.argv[1:])
