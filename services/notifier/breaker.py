"""A breaker: a provider in trouble is left alone for a while, then tried with one message, then used again. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

TRIES = 5
FIRST = 5.0
LONGEST = 300.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a provider does: troubles in a row, until when it is left alone, and for how long the next time; seconds of a
    clock that never goes back."""

    troubles: int = 0
    until: float | None = None
    next_pause: float = FIRST

    def state(self, now: float) -> Literal["closed", "open", "trying"]:
        """Whether it is used, left alone, or due to be tried."""
        if self.until is None:
            return "closed"
        return "open" if now < self.until else "trying"

    def after(self, troubles: int, successes: int, now: float) -> Breaker:
        """Return it after a batch. Any success shows that the provider answers; troubles in a row open it."""
        if successes:
            return Breaker()
        if not troubles:
            return self
        counted = self.troubles + troubles
        if counted < TRIES and self.until is None:
            return replace(self, troubles=counted)
        return Breaker(counted, now + self.next_pause, min(self.next_pause * 2, LONGEST))
