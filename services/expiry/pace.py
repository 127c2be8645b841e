"""How many members are taken at once, so that none of them is locked for long, and when others come first. Pure."""

from __future__ import annotations

MOST = 2_000
FEW = 200
"""So many lots are taken at least: fewer save no time, for what a transaction costs by itself outweighs them."""
_GROWTH = 1.5
_FIRST = 20
_AIM, _LEAST_AIM = 0.4, 0.3
_CUT, _EASES = 0.85, 1.002
_USUAL = 1.4
"""A step may take so many times the best one's time a lot, and be no sign that others want the processor."""
_MOST_REST = 4.0
_FORGETS = 1.01


class Pace:
    """Learns from how long each step took: two fifths of `bound` seconds are aimed at, and growth is careful.

    Each step above the bound lowers the aim, and those below raise it by and by: it settles where about one in a
    hundred is late for what nobody foresees, such as a disk that halts. Where lots take longer than they did, others
    want the processor, and a sweep can wait for them: `rest` says how many seconds, the more the slower the last step
    was. What is best is forgotten slowly, for tables grow.
    """

    def __init__(self, bound: float) -> None:
        self._bound = bound
        self._aim = _AIM * bound
        self._best = float("inf")
        self.size = _FIRST
        self.rest = 0.0

    def tell(self, members: int, lots: int, seconds: float) -> None:
        """Learn from a step that let so many lots of so many members lapse, and held its locks for so long."""
        if seconds > self._bound:
            self._aim = max(self._aim * _CUT, _LEAST_AIM * self._bound)
        else:
            self._aim = min(self._aim * _EASES, _AIM * self._bound)
        wanted = members * self._aim / max(seconds, 1e-6)
        least = -(-FEW * members // max(lots, 1))
        self.size = max(1, min(max(int(wanted), least), int(self.size * _GROWTH), MOST))
        a_lot = seconds / max(lots, 1)
        slower = a_lot / max(self._best, 1e-9)
        self.rest = seconds * min(slower - 1, _MOST_REST) if lots >= FEW and slower > _USUAL else 0.0
        if lots >= FEW:
            self._best = min(self._best * _FORGETS, a_lot)
