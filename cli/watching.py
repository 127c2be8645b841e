"""A folder that files are put into: taken when complete, put away when done."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.rejects import SUFFIX
from deploy.embedded.lock import DirectoryInUse
from libs.runtime.clock import monotonic

DONE, FAILED = "done", "failed"
_LOCK = ".pointstream-watch"
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".swp", SUFFIX)
_LOOK_SECONDS = 0.5


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder for ourselves.

    Raises:
        DirectoryInUse: another process takes files from it.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DirectoryInUse(f"another process already takes files from {folder}") from None
        yield
    finally:
        os.close(descriptor)


async def complete_files(folder: Path, settle: float, *, once: bool) -> AsyncIterator[Path]:
    """Give files by name as they become complete: of an ordinary name, and unchanged for `settle` seconds.

    A file that is still there later is given again. With `once` it ends when none is left that was not given.
    """
    since: dict[Path, tuple[tuple[int, int], float]] = {}
    given: set[Path] = set()
    while True:
        waiting = False
        for file in _files(folder):
            if once and file in given:
                continue
            looks = _looks(file)
            if looks is None:
                continue
            if since.get(file, (None, 0.0))[0] != looks:
                since[file] = (looks, monotonic())
            if monotonic() - since[file][1] < settle:
                waiting = True
                continue
            given.add(file)
            yield file
        if once and not waiting:
            return
        await asyncio.sleep(min(_LOOK_SECONDS, settle or _LOOK_SECONDS))


def report_of(folder: Path, file: Path) -> Path:
    """Where the rejected rows of a file are told."""
    failed = folder / FAILED
    failed.mkdir(exist_ok=True)
    return failed / (file.name + SUFFIX)


def put_away(folder: Path, file: Path, *, failed: bool) -> Path:
    """Move a file to where its like lies, under another name when its own is taken; returns where it is.

    Raises:
        OSError: it can't be moved.
    """
    beside = folder / (FAILED if failed else DONE)
    beside.mkdir(exist_ok=True)
    target, number = beside / file.name, 1
    name, dot, suffixes = file.name.partition(".")
    while target.exists():
        number += 1
        target = beside / f"{name}.{number}{dot}{suffixes}"
    return file.rename(target)


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith(_UNFINISHED)
    )


def _looks(file: Path) -> tuple[int, int] | None:
    try:
        state = file.stat()
    except FileNotFoundError:
        return None
    return state.st_size, state.st_mtime_ns
