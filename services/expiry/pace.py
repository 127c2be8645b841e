"""How many members are taken at once, so that none of them is locked for long, and when others come first. Pure."""

from __future__ import annotations

MOST = 2_000
FEW = 100
"""So many lots are taken at least: fewer save no time, for what a transaction costs by itself outweighs them."""
_GROWTH = 1.5
_FIRST = 20
_TRUST = 0.2
"""So much of what a quicker step says is believed at once."""
_USUAL = 1.4
"""A step may take so many times the best one's time a lot, and be no sign that others want the processor."""
_MOST_REST = 4.0
_FORGETS = 1.01


class Pace:
    """Learns from how long each step took: half of `bound` seconds is aimed at, and growth is careful.

    A slower step counts at once and a quicker one by and by, so that the next steps keep clear of the bound where some
    take longer for what nobody foresees, such as a disk that halts. Where lots take longer than they did, others want
    the processor, and a sweep can wait for them: `rest` says how many seconds, the more the slower the last step was.
    What is best is forgotten slowly, for tables grow.
    """

    def __init__(self, bound: float) -> None:
        self._aim = bound / 2
        self._a_member = 0.0
        self._best = float("inf")
        self.size = _FIRST
        self.rest = 0.0

    def tell(self, members: int, lots: int, seconds: float) -> None:
        """Learn from a step that let so many lots of so many members lapse, and held its locks for so long."""
        a_member = seconds / members
        self._a_member = max(a_member, self._a_member + (a_member - self._a_member) * _TRUST)
        wanted = self._aim / max(self._a_member, 1e-9)
        least = -(-FEW * members // max(lots, 1))
        self.size = max(1, min(max(int(wanted), least), int(self.size * _GROWTH), MOST))
        a_lot = seconds / max(lots, 1)
        slower = a_lot / max(self._best, 1e-9)
        self.rest = seconds * min(slower - 1, _MOST_REST) if lots >= FEW and slower > _USUAL else 0.0
        if lots >= FEW:
            self._best = min(self._best * _FORGETS, a_lot)
