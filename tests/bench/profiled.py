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
from functools import partial
from pathlib import Path
from types import CodeType, FrameType

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
        self._lines: Counter[tuple[CodeType, int]] = Counter()
        self._stacks: Counter[CodeType] = Counter()

    def take(self, _signal: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self._lines[frame.f_code, frame.f_lineno or 0] += 1
        seen: set[CodeType] = set()
        at: FrameType | None = frame
        while at is not None:
            seen.add(at.f_code)
            at = at.f_back
        self._stacks.update(seen)

    def table(self) -> str:
        alone: Counter[CodeType] = Counter()
        for (code, _), count in self._lines.items():
            alone[code] += count
        lines = Counter({f"{_place(code)}:{line}": count for (code, line), count in self._lines.items()})
        total = alone.total()
        parts = [f"{total} samples"]
        for title, counted in (
            ("by function, itself", Counter({_place(code): count for code, count in alone.items()})),
            ("by function, with what it calls", Counter({_place(code): count for code, count in self._stacks.items()})),
            ("by line", lines),
        ):
            parts += [
                "",
                title,
                *(f"{count / max(total, 1):7.1%}  {name}" for name, count in counted.most_common(_LINES)),
            ]
        return "\n".join(parts) + "\n"


def _place(code: CodeType) -> str:
    return f"{'/'.join(Path(code.co_filename).parts[-2:])}:{code.co_qualname}"


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
    from libs.runtime.faust_host import serve
    from services.earning.app import SERVICE, build
    from services.earning.settings import EarningSettings

    sys.argv[1:] = []  # Faust reads them
    return (_calls if how == "calls" else _sampled)(Path(where), partial(serve, SERVICE, EarningSettings, build))


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:3]))
