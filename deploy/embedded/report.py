"""How the supervisor tells what it does; the command line decides how that looks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Step(Protocol):
    """Something that takes a while."""

    def progress(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Tell how it stands."""

    def done(self, text: str) -> None:
        """Tell what came of it, in place of the progress."""


class Report(Protocol):
    """Where news of the supervisor goes. Called from several threads."""

    def say(self, text: str) -> None:
        """A fact."""

    def warn(self, text: str) -> None:
        """Something that the reader should know but that stops nothing."""

    def step(self, name: str) -> AbstractContextManager[Step]:
        """Begin something that takes a while; it ends with the context."""
