"""Servers that have fallen are given ever more time to come back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.embedded.process import Child
from deploy.embedded.report import Step
from deploy.embedded.reviving import AGAIN_SECONDS, LONGEST_START, Reviver
from deploy.embedded.stopping import Stopped, StopRequest
from deploy.embedded.waiting import START_SECONDS, NotReady, wait_for


@dataclass
class Slow:
    """A server that needs so many seconds; it was never started by anybody here."""

    needs: float
    child: Child = field(default_factory=lambda: Child("kafka", Path("nowhere")))
    tries: list[float] = field(default_factory=list)

    def start(self, patience: float, look: Callable[[], None]) -> None:
        """Take note, and look once."""
        look()
        self.tries.append(patience)
        if patience < self.needs:
            raise NotReady("Kafka was not ready")


@dataclass
class Told:
    """Keeps what is told."""

    lines: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Keep it."""
        self.lines.append(text)

    def warn(self, text: str) -> None:
        """Keep it."""
        self.lines.append(text)

    def step(self, name: str) -> AbstractContextManager[Step]:
        """Nobody takes steps here."""
        raise AssertionError(name)


def test_each_try_is_more_patient_until_it_is_back() -> None:
    seconds, told = [0.0], Told()
    reviver, server = Reviver(told, lambda: None, lambda: seconds[0]), Slow(needs=3 * START_SECONDS)
    for _ in range(2):
        reviver.revive([server])
        reviver.revive([server])  # at once again: it rests
        seconds[0] += AGAIN_SECONDS
    reviver.revive([server])
    assert server.tries == [START_SECONDS, 2 * START_SECONDS, 4 * START_SECONDS]
    assert told.lines[0] == "kafka did not come back; starting it again"
    assert told.lines[-1] == "kafka started again"
    server.tries.clear()
    reviver.revive([server])
    assert server.tries == [START_SECONDS], "who was back begins anew"


def test_patience_has_an_end() -> None:
    seconds = [0.0]
    reviver, server = Reviver(Told(), lambda: None, lambda: seconds[0]), Slow(needs=10**9)
    for _ in range(8):
        reviver.revive([server])
        seconds[0] += AGAIN_SECONDS
    assert server.tries[-2:] == [LONGEST_START, LONGEST_START]


def test_whoever_asks_to_stop_waits_for_no_server() -> None:
    stop = StopRequest()
    stop.ask()
    with pytest.raises(Stopped):
        Reviver(Told(), stop.check).revive([Slow(needs=1)])


def test_a_wait_looks_up(tmp_path: Path) -> None:
    stop, child = StopRequest(), Child("sleeper", tmp_path)
    child.start(["sleep", "60"], env={})
    try:
        looks: list[int] = []

        def look() -> None:
            looks.append(1)
            if len(looks) == 3:
                stop.ask()
            stop.check()

        with pytest.raises(Stopped):
            wait_for("sleeper", lambda: False, child, 60.0, look)
    finally:
        child.stop()


def test_a_server_on_a_busy_machine_has_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka has been seen to need two minutes for its first start where others kept the processors."""
    seconds = [0.0]
    monkeypatch.setattr("deploy.embedded.waiting.monotonic", lambda: seconds[0])
    child = Child("sleeper", tmp_path)
    child.start(["sleep", "60"], env={})

    def ready() -> bool:
        seconds[0] += 1.0
        return seconds[0] > 120

    try:
        wait_for("sleeper", ready, child, START_SECONDS)
    finally:
        child.stop()
