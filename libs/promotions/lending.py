"""The document's word on points that are lent: to whom, how many at most, for which fee, and how they are repaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from libs.promotions.parts import Name, Part, Positive, Timed


class LoanTerms(Timed):
    """By which terms points are lent to members of some levels.

    So many may be lent at `most` at a time, fees included. The fee is `fee_percent` of what is lent, in points.
    `repays_percent` of each later credit repays it; what is left `days` later, at the end of the day, is owed.
    """

    most: Positive
    repays_percent: Annotated[int, Field(strict=True, ge=1, le=100)]
    days: Annotated[int, Field(strict=True, ge=1, le=3_660)]
    fee_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 0

    def fee(self, points: int) -> int:
        """What it costs to be lent so many points; a part of a point counts whole."""
        return -(-points * self.fee_percent // 100)

    def left(self, lent: int) -> int:
        """How many points may still be lent to whom so much is lent already."""
        return max(0, self.most - lent) * 100 // (100 + self.fee_percent)


class Lending(Part):
    """Points that are lent: the first terms that fit hold; so many at least and in which steps."""

    wallet: Name | None = None
    terms: Annotated[tuple[LoanTerms, ...], Field(min_length=1, max_length=64)]
    min_points: Positive = 1
    step: Positive = 1

    def terms_for(self, tier: str | None, at: datetime) -> LoanTerms | None:
        """The terms for a member of this level at an instant; None when none fit."""
        return next((each for each in self.terms if each.fits(tier, at)), None)

    def left(self, terms: LoanTerms, lent: int) -> int:
        """How many points may be lent now, in steps; 0 where that is fewer than the least."""
        points = terms.left(lent) // self.step * self.step
        return points if points >= self.min_points else 0

    def tiers(self) -> Iterator[tuple[str, Sequence[str]]]:
        """The levels that its terms name, with the path of each below it."""
        for at, each in enumerate(self.terms):
            yield f"terms[{at}]", each.tiers
