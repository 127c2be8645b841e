"""Expiry policies: on which local day points lapse that were earned on another. No zones here.

A policy is also a rhythm: `end_of` gives the first of its boundaries no earlier than a day, whatever was earned when.
Each may promise a minimum life, `at_least_days`: what would lapse sooner lapses at the policy's next boundary after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from libs.ledger.periods import DAY, EveryDay, Listed, Period, Rhythm, months_after, return_of


@dataclass(frozen=True, slots=True)
class Never:
    """Points do not lapse."""


@dataclass(frozen=True, slots=True)
class NaturalPeriod:
    """Points live to the end of the period that they were earned in, and `extra_periods` whole periods longer.

    Years begin in `first_month`.
    """

    period: Period
    extra_periods: int = 0
    first_month: int = 1
    at_least_days: int = 0

    def lapses_on(self, day: date) -> date:
        """The last local day of points that were earned on a day."""
        own = self.period.end_after(day, self.extra_periods, self.first_month)
        return _kept(self, day, own, self.at_least_days)

    def end_of(self, day: date) -> date:
        """The policy's first boundary no earlier than a day."""
        return self.period.end_after(day, 0, self.first_month)


@dataclass(frozen=True, slots=True)
class CustomPeriods:
    """The same with periods of the company's own."""

    ends: Rhythm
    extra_periods: int = 0
    at_least_days: int = 0

    def lapses_on(self, day: date) -> date:
        """The last local day of points that were earned on a day."""
        own = self.ends.end_of(day)
        for _ in range(self.extra_periods):
            own = self.ends.end_of(own + DAY)
        return _kept(self, day, own, self.at_least_days)

    def end_of(self, day: date) -> date:
        """The policy's first boundary no earlier than a day."""
        return self.ends.end_of(day)


@dataclass(frozen=True, slots=True)
class Rolling:
    """Points live so many months and days, and on to the end of the period of `rounded_to` that the day lies in.

    Where that is every day there is no common boundary: what is carried, because it came too late for its own, goes to
    the end of the month. With `kept_alive` what members do moves the date, and this is the policy of what they do last.
    """

    months: int
    days: int
    rounded_to: Rhythm
    at_least_days: int = 0
    kept_alive: bool = False

    @property
    def scattered(self) -> bool:
        """Whether points may lapse on any day."""
        return isinstance(self.rounded_to, EveryDay)

    def lapses_on(self, day: date) -> date:
        """The last local day of points that were earned on a day."""
        own = self.rounded_to.end_of(months_after(day, self.months) + self.days * DAY)
        return max(own, self.rounded_to.end_of(day + self.at_least_days * DAY))

    def end_of(self, day: date) -> date:
        """The policy's first boundary no earlier than a day."""
        return Period.MONTH.end_of(day) if self.scattered else self.rounded_to.end_of(day)


@dataclass(frozen=True, slots=True)
class FixedDates:
    """Points earned up to a day lapse on another: `table` has both, in order.

    What is earned behind the last row lapses when the last date comes round again, a whole number of years later.
    """

    table: tuple[tuple[date, date], ...]
    at_least_days: int = 0

    def lapses_on(self, day: date) -> date:
        """The last local day of points that were earned on a day."""
        own = next((lapse for earned_to, lapse in self.table if day <= earned_to), None)
        return _kept(self, day, own or return_of(self.dates[-1], day), self.at_least_days)

    def end_of(self, day: date) -> date:
        """The policy's first boundary no earlier than a day."""
        return Listed(self.dates).end_of(day)

    @property
    def dates(self) -> tuple[date, ...]:
        """The days on which points lapse, in order, the first time round."""
        return tuple(sorted({lapse for _, lapse in self.table}))


LapsingPolicy = NaturalPeriod | CustomPeriods | Rolling | FixedDates
ExpiryPolicy = LapsingPolicy | Never
"""`libs.ledger.boundary.ExpiryCalendar` gives each its instants."""


def _kept(policy: Rhythm, day: date, own: date, at_least_days: int) -> date:
    least = day + timedelta(days=at_least_days)
    return own if own >= least else policy.end_of(least)
