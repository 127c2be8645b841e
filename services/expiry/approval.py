"""Sweeps that take a second person: what is too large for one, by the bounds of the programme. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from libs.promotions.lapsing import SweepApproval
from libs.sweeps.outlook import Worth, money
from libs.sweeps.preview import Share, totals

NO_BOUNDS = SweepApproval()


def worth_together(shares: Iterable[Share], worth: Worth) -> int | None:
    """What points are worth at most, in minor units; None where no wallet among them has a worth.

    Each wallet is rounded down once.
    """
    valued = [minor for one in totals(shares) if (minor := money(one.points, one.wallet, worth)) is not None]
    return sum(valued) if valued else None


def takes_two(shares: Iterable[Share], bounds: SweepApproval, worth: Worth) -> bool:
    """Whether what lapses is more than one person may let be written down."""
    found = tuple(shares)
    points = max([one.points for one in totals(found)], default=0)
    if bounds.above_points is not None and points > bounds.above_points:
        return True
    return bounds.above_minor is not None and (worth_together(found, worth) or 0) > bounds.above_minor
