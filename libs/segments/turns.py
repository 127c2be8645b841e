"""When time alone may change what a condition finds: instants after one, and no others. Pure.

What lies in a window leaves it, or comes into it, on days that follow from the days on which something was done; points
become spendable and lapse at instants of theirs. Nothing else is moved by time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from operator import attrgetter

from libs.history.days import MemberDay, MemberDays
from libs.ledger.boundary import day_ends
from libs.promotions.history import Window
from libs.promotions.known import in_year
from libs.promotions.segments import (
    AnniversaryNear,
    Balance,
    BirthdayNear,
    Counted,
    Criterion,
    EnrolledSince,
    Recency,
    window_of,
)
from libs.promotions.streaks import InARow
from libs.segments.known import Known, Rules

_DAY = timedelta(1)
_day = attrgetter("day")


def turns(rules: Rules, known: Known, after: datetime, until: datetime) -> list[datetime]:
    """The instants after one, up to another, at which time may change who is in which segment; in order."""
    today, last = rules.day(after), rules.day(until)
    days: set[date] = set()
    instants: set[datetime] = set()
    for criterion in rules.criteria:
        if isinstance(criterion, Balance):
            instants.update(_of_points(known))
        else:
            days.update(day for day in _days(criterion, known, today, last) if today < day <= last)
    instants.update(day_ends(day - _DAY, rules.zone) for day in days)
    return sorted(at for at in instants if after < at <= until)


def _of_points(known: Known) -> Iterator[datetime]:
    for one in known.points:
        yield one.since
        if one.until is not None:
            yield one.until


def _days(criterion: Criterion, known: Known, today: date, last: date) -> Iterator[date]:
    match criterion:
        case Recency(min_days=least, max_days=most):
            for day in _last_purchases(known.days, today):
                yield from _since(day, least, most)
        case EnrolledSince(min_days=least, max_days=most):
            yield from _since(known.enrolled_on, least, most)
        case AnniversaryNear():
            yield from _around((known.enrolled_on.month, known.enrolled_on.day), criterion, today)
        case BirthdayNear():
            if known.birthday is not None:
                yield from _around(known.birthday, criterion, today)
        case Counted(in_a_row=InARow() as streak):
            yield from _of_streak(streak, known.days, today, last)
        case _:
            window = window_of(criterion)
            if window is not None:
                yield from _of_window(window, known.days, today, last)


def _last_purchases(days: MemberDays, today: date) -> Iterator[date]:
    """The last day with a purchase up to a day, and those after it."""
    for one in reversed(days.days):
        if one.done.visits > 0:
            yield one.day
            if one.day <= today:
                return


def _since(day: date, least: int | None, most: int | None) -> Iterator[date]:
    """A number of days comes to a bound, or passes it; before the day itself there is no number."""
    yield day
    for days in (least, None if most is None else most + 1):
        if days is not None and days <= (date.max - day).days:
            yield day + timedelta(days)


def _around(month_day: tuple[int, int], asked: BirthdayNear | AnniversaryNear, today: date) -> Iterator[date]:
    for year in (today.year - 1, today.year, today.year + 1):
        day = in_year(month_day, year)
        yield day - timedelta(asked.days_before)
        yield day + timedelta(asked.days_after + 1)


def _of_window(window: Window, days: MemberDays, today: date, last: date) -> Iterator[date]:
    """The days on which something comes into a window, or leaves it."""
    here, day = window.span(today), today
    while day < last:
        day += _DAY
        there = window.span(day)
        if _lies_in(days.days, here[0], _before(there[0])) or _lies_in(days.days, here[1] + _DAY, there[1]):
            yield day
        here = there


def _of_streak(streak: InARow, days: MemberDays, today: date, last: date) -> Iterator[date]:
    """The days on which a period begins, and those ahead on which something was done."""
    yield from [one.day for one in days.days[bisect_right(days.days, today, key=_day) :]]
    day = streak.next_first_day(today)
    while day <= last:
        yield day
        day = streak.next_first_day(day)


def _lies_in(days: tuple[MemberDay, ...], first: date, last: date) -> bool:
    return first <= last and bisect_left(days, first, key=_day) < bisect_right(days, last, key=_day)


def _before(day: date) -> date:
    return day if day == date.min else day - _DAY
