"""Fail points: named lines at which a test may stop this process dead, to prove what survives.

`POINTSTREAM_FAIL_POINT=name[:count[:signal]]` strikes when the line is reached for the count-th time (the first, unless
said otherwise) with KILL or STOP. Unset, which is the rule, a fail point costs one comparison.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

POINTS = (
    "after-fetch",
    "after-inbox",
    "after-load",
    "after-save",
    "before-commit",
    "after-commit",
    "after-outbox-read",
    "after-send",
)


@dataclass(slots=True)
class FailPoint:
    """What the environment armed: the name, how often it must still be reached, and the signal to send."""

    name: str | None
    left: int = 1
    strike: signal.Signals = signal.SIGKILL

    @classmethod
    def parse(cls, text: str | None) -> FailPoint:
        """Read the variable's form.

        Raises:
            ValueError: no such fail point.
        """
        if not text:
            return cls(None)
        name, _, rest = text.partition(":")
        count, _, strike = rest.partition(":")
        if name not in POINTS:
            raise ValueError(f"no fail point {name!r}; there are {', '.join(POINTS)}")
        return cls(name, int(count or 1), signal.Signals[f"SIG{strike or 'KILL'}"])

    def reach(self, name: str) -> None:
        """Pass the line `name`, or be stopped there."""
        if self.name == name:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), self.strike)


_armed = FailPoint(None)
reach = _armed.reach


def arm(text: str | None) -> None:
    """Arm this process anew, as the variable's form says; done at its start by what the environment has.

    Raises:
        ValueError: no such fail point.
    """
    point = FailPoint.parse(text)
    _armed.name, _armed.left, _armed.strike = point.name, point.left, point.strike


arm(os.environ.get("POINTSTREAM_FAIL_POINT"))
