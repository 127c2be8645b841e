"""What a member did on earlier days, and pure questions about it: how much in a window of days.

A history is as of the decision and does not hold the receipt that is judged. Its days are business days of the
programme's zone; a window that is not over ends with the day of the receipt, so what a late receipt finds after its own
day does not count.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, timedelta
from operator import attrgetter
from types import MappingProxyType
from typing import Literal

Period = Literal["month", "quarter", "half_year", "year"]

MONTHS_OF: Mapping[Period, int] = MappingProxyType({"month": 1, "quarter": 3, "half_year": 6, "year": 12})


def first_day(period: Period | Literal["day", "week", "ever"], day: date) -> date:
    """The first day of the period that holds a day: a week begins on Monday, and ever with the first day there is."""
    match period:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "ever":
            return date.min
    months = MONTHS_OF[period]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


@dataclass(frozen=True, slots=True)
class HistoryDay:
    """What a member did on one business day.

    `visits` are purchases that count; `spend_minor` what they cost in minor units of the programme's currency, less
    what came back of them; `points` what was earned over all wallets, each in its minor unit; `redemptions` how often
    points were turned into something. `categories` shares the spend out by category, one entry each.
    """

    day: date
    visits: int = 0
    spend_minor: int = 0
    points: int = 0
    categories: tuple[tuple[str, int], ...] = ()
    redemptions: int = 0

    def spend_in(self, category: str) -> int:
        """Return the spend of one category, in minor units."""
        return sum([spend for name, spend in self.categories if name == category])


@dataclass(frozen=True, slots=True)
class History:
    """The days of a member, sorted, none twice, those without anything left out.

    Days older than every window that a programme asks for may be summed up into one, dated as the last purchase among
    them: what was done ever, and when last, stays as it is.
    """

    days: tuple[HistoryDay, ...] = ()

    def last_visit(self, today: date) -> date | None:
        """Return the latest day up to `today` with a purchase; None when there is none."""
        return next((one.day for one in reversed(self.until(today)) if one.visits > 0), None)

    def until(self, today: date) -> tuple[HistoryDay, ...]:
        """Return the days up to `today`."""
        return self.days[: bisect_right(self.days, today, key=_day)]

    def within(self, window: Window, today: date) -> tuple[HistoryDay, ...]:
        """Return the days that lie in a window seen from `today`."""
        first, last = window.span(today)
        return self.days[bisect_left(self.days, first, key=_day) : bisect_right(self.days, last, key=_day)]

    def added(self, done: HistoryDay) -> History:
        """Return the history with one more thing done, summed up with what its day already holds."""
        at = bisect_left(self.days, done.day, key=_day)
        here = self.days[at : at + 1]
        if not here or here[0].day != done.day:
            return History((*self.days[:at], done, *self.days[at:]))
        return History((*self.days[:at], _sum(here[0], done), *self.days[at + 1 :]))


@dataclass(frozen=True, slots=True)
class Window:
    """Which days count, seen from a day: the last `days` or `months` of them, a calendar `period`, or all.

    The last 30 days are that day and the 29 before. The last 12 months begin on the day after the same day of the
    month a year ago. A period is the one that holds the day, or the one so many periods `back`.
    """

    days: int | None = None
    months: int | None = None
    period: Period | None = None
    back: int = 0

    def span(self, today: date) -> tuple[date, date]:
        """Return the first and the last day of the window, both included."""
        if self.days is not None:
            return _before(today, self.days - 1), today
        if self.months is not None:
            return _after(same_day(today, -self.months)), today
        if self.period is None:
            return date.min, today
        step = MONTHS_OF[self.period]
        first = same_day(first_day(self.period, today), -self.back * step)
        return first, min(today, _before(same_day(first, step), 1))

    @property
    def reach(self) -> int | None:
        """How many days back it may ask for, the day itself included; None: all there are."""
        if self.days is not None:
            return self.days
        if self.months is not None:
            return -(-self.months * 366 // 12) + 3  # months differ by up to three days
        if self.period is None:
            return None
        return -(-MONTHS_OF[self.period] * (self.back + 1) * 366 // 12) + 31


EVER = Window()


@dataclass(frozen=True, slots=True)
class Totals:
    """What some days add up to; `spend_minor` in minor units."""

    visits: int = 0
    spend_minor: int = 0
    points: int = 0
    redemptions: int = 0
    categories: Mapping[str, int] = field(default_factory=dict)


def totals(days: tuple[HistoryDay, ...]) -> Totals:
    """Add up days."""
    spend: dict[str, int] = {}
    for one in days:
        for name, minor in one.categories:
            spend[name] = spend.get(name, 0) + minor
    return Totals(
        sum([one.visits for one in days]),
        sum([one.spend_minor for one in days]),
        sum([one.points for one in days]),
        sum([one.redemptions for one in days]),
        spend,
    )


def same_day(day: date, months: int) -> date:
    """Return the same day of the month so many months later; the last one of a month that is too short.

    Beyond the years that a date can have it is the first or the last of all days.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year < 1:
        return date.min
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _sum(one: HistoryDay, other: HistoryDay) -> HistoryDay:
    both = totals((one, other))
    return HistoryDay(
        one.day, both.visits, both.spend_minor, both.points, tuple(both.categories.items()), both.redemptions
    )


def _before(day: date, days: int) -> date:
    return date.fromordinal(max(day.toordinal() - days, 1))


def _after(day: date) -> date:
    return day if day == date.min else day + timedelta(1)


_day = attrgetter("day")
