"""Ctrl-C and SIGTERM: the first asks everybody to stop in good order, the second has no patience."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 0.05


class Stopped(Exception):
    """Somebody asked us to stop."""


class StopRequest:
    """Whether we were asked to stop. Everything that waits asks it."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._impatient: Callable[[], None] | None = None

    @contextlib.contextmanager
    def listening(self, impatient: Callable[[], None]) -> Iterator[None]:
        """Take the signals meanwhile; `impatient` is called at the second one."""
        self._impatient = impatient
        before = {number: signal.signal(number, self._heard) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self._event.is_set() and self._impatient is not None:
            self._impatient()
        self._event.set()

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def ask(self) -> None:
        """Ask ourselves."""
        self._event.set()

    def check(self) -> None:
        """Raise `Stopped` when somebody asked."""
        if self.asked:
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Sleep, and raise `Stopped` as soon as somebody asks."""
        if self._event.wait(seconds):
            raise Stopped

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; when somebody asks meanwhile, it is cancelled and `Stopped` raised."""
        return asyncio.run(self._watched(work))

    async def _watched(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        while not task.done():
            if self.asked:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
                raise Stopped
            await asyncio.wait((task,), timeout=_LOOK_SECONDS)
        return task.result()
