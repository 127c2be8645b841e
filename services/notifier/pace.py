"""A provider's rate: so many messages a second; who wants more is told how long to wait. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """Counts what was taken as time that it takes; None for no limit. Seconds of a clock that never goes back."""

    per_second: float | None
    free_at: float = 0.0

    def take(self, count: int, now: float) -> float:
        """Take `count` messages, and return for how many seconds to wait before they are sent."""
        if self.per_second is None:
            return 0.0
        start = max(self.free_at, now - 1.0)
        self.free_at = start + count / self.per_second
        return max(0.0, self.free_at - now)

    def most(self, wanted: int) -> int:
        """How many to take at once, so that nothing waits for long."""
        return wanted if self.per_second is None else max(1, min(wanted, int(self.per_second)))
