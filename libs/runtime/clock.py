"""Business time: the only place where the wall clock is read for a decision.

Everything that decides takes a `datetime`; a composition root owns one `Clock` and passes its readings in. The embedded
platform may run on a driven clock (`pointstream up --clock …`), the same for all processes, because every process
derives it from the same two anchors.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells business time as an aware UTC instant."""

    def now(self) -> datetime:
        """Return the present business instant, aware and in UTC."""
        ...

    def at(self, wall: datetime) -> datetime:
        """Return the business instant at which the machine showed `wall` (aware, UTC)."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's present instant in UTC."""
        return datetime.now(UTC)

    def at(self, wall: datetime) -> datetime:
        """Return `wall` itself."""
        return wall


@dataclass(frozen=True, slots=True)
class DrivenClock:
    """A clock that started at `business` when the machine showed `real`, and runs `speed` times as fast since.

    `speed` 0 stands still. Written `INSTANT[@SPEED]` on the command line, `INSTANT|REAL|SPEED` between processes.
    """

    business: datetime
    real: datetime
    speed: float = 1.0
    wall: Callable[[], datetime] = SystemClock().now

    def now(self) -> datetime:
        """Return the driven instant in UTC."""
        return self.at(self.wall())

    def at(self, wall: datetime) -> datetime:
        """Return the driven instant at which the machine showed `wall`."""
        return self.business + (wall - self.real) * self.speed

    def encode(self) -> str:
        """Return the form that `parse_clock` reads in another process."""
        return f"{self.business.isoformat()}|{self.real.isoformat()}|{self.speed}"


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant.

    Raises:
        ValueError: no offset was given, or it is no instant.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write it like 2017-02-01T00:00:00Z")
    return instant.astimezone(UTC)


def parse_clock(text: str | None) -> Clock:
    """Make the clock that a setting names: nothing for the machine's, else a driven one.

    Raises:
        ValueError: the text is none of the forms that `DrivenClock` documents.
    """
    if not text:
        return SystemClock()
    if "|" in text:
        business, real, speed = text.split("|")
        return DrivenClock(parse_instant(business), parse_instant(real), float(speed))
    instant, _, speed = text.partition("@")
    return DrivenClock(parse_instant(instant), SystemClock().now(), float(speed or 1))


async def happens_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until the event, and say whether it was the event."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def monotonic() -> float:
    """Seconds on a clock that never goes back; for durations and leases, never for business time."""
    return time.monotonic()


def elapsed_since(start: float) -> timedelta:
    """How long it is since `start`, a reading of `monotonic`."""
    return timedelta(seconds=monotonic() - start)
