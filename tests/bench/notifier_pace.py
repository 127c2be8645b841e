"""`python -m tests.bench.notifier_pace`: how long it takes from an event to its hand-over while events come at a pace.

Events arrive ten times a second, whatever became of those before; times are from the moment at which an event was due
to arrive. The last line on stdout is one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from itertools import count
from typing import Any

import asyncpg
import uvloop
from aiokafka import ConsumerRecord

from libs.messages.content import WayName
from services.notifier.channels.channel import Channel, Letter, Outcome
from services.notifier.intake import Intake
from services.notifier.lane import Carrier
from tests.bench.notifier import Bench, measure, parse, reminder, stage

_PER_SECOND, _TICKS = 300, 10


class Timed:
    """A channel that notes when each member's letter was handed over; `over` once so many members have theirs."""

    def __init__(self, channel: Channel, members: int) -> None:
        self.name: WayName = channel.name
        self._channel, self._members = channel, members
        self.over = asyncio.Event()
        self.at: dict[str, float] = {}

    async def open(self) -> None:
        """Be ready."""
        await self._channel.open()

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand over, and look at the clock."""
        outcomes = await self._channel.send(letters)
        now = time.monotonic()
        self.at |= {dict(each.data)["member_id"]: now for each in letters}
        if len(self.at) >= self._members:
            self.over.set()
        return outcomes

    async def close(self) -> None:
        """Give connections back."""
        await self._channel.close()


class PacedBench(Bench):
    """One run at a pace."""

    async def run(self) -> dict[str, Any]:
        """Fill the database, and let events come; return how long they took."""
        superuser = await asyncpg.connect(self._database.dsn())
        members = self._options.members
        await self._fill(superuser, members)
        await superuser.close()
        timed = Timed(self._channel(), members)
        carrier = Carrier(timed, None, self._metrics)
        intake = Intake(
            self._pool, self._programmes, self._clock, self._vault.seal, self._metrics, lambda shards: None,
            lambda channels: carrier.woken.set(),
        )  # fmt: skip
        lanes = self._lanes(carrier)
        due: dict[str, float] = {}
        async with asyncio.TaskGroup() as tasks:
            for lane in lanes:
                tasks.create_task(lane.run())
            await self._arrive(intake, members, due)
            await timed.over.wait()
            for lane in lanes:
                lane.stop()
        took = sorted(timed.at[name] - at for name, at in due.items())
        return {
            "messages": members,
            "per_second": _PER_SECOND,
            "p50_ms": round(took[members // 2] * 1e3),
            "p99_ms": round(took[members * 99 // 100] * 1e3),
            "most_ms": round(took[-1] * 1e3),
        }

    async def _arrive(self, intake: Intake, members: int, due: dict[str, float]) -> None:
        offsets, begun = count(), time.monotonic()
        each = _PER_SECOND // _TICKS
        for tick, first in enumerate(range(1, members + 1, each)):
            at = begun + tick / _TICKS
            await asyncio.sleep(max(at - time.monotonic(), 0))
            numbers = range(first, min(first + each, members + 1))
            due |= {name_of(number): at for number in numbers}
            records = [
                ConsumerRecord("loyalty.reminders", 0, next(offsets), 0, 0, b"", reminder(n), None, 0, 0, ())
                for n in numbers
            ]
            await intake.take("loyalty.reminders", records)


def name_of(number: int) -> str:
    """The id of a member, as letters have it."""
    return f"00000000-0000-0000-0000-{number:012x}"


def main(arguments: list[str]) -> None:
    """Measure and print."""
    options = parse(arguments)
    with stage() as (database, sink), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(database, sink, options, PacedBench))))


if __name__ == "__main__":
    main(sys.argv[1:])
