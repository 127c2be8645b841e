"""When operators get a programme's figures, and over which days: in the programme's zone. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

Every = Literal["day", "week", "month"]
EVERY: tuple[Every, ...] = ("day", "week", "month")


def next_due(every: Every, hour: int, zone: tzinfo, after: datetime) -> datetime:
    """Return the first instant behind `after` at which figures are due: each day, on Mondays, or on the first."""
    day = after.astimezone(zone).date()
    while not (_begins(every, day) and (due := _at(day, hour, zone)) > after):
        day += timedelta(days=1)
    return due


def period_before(every: Every, zone: tzinfo, due: datetime) -> tuple[date, date]:
    """Return the first and the last day of what is told at a due instant: the day, week or month that is over."""
    last = due.astimezone(zone).date() - timedelta(days=1)
    if every == "day":
        return last, last
    if every == "week":
        return last - timedelta(days=6), last
    return last.replace(day=1), last


def span_of(days: tuple[date, date], zone: tzinfo) -> tuple[datetime, datetime]:
    """Return days as instants, the second one behind them."""
    return _at(days[0], 0, zone), _at(days[1] + timedelta(days=1), 0, zone)


def _begins(every: Every, day: date) -> bool:
    return every == "day" or (day.weekday() == 0 if every == "week" else day.day == 1)


def _at(day: date, hour: int, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
