"""How many members are taken at once, so that none of them is locked for long. Pure."""

from __future__ import annotations

MOST = 2_000
_GROWTH = 2.0
_FIRST = 20


class Pace:
    """Learns from how long each step took: half of `bound` seconds is aimed at, and growth is careful."""

    def __init__(self, bound: float) -> None:
        self._aim = bound / 2
        self.size = _FIRST

    def tell(self, members: int, seconds: float) -> None:
        """Learn from a step of so many members that held its locks for so long."""
        wanted = members * self._aim / max(seconds, 1e-6)
        self.size = max(1, min(int(wanted), int(self.size * _GROWTH), MOST))
