"""How many members are taken at once, so that none of them is locked for long. Pure."""

from __future__ import annotations

MOST = 2_000
FEW = 200
"""So many lots are taken at least: fewer save no time, for what a transaction costs by itself outweighs them."""
_GROWTH = 2.0
_FIRST = 20


class Pace:
    """Learns from how long each step took: half of `bound` seconds is aimed at, and growth is careful."""

    def __init__(self, bound: float) -> None:
        self._aim = bound / 2
        self.size = _FIRST

    def tell(self, members: int, lots: int, seconds: float) -> None:
        """Learn from a step that let so many lots of so many members lapse, and held its locks for so long."""
        wanted = members * self._aim / max(seconds, 1e-6)
        least = -(-FEW * members // max(lots, 1))
        self.size = max(1, min(max(int(wanted), least), int(self.size * _GROWTH), MOST))
