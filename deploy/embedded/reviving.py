"""Servers that have fallen are started again, each try with more patience than the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from deploy.embedded.process import Child
from deploy.embedded.report import Report
from deploy.embedded.waiting import START_SECONDS
from libs.runtime.clock import monotonic

LONGEST_START = 600.0
"""A server that goes through its logs after a crash, on a machine that is slow, needs minutes; who cuts it short each
time lets it never come back."""
AGAIN_SECONDS = 5.0


class Server(Protocol):
    """PostgreSQL or Kafka, as far as it is started again."""

    @property
    def child(self) -> Child:
        """Its process."""
        ...

    def start(self, patience: float, look: Callable[[], None]) -> None:
        """Start it, and return when it answers. What `look` raises meanwhile ends the wait.

        Raises:
            RuntimeError: with what stands in the way; not ready after `patience` seconds is one.
        """
        ...


@dataclass
class Reviver:
    """Starts servers again."""

    report: Report
    look: Callable[[], None]
    now: Callable[[], float] = monotonic
    _again_at: dict[str, float] = field(default_factory=dict)
    _patience: dict[str, float] = field(default_factory=dict)

    def revive(self, fallen: Iterable[Server]) -> None:
        """Try each once, unless that was tried a moment ago.

        Raises:
            Whatever `look` raises, while a server is waited for.
        """
        for server in fallen:
            name, code = server.child.name, server.child.returncode
            if self.now() < self._again_at.get(name, 0.0):
                continue
            ended = "did not come back" if code is None else f"ended with code {code}"
            self.report.warn(f"{name} {ended}; starting it again")
            patience = self._patience.get(name, START_SECONDS)
            try:
                server.start(patience, self.look)
            except RuntimeError as error:
                self._again_at[name] = self.now() + AGAIN_SECONDS
                self._patience[name] = min(patience * 2, LONGEST_START)
                self.report.warn(f"{error}\ntrying again in {AGAIN_SECONDS:g} s")
            else:
                self._patience.pop(name, None)
                self.report.say(f"{name} started again")
