"""Pending points: when what a policy holds back becomes active."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from libs.promotions.wallets import Pending, PendingDays, PendingEvent, PendingOnDays

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


def active_from(policy: Pending | None, earned_at: datetime, zone: tzinfo) -> datetime | None:
    """Tell when points earned at an aware instant become active by themselves, in UTC; None: at once.

    For `event` it is the deadline. A day of the month counts from its start in `zone`, and only when that lies after
    `earned_at`.
    """
    match policy:
        case None:
            return None
        case PendingDays(days=days) | PendingEvent(deadline_days=days):
            return earned_at.astimezone(UTC) + days * _DAY
        case PendingOnDays(days_of_month=days_of_month):
            starts = (start_of_day(day, zone) for day in _days_from(earned_at.astimezone(zone).date(), days_of_month))
            return next(start for start in starts if start > earned_at)


def activates_by(policy: Pending | None, activity: str) -> bool:
    """Tell whether an activity of this name makes points of the policy active before their deadline."""
    return isinstance(policy, PendingEvent) and activity in policy.activities


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the earliest instant, in UTC, after which no local time bears an older date.

    Where clocks skip midnight, the day begins with the jump; where they go back over midnight into the day before, with
    the second midnight; where they go back to midnight, with the first.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    one, other = (midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    later = max(one, other)
    return later if (later - _TICK).astimezone(zone).date() < day else min(one, other)


def _days_from(first: date, days_of_month: tuple[int, ...]) -> Iterator[date]:
    year, month = first.year, first.month
    while True:
        last = monthrange(year, month)[1]
        for day in sorted({min(day, last) for day in days_of_month}):
            yield date(year, month, day)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
