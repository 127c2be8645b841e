"""The document's word on streaks: something is done in each of so many periods in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.history import Window, first_day
from libs.promotions.parts import Misplaced, Part

StreakPeriod = Literal["day", "week", "month", "quarter", "half_year", "year"]
_LONGEST: Mapping[StreakPeriod, int] = MappingProxyType(
    {"day": 1, "week": 7, "month": 31, "quarter": 92, "half_year": 184, "year": 366}
)
"""Days."""
_FARTHEST = 3_660
_DAY = timedelta(1)


class InARow(Part):
    """So many periods in a row, of one length each; a week begins on Monday, the others are those of the calendar.

    The period that holds the day counts as soon as it has what it takes, and breaks no streak before it is over.
    """

    periods: Annotated[int, Field(strict=True, ge=2, le=366)]
    of: StreakPeriod

    @model_validator(mode="after")
    def _within_reach(self) -> Self:
        if (self.periods + 1) * _LONGEST[self.of] > _FARTHEST:
            raise Misplaced("periods", f"a streak lies within {_FARTHEST} days")
        return self

    def first_day(self, day: date) -> date:
        """The first day of the period that holds a day."""
        return first_day(self.of, day)

    def next_first_day(self, day: date) -> date:
        """The first day of the period after the one that holds a day."""
        return self.first_day(self.first_day(day) + timedelta(_LONGEST[self.of]))

    def spans(self, today: date) -> Iterator[tuple[date, date]]:
        """The first and last days of the period that holds a day, then of as many before it, going back."""
        first, last = self.first_day(today), self.next_first_day(today) - _DAY
        for _ in range(self.periods + 1):
            yield first, last
            last = first - _DAY
            first = self.first_day(last)

    @property
    def window(self) -> Window:
        """The days that are looked at."""
        return Window(days=(self.periods + 1) * _LONGEST[self.of])
