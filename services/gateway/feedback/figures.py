"""How a reward is liked: how many gave how many stars, and the mean of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

MOST = 5
"""The most stars that there are; one is the least."""


@dataclass(frozen=True, slots=True)
class Liking:
    """How often each number of stars was given, from one to five."""

    times: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    @property
    def count(self) -> int:
        """How many rated it."""
        return sum(self.times)

    @property
    def mean(self) -> Decimal | None:
        """The mean of all stars, to two decimals; None where nobody rated it."""
        if not self.count:
            return None
        whole = sum(stars * times for stars, times in enumerate(self.times, 1))
        return (Decimal(whole) / self.count).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def likings(rows: Iterable[tuple[str, int, int]]) -> Mapping[str, Liking]:
    """Sum up rows of a reward, stars, and how often they were given."""
    found: dict[str, list[int]] = {}
    for reference, stars, times in rows:
        found.setdefault(reference, [0] * MOST)[stars - 1] += times
    return {reference: Liking((a, b, c, d, e)) for reference, (a, b, c, d, e) in found.items()}
