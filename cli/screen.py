"""How commands write: with bars and colours to a terminal, in plain lines elsewhere, as one object for `--json`."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.embedded.report import Report, Step
from libs.runtime.clock import monotonic

_PLAIN_EVERY = 5.0
"""Seconds between two lines of progress where lines stay."""


def out() -> Console:
    """Standard output; colours only on a terminal."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """Standard error; colours only on a terminal."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def write_json(value: Mapping[str, Any]) -> None:
    """Write one object, in one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def write_table(title: str, rows: Sequence[Sequence[str]], columns: Sequence[str] = ()) -> None:
    """Write rows: with `columns` and on a terminal framed, else aligned and never folded, for copying."""
    console = out()
    if not console.is_terminal or not columns:
        _write_aligned(console, title, [columns, *rows] if columns else rows)
        return
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)


def _write_aligned(console: Console, title: str, rows: Sequence[Sequence[str]]) -> None:
    console.print(f"\n{title}", markup=False, style="bold")
    if not rows:
        return
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print(f"  {line.rstrip()}", markup=False, soft_wrap=True)


@contextmanager
def reporting() -> Iterator[Report]:
    """News on standard error: live on a terminal, in lines elsewhere."""
    console = err()
    if not console.is_terminal:
        yield _Lines(console)
        return
    yield _Live(console)


class _LineStep:
    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._name = name
        self._began = self._said = monotonic()
        self._last = ""

    def progress(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Write a line, seldom."""
        if text != self._last and monotonic() - self._said >= _PLAIN_EVERY:
            self._said, self._last = monotonic(), text
            share = f" ({done}/{total})" if total else ""
            self._console.print(f"{self._name}: {text}{share}", markup=False)

    def done(self, text: str) -> None:
        """Write the line that counts."""
        self._console.print(f"{self._name}: {text} ({monotonic() - self._began:.1f} s)", markup=False)


class _Lines:
    """Plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """A line."""
        self._console.print(text, markup=False)

    def warn(self, text: str) -> None:
        """A line that says so."""
        self._console.print(f"warning: {text}", markup=False)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Lines of one name."""
        yield _LineStep(self._console, name)


class _LiveStep:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def progress(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Move the bar; it swings while nobody knows how far it is."""
        self._progress.update(self._task, description=escape(text), completed=done or 0, total=total)

    def done(self, text: str) -> None:
        """Fill the bar."""
        self._progress.update(self._task, description=escape(text), completed=1, total=1)


class _Live:
    """A bar a step, in the order in which they began; nothing is redrawn while no step is under way."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._steps = 0

    def say(self, text: str) -> None:
        """A line above the bars."""
        self._console.print(text, markup=False)

    def warn(self, text: str) -> None:
        """A yellow line above the bars."""
        self._console.print(f"[yellow]warning:[/yellow] {escape(text)}")

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A bar; it goes when the step failed."""
        progress = self._enter()
        task = progress.add_task("", total=None, name=name)
        try:
            yield _LiveStep(progress, task)
        except BaseException:
            progress.remove_task(task)
            raise
        finally:
            self._leave()

    def _enter(self) -> Progress:
        with self._lock:
            self._steps += 1
            if self._progress is None:
                self._progress = Progress(*_columns(), console=self._console, refresh_per_second=8)
                self._progress.start()
            return self._progress

    def _leave(self) -> None:
        with self._lock:
            self._steps -= 1
            if self._steps == 0 and self._progress is not None:
                self._progress.stop()
                self._progress = None


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.fields[name]:<10}"),
        BarColumn(bar_width=20),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
