"""Which level of a badge somebody has reached, and how far the next one is. Pure."""

from __future__ import annotations

from typing import NamedTuple

from libs.games.documents import Badge, BadgeLevel


class Progress(NamedTuple):
    """How often a badge was given, the level that this comes to, and the next one; None where there is none."""

    times: int
    level: BadgeLevel | None
    next: BadgeLevel | None

    @property
    def missing(self) -> int:
        """How often it is to be given until the next level."""
        return 0 if self.next is None else self.next.times - self.times


def progress(badge: Badge | None, times: int) -> Progress:
    """Tell how far somebody is who was given a badge so often."""
    levels = () if badge is None else badge.levels
    reached = [level for level in levels if level.times <= times]
    above = [level for level in levels if level.times > times]
    return Progress(times, reached[-1] if reached else None, above[0] if above else None)
