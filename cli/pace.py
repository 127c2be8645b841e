"""How a long work goes: how much is done, how fast, and how long it will still take."""

from __future__ import annotations

from collections.abc import Callable

from deploy.embedded.report import Step
from libs.runtime.clock import monotonic


class Pace:
    """Tells a step of the screen about work whose `total` is known; rate and time left are those of this run."""

    def __init__(
        self, step: Step, unit: str, total: int, already: int = 0, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._step = step
        self._unit = unit
        self.total = total
        self._already = self._counted = already
        self._first: int | None = None
        self._seconds = seconds
        self._began = seconds()

    def at(self, done: int, *, count: int | None = None, note: str = "") -> None:
        """Tell: `done` of the total, and `count` of what is counted when that is something else."""
        count = done if count is None else count
        if self._first is None:
            self._first, self._already = done, count
        passed = max(self._seconds() - self._began, 0.001)
        rate, moved = (count - self._already) / passed, done - self._first
        text = f"{count:,} {self._unit}{note}"
        if rate:
            text += f", {rate:,.0f}/s"
        if moved > 0 and self.total > done:
            text += f", {lasting((self.total - done) * passed / moved)} left"
        self._step.progress(text, done, self.total)


def lasting(seconds: float) -> str:
    """Write a duration as 2:05 or 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
