"""Runs the earning worker under a profiler: `python -m tests.bench.profiled calls|samples FILE`.

`calls` is cProfile, which counts every call and makes the worker about half as fast; `samples` looks at the stack
every two milliseconds of processor time, which costs nearly nothing and sees Python's frames alone: what runs in C
counts for the line that called it. Both write a table to `FILE.txt`.
"""

from __future__ import annotations

import cProfile
import pstats
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from services.earning.__main__ import main

_EVERY = 0.002
_LINES = 60


def _calls(target: Path) -> int:
    profiler = cProfile.Profile()
    try:
        return profiler.runcall(main, [])
    finally:
        profiler.dump_stats(target.with_suffix(".pstats"))
        with target.with_suffix(".txt").open("w") as out:
            statistics = pstats.Stats(profiler, stream=out).strip_dirs()
            statistics.sort_stats("tottime").print_stats(_LINES)
            statistics.sort_stats("cumulative").print_stats(_LINES)


class _Samples:
    def __init__(self) -> None:
        self.lines: Counter[str] = Counter()
        self.alone: Counter[str] = Counter()
        self.with_callees: Counter[str] = Counter()
        self.total = 0

    def take(self, _signal: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self.total += 1
        self.lines[f"{_place(frame)}:{frame.f_lineno}"] += 1
        self.alone[_place(frame)] += 1
        seen = set()
        at: FrameType | None = frame
        while at is not None:
            seen.add(_place(at))
            at = at.f_back
        self.with_callees.update(seen)

    def table(self) -> str:
        parts = [f"{self.total} samples, one each {_EVERY * 1000:.0f} ms of processor time"]
        for title, counted in (
            ("by function, itself", self.alone),
            ("by function, with what it calls", self.with_callees),
            ("by line", self.lines),
        ):
            parts += ["", title]
            parts += [f"{count / max(self.total, 1):7.1%}  {name}" for name, count in counted.most_common(_LINES)]
        return "\n".join(parts) + "\n"


def _place(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    return f"{'/'.join(path.parts[-2:])}:{frame.f_code.co_qualname if sys.version_info >= (3, 11) else ''}"


def _sampled(target: Path) -> int:
    samples = _Samples()
    signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
    try:
        return main([])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        target.with_suffix(".txt").write_text(samples.table())


if __name__ == "__main__":
    how, where = sys.argv[1:3]
    sys.argv[1:] = []
    sys.exit(_calls(Path(where)) if how == "calls" else _sampled(Path(where)))
