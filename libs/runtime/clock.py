"""Business time: the only place where the wall clock is read for a decision.

Everything that decides takes a `datetime`; a composition root owns one `Clock` and passes its readings in. The embedded
platform may run on a driven clock (`pointstream up --clock …`), the same for all processes, because every process
derives it from the same file, and follows where somebody sets it (`pointstream clock …`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

FILE = "file:"
"""What the form of a clock that follows a file begins with."""


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


_WALL = SystemClock().now


@dataclass(frozen=True, slots=True)
class DrivenClock:
    """A clock that started at `business` when the machine showed `real`, and runs `speed` times as fast since.

    `speed` 0 stands still. Written `INSTANT[@SPEED]` on the command line, `INSTANT|REAL|SPEED` between processes.
    """

    business: datetime
    real: datetime
    speed: float = 1.0
    wall: Callable[[], datetime] = _WALL

    def now(self) -> datetime:
        """Return the driven instant in UTC."""
        return self.at(self.wall())

    def at(self, wall: datetime) -> datetime:
        """Return the driven instant at which the machine showed `wall`."""
        return self.business + (wall - self.real) * self.speed

    def encode(self) -> str:
        """Return the form that `parse_clock` reads in another process."""
        return f"{self.business.isoformat()}|{self.real.isoformat()}|{self.speed}"


class FollowedClock:
    """A driven clock that others may set while it runs: a file has a line for each time it was set, the last holds.

    What happened before it was set is told the time that it was then.
    """

    def __init__(self, path: Path, wall: Callable[[], datetime] = _WALL) -> None:
        self._path = path
        self._wall = wall
        self._read: tuple[tuple[int, int], tuple[DrivenClock, ...]] | None = None

    def now(self) -> datetime:
        """Return the driven instant in UTC."""
        return self.at(self._wall())

    def at(self, wall: datetime) -> datetime:
        """Return the driven instant at which the machine showed `wall`."""
        settings = self._settings()
        held = [each for each in settings if each.real <= wall]
        return (held[-1] if held else settings[0]).at(wall)

    def set(self, business: datetime, speed: float) -> None:
        """Let it be `business` now, for everybody who follows, and run `speed` times as fast from then on.

        Raises:
            ValueError: it would go back.
        """
        now = self._wall()
        if business < self.at(now):
            raise ValueError(f"business time is {self.at(now).isoformat()} already, and does not go back")
        begin_followed(self._path, *self._settings(), DrivenClock(business, now, speed))

    def _settings(self) -> tuple[DrivenClock, ...]:
        seen = self._path.stat()
        stamp = (seen.st_mtime_ns, seen.st_ino)
        known = self._read
        if known is None or known[0] != stamp:
            self._read = known = (stamp, tuple(map(_decode, self._path.read_text(encoding="ascii").split())))
        return known[1]


def begin_followed(path: Path, *settings: DrivenClock) -> FollowedClock:
    """Make the file of a clock that others follow, at once for everybody who reads it."""
    new = path.with_suffix(".new")
    new.write_text("".join([each.encode() + "\n" for each in settings]), encoding="ascii")
    new.replace(path)
    return FollowedClock(path)


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
        ValueError: the text is none of the forms that `DrivenClock` documents, nor `file:PATH`.
    """
    if not text:
        return SystemClock()
    if text.startswith(FILE):
        return FollowedClock(Path(text.removeprefix(FILE)))
    if "|" in text:
        return _decode(text)
    instant, _, speed = text.partition("@")
    return DrivenClock(parse_instant(instant), SystemClock().now(), float(speed or 1))


def _decode(text: str) -> DrivenClock:
    business, real, speed = text.split("|")
    return DrivenClock(parse_instant(business), parse_instant(real), float(speed))


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
