"""Sweeps that take a second person: what is too large for one, by the bounds of the programme. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from libs.promotions.lapsing import SweepApproval
from libs.sweeps.preview import Share, totals

NO_BOUNDS = SweepApproval()


def worth_of(shares: Iterable[Share], worth: Mapping[str, tuple[int, int]]) -> int | None:
    """What points are worth at most, in minor units; None where no wallet among them has a worth.

    `worth` says by wallet that so many points are worth so much. Each wallet is rounded down once.
    """
    valued = [one for one in totals(shares) if one.wallet in worth]
    if not valued:
        return None
    return sum(one.points * worth[one.wallet][1] // worth[one.wallet][0] for one in valued)


def takes_two(shares: Iterable[Share], bounds: SweepApproval, worth: Mapping[str, tuple[int, int]]) -> bool:
    """Whether what lapses is more than one person may let be written down."""
    found = tuple(shares)
    points = max([one.points for one in totals(found)], default=0)
    if bounds.above_points is not None and points > bounds.above_points:
        return True
    return bounds.above_minor is not None and (worth_of(found, worth) or 0) > bounds.above_minor
