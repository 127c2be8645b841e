"""What processes cost: processor time over whole trees, ended children included, and peak memory."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Cpu:
    """Processor seconds, user and system together, by part of the platform."""

    worker: float
    postgres: float
    broker: float

    @property
    def total(self) -> float:
        """All parts together."""
        return self.worker + self.postgres + self.broker

    def __add__(self, other: Cpu) -> Cpu:
        """Both together."""
        return Cpu(self.worker + other.worker, self.postgres + other.postgres, self.broker + other.broker)

    def __sub__(self, before: Cpu) -> Cpu:
        """What was spent since `before`."""
        return Cpu(self.worker - before.worker, self.postgres - before.postgres, self.broker - before.broker)


def cpu_now(workers: Sequence[int], postgres: int, broker: int) -> Cpu:
    """Read what the trees below these process ids have used so far."""
    return Cpu(sum(tree_seconds(pid) for pid in workers), tree_seconds(postgres), tree_seconds(broker))


def machine_seconds() -> float:
    """Processor seconds that all processes of the machine have used so far, whosever they are."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + getattr(times, "irq", 0) + getattr(times, "softirq", 0))


def tree_seconds(pid: int) -> float:
    """Seconds of a process, its living children (backends, checkpointer, writers) and those that it has buried."""
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def peak_memory_mb(pid: int) -> float:
    """The most memory that a process has had resident, in MB (10^6 bytes); elsewhere than on Linux what it has now."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def memory_mb(pid: int) -> float:
    """The memory of a process and its children now, in MB (10^6 bytes); what they share counts once."""
    total = 0
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            try:
                total += process.memory_full_info().pss
            except (AttributeError, psutil.AccessDenied):  # not Linux, or another user's
                total += process.memory_info().rss
    return total / 1e6


def resident_mb(pid: int) -> float:
    """What a process alone has resident now, in MB (10^6 bytes)."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6
