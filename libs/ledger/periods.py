"""When periods end, by the local calendar: natural ones, the days of every year, and lists of days. No zones here."""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

DAY = timedelta(days=1)
_LONGEST = timedelta(days=1_500)


class Rhythm(Protocol):
    """Periods that follow one another without a gap."""

    def end_of(self, day: date) -> date:
        """The last day of the period that a local day lies in."""


class Period(StrEnum):
    """A natural period of the calendar; each begins with the first day of a month."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months the period lasts."""
        return _MONTHS[self]

    def end_of(self, day: date) -> date:
        """The last day of the period that a local day lies in."""
        return self.end_after(day)

    def end_after(self, day: date, more: int = 0, first_month: int = 1) -> date:
        """The last day of the period that lies `more` behind that of a day, where years begin in `first_month`."""
        shift = first_month - 1
        index = (day.year * 12 + day.month - 1 - shift) // self.months + more
        year, month = divmod((index + 1) * self.months + shift, 12)
        return date(year, month + 1, 1) - DAY


_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.HALF_YEAR: 6, Period.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Fiscal:
    """Natural periods of years that begin with the first day of a month."""

    period: Period
    first_month: int

    def end_of(self, day: date) -> date:
        """The last day of the period that a local day lies in."""
        return self.period.end_after(day, 0, self.first_month)


@dataclass(frozen=True, slots=True)
class EveryDay:
    """Each day is a period."""

    def end_of(self, day: date) -> date:
        """The day itself."""
        return day


@dataclass(frozen=True, slots=True)
class Yearly:
    """Periods end on the same days of every year, as (month, day) in order; 29 February is the 28th in other years."""

    days: tuple[tuple[int, int], ...]

    def end_of(self, day: date) -> date:
        """The last day of the period that a local day lies in."""
        for year in (day.year, day.year + 1):
            for month, number in self.days:
                end = on_day(year, month, number)
                if end >= day:
                    return end
        raise AssertionError("every year has the days")


@dataclass(frozen=True, slots=True)
class Listed:
    """Periods end on the days of a list, in order; behind the last of them, on its day of every year."""

    days: tuple[date, ...]

    def end_of(self, day: date) -> date:
        """The last day of the period that a local day lies in."""
        at = bisect_left(self.days, day)
        return self.days[at] if at < len(self.days) else return_of(self.days[-1], day)


def return_of(kept: date, day: date) -> date:
    """The first day no earlier than `day` that is a whole number of years behind `kept`."""
    return Yearly(((kept.month, kept.day),)).end_of(day)


def on_day(year: int, month: int, number: int) -> date:
    """A day of a month, or its last one where it has fewer."""
    return date(year, month, min(number, monthrange(year, month)[1]))


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has fewer days."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return on_day(year, month + 1, day.day)


def begin_of(rhythm: Rhythm, last_day: date) -> date:
    """The first day of the period that ends with a day; of what is longer than some years, the first of those."""
    early, late = last_day - _LONGEST, last_day
    while late - early > DAY:
        middle = early + (late - early) // 2
        early, late = (early, middle) if rhythm.end_of(middle) == last_day else (middle, late)
    return late


def written(rhythm: Rhythm) -> str:
    """A rhythm as text, for `rhythm_of`; every day is rounded to the month, where nothing shall go on day by day."""
    match rhythm:
        case Period():
            return rhythm.value
        case Fiscal(period=period, first_month=first):
            return period.value if first == 1 else f"{period}/{first}"
        case Yearly(days=days):
            return f"{_YEARLY}{','.join([f'{month:02}-{day:02}' for month, day in days])}"
        case Listed(days=listed):
            return f"{_LISTED}{','.join([day.isoformat() for day in listed])}"
    return Period.MONTH.value


def rhythm_of(text: str) -> Rhythm:
    """The rhythm that `written` wrote.

    Raises:
        ValueError: it wrote no such text.
    """
    if text.startswith(_YEARLY):
        days = [date.fromisoformat(f"{_LEAP_YEAR}-{day}") for day in text.removeprefix(_YEARLY).split(",")]
        return Yearly(tuple([(day.month, day.day) for day in days]))
    if text.startswith(_LISTED):
        return Listed(tuple(map(date.fromisoformat, text.removeprefix(_LISTED).split(","))))
    name, _, first = text.partition("/")
    return Fiscal(Period(name), int(first)) if first else Period(name)


_YEARLY, _LISTED, _LEAP_YEAR = "yearly:", "on:", 2000
