"""One supervisor per data directory."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self


class DirectoryInUse(RuntimeError):
    """Another supervisor runs this data directory; the message names its process id."""


def in_use(data: Path, owner: str) -> DirectoryInUse:
    """The error that names who runs `data`."""
    return DirectoryInUse(
        f"{data} is already run by process {owner}. "
        "Stop it with `pointstream down`, or use another directory with --data."
    )


class DirectoryLock:
    """An exclusive lock on `<data>/lock`; the system gives it back whatever way its holder ends."""

    def __init__(self, data: Path) -> None:
        self.path = data / "lock"
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock and note our process id in it.

        Raises:
            DirectoryInUse: somebody holds it.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._take(fd)
        except BlockingIOError:
            owner = os.read(fd, 32).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise in_use(self.path.parent, owner) from None
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd

    def _take(self, fd: int, tries: int = 5) -> None:
        """Lock `fd`; again after a blink, since `owner` of somebody who only asks holds it for a moment."""
        for left in reversed(range(tries)):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not left:
                    raise
                time.sleep(0.02)
            else:
                return

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None

    def owner(self) -> int | None:
        """The process id of whoever holds the lock now, or None."""
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(fd, 32).decode(errors="replace").strip()
            return int(text) if text.isdigit() else None
        finally:
            os.close(fd)
        return None

    def __enter__(self) -> Self:
        """Acquire."""
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release."""
        self.release()
