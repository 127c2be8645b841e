"""Runs the earning worker under a profiler: `python -m tests.bench.profiled calls|samples FILE`.

It begins to look when it gets the signal `BEGIN`, so that neither start-up nor warm-up show.

`calls` is cProfile, which counts every call and makes the worker about half as fast; `samples` looks at the stack
every few milliseconds of processor time, which costs nearly nothing and sees Python's frames alone: what runs in C
counts for the line that called it. Both write a table to `FILE.txt`.
"""

from __future__ import annotations

import cProfile
import pstats
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

BEGIN = signal.SIGRTMIN + 1
_EVERY = 0.002  # what the kernel makes of it depends on its tick
_LINES = 60


def _calls(target: Path, main: Callable[[list[str]], int]) -> int:
    profiler = cProfile.Profile()
    signal.signal(BEGIN, lambda *_: profiler.enable())
    try:
        return main([])
    finally:
        profiler.disable()
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
        parts = [f"{self.total} samples"]
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
    return f"{'/'.join(path.parts[-2:])}:{frame.f_code.co_qualname}"


def _sampled(target: Path, main: Callable[[list[str]], int]) -> int:
    samples = _Samples()
    signal.signal(signal.SIGPROF, samples.take)
    signal.signal(BEGIN, lambda *_: signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY) and None)
    try:
        return main([])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        target.with_suffix(".txt").write_text(samples.table())


def run(how: str, where: str) -> int:
    """Run the worker until it ends."""
    from services.earning.__main__ import main

    sys.argv[1:] = []  # Faust reads them
    return (_calls if how == "calls" else _sampled)(Path(where), main)


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:3]))
