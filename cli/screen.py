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
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
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
    """Write rows: framed on a terminal, tab-aligned elsewhere."""
    console = out()
    if not console.is_terminal:
        widths = [max(len(row[at]) for row in [*rows, *([columns] if columns else [])]) for at in range(len(rows[0]))]
        console.print(f"\n{title}", markup=False)
        for row in [*([columns] if columns else []), *rows]:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            console.print(f"  {line.rstrip()}", markup=False)
        return
    table = Table(title=title, title_justify="left", show_header=bool(columns))
    for name in columns or [""] * len(rows[0]):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)


@contextmanager
def reporting() -> Iterator[Report]:
    """News on standard error: live on a terminal, in lines elsewhere."""
    console = err()
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.fields[name]:<10}"), BarColumn(bar_width=20))
    with Progress(*columns, TextColumn("{task.description}"), TimeElapsedColumn(), console=console) as progress:
        yield _Live(progress)


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
    """A bar a step, in the order in which they began."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """A line above the bars."""
        self._progress.console.print(text, markup=False)

    def warn(self, text: str) -> None:
        """A yellow line above the bars."""
        self._progress.console.print(f"[yellow]warning:[/yellow] {escape(text)}")

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A bar; it goes when the step failed."""
        with self._lock:
            task = self._progress.add_task("", total=None, name=name)
        try:
            yield _LiveStep(self._progress, task)
        except BaseException:
            self._progress.remove_task(task)
            raise
        self._progress.stop_task(task)
