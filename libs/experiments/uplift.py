"""What an arm brings above the control group, and how sure that is. Pure.

Fractions are for eyes, no decision uses them.

The members of an arm are a random sample, whatever they bought. Means of all of them are compared, also of who bought
nothing, since whether somebody comes at all may be what an incentive changes. The relative difference of two means has
by the delta method the variance of its linear part, and with some hundred members a normal distribution; with several
arms each interval is wider (Bonferroni), so that all of them hold together with 95 percent.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

CONFIDENCE = 0.95
FEW = 100
"""With fewer members who bought in one of the two groups nothing is said."""

Verdict = Literal["too-few", "no-difference", "more", "less"]


@dataclass(frozen=True, slots=True)
class Sample:
    """What the members of an arm add up to: how many there are, the sum of a figure over them, and of its squares."""

    members: int
    total: int
    squares: int

    @property
    def mean(self) -> float:
        """The figure a member."""
        return self.total / self.members if self.members else 0.0

    @property
    def variance_of_mean(self) -> float:
        """How far the mean of such a sample lies from that of all members, squared."""
        if self.members < 2:
            return 0.0
        spread = self.squares * self.members - self.total**2  # exact, before anything is divided
        return spread / (self.members * (self.members - 1)) / self.members


@dataclass(frozen=True, slots=True)
class Uplift:
    """An arm's mean above that of the control group, as a part of the latter (0.05: five percent), between two bounds.

    All three are None where there is too little to say anything.
    """

    verdict: Verdict
    relative: float | None = None
    low: float | None = None
    high: float | None = None


def compare(arm: Sample, control: Sample, buyers: int, arms: int = 1) -> Uplift:
    """Compare an arm with the control group; `buyers` is how many members of the smaller of both bought anything.

    `arms` is how many arms are compared with it.
    """
    if buyers < FEW or control.total <= 0:
        return Uplift("too-few")
    ratio = arm.mean / control.mean
    variance = (arm.variance_of_mean + ratio**2 * control.variance_of_mean) / control.mean**2
    reach = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / arms / 2) * sqrt(variance)
    relative = ratio - 1
    low, high = relative - reach, relative + reach
    verdict: Verdict = "more" if low > 0 else "less" if high < 0 else "no-difference"
    return Uplift(verdict, relative, low, high)
