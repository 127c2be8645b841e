"""How many events a second were decided for a tenant, over the last minute. Pure.

Decisions lie in pages. A page that was read tells its number exactly; one that was only seen counts as an average one,
so that watching a busy tenant costs little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW = 60
"""Seconds that are shown."""


@dataclass(frozen=True, slots=True)
class SeenPage:
    """A page of decisions: its number, and when it was written."""

    page: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Throughput:
    """Events decided in each of the last `WINDOW` seconds, oldest first; `exact` when every page of them was read."""

    seconds: tuple[float, ...]
    exact: bool

    @property
    def rate(self) -> float:
        """Events a second, over the whole window."""
        return sum(self.seconds) / WINDOW


@dataclass(slots=True)
class PageCounts:
    """Remembers the pages of a tenant in the window, from look to look."""

    _pages: dict[int, tuple[datetime, int | None]] = field(default_factory=dict)

    def note(self, pages: Iterable[SeenPage], sizes: Mapping[int, int]) -> None:
        """Take in pages that were seen, and the number of decisions of those that were read."""
        for page in pages:
            known = self._pages.get(page.page, (None, None))[1]
            self._pages[page.page] = (page.recorded_at, sizes.get(page.page, known))

    def tell(self, now: datetime) -> Throughput:
        """Return the throughput of the window that ends at `now`, and forget what is older."""
        start = now - timedelta(seconds=WINDOW)
        self._pages = {number: entry for number, entry in self._pages.items() if entry[0] > start}
        read = [size for _, size in self._pages.values() if size is not None]
        average = sum(read) / len(read) if read else 0.0
        seconds = [0.0] * WINDOW
        for recorded_at, size in self._pages.values():
            place = min(WINDOW - 1, int((recorded_at - start) / timedelta(seconds=1)))
            seconds[place] += average if size is None else size
        return Throughput(tuple(seconds), len(read) == len(self._pages))
