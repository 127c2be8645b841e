"""Boundaries: the instant at which a period ends in a programme's zone, and the expiry date that follows from it.

The boundary of a period is the earliest instant after which no local time bears a date of that period. Local midnight
is not enough: it may not exist (clocks jump over it), exist twice, or be followed by an hour of the old date again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from libs.ledger.periods import Period, Rhythm
from libs.ledger.policies import ExpiryPolicy, LapsingPolicy, NaturalPeriod, Never
from libs.ledger.zones import tzdata_version

__all__ = [
    "Boundary",
    "ExpiryCalendar",
    "ExpiryPolicy",
    "NaturalPeriod",
    "Never",
    "Period",
    "boundary_after",
    "day_ends",
    "day_of",
    "expiry_of",
    "natural_expiry",
]

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# Since 1970 no zone has changed its offset twice within six days; a test holds that over the pinned data.
_STEP = timedelta(hours=6)
# What claims to be older was earned in the first period of 1900: the calendar's arithmetic stays inside its range.
_FIRST_INSTANT = datetime(1900, 1, 1, tzinfo=UTC)
# The days that instants of one month belong to, wherever they are: two before it and some after it.
_WINDOW = 37


@dataclass(frozen=True, slots=True)
class Boundary:
    """The end of a period.

    `instant` is UTC and the first that no longer belongs to the period; `local_date` is the period's last day ("valid
    to 31 March"); `zone` is the IANA name and `tzdata` the release of the zone data that it was computed with.
    """

    instant: datetime
    local_date: date
    zone: str
    tzdata: str


def boundary_after(moment: datetime | date, zone: ZoneInfo, rhythm: Rhythm) -> Boundary:
    """The first boundary after an aware instant, or the end of the period that a local date lies in.

    An instant belongs to the period whose boundary it lies before, even where its local date already names the next one
    (St. John's, 1 November 2009, the minute before the clocks went back into October).
    """
    day = day_of(moment, zone) if isinstance(moment, datetime) else moment
    return _boundary(rhythm.end_of(day), zone)


@lru_cache(maxsize=4_096)
def day_ends(day: date, zone: ZoneInfo) -> datetime:
    """The earliest instant after which no local time bears this date or one before it."""
    return _end_of_old_dates(day + _DAY, zone)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The local day that an aware instant belongs to: the first that has not ended; what is older counts as of 1900."""
    instant = max(instant, _FIRST_INSTANT)
    day = instant.astimezone(zone).date()
    return day - _DAY if instant < day_ends(day - _DAY, zone) else day


def natural_expiry(earned_at: datetime, zone: ZoneInfo, policy: NaturalPeriod) -> Boundary:
    """When a lot earned at this aware instant lapses under `policy`; uncached, see `ExpiryCalendar` for many."""
    return expiry_of(earned_at, zone, policy)


def expiry_of(earned_at: datetime, zone: ZoneInfo, policy: LapsingPolicy) -> Boundary:
    """The same under any policy by which points lapse."""
    return _boundary(policy.lapses_on(day_of(earned_at, zone)), zone)


class ExpiryCalendar:
    """The expiry dates of one policy in one zone, remembered by month, for the path that every receipt takes.

    Safe to share between threads: a month is computed whole before it is put into the table, and always the same.
    """

    __slots__ = ("_months", "policy", "zone")

    def __init__(self, zone: ZoneInfo, policy: ExpiryPolicy) -> None:
        self.zone = zone
        self.policy = policy
        self._months: dict[int, tuple[tuple[datetime, Boundary], ...]] = {}

    def expires_at(self, earned_at: datetime) -> Boundary | None:
        """When a lot earned at this aware instant lapses; None for never."""
        for period_end, expiry in self._months.get(earned_at.year * 12 + earned_at.month) or self._month_of(earned_at):
            if earned_at < period_end:
                return expiry
        return None

    def next_boundary(self, instant: datetime) -> Boundary | None:
        """The first boundary of the policy after an aware instant, whatever was earned when; None for never."""
        if isinstance(self.policy, Never):
            return None
        return boundary_after(instant, self.zone, self.policy)

    def _month_of(self, instant: datetime) -> tuple[tuple[datetime, Boundary], ...]:
        """All (end of days, expiry) pairs that an instant dated in this month, at any UTC offset, may need."""
        if isinstance(self.policy, Never):
            return ()
        asked = instant
        instant = max(instant, _FIRST_INSTANT)
        first = date(instant.year, instant.month, 1) - 2 * _DAY
        days = [first + step * _DAY for step in range(_WINDOW)]
        lapses = [self.policy.lapses_on(day) for day in days]
        pairs = [
            (day_ends(day, self.zone), _boundary(lapse, self.zone))
            for day, lapse, following in zip(days, lapses, [*lapses[1:], None], strict=True)
            if lapse != following
        ]
        return self._months.setdefault(asked.year * 12 + asked.month, tuple(pairs))


def _boundary(last_day: date, zone: ZoneInfo) -> Boundary:
    return Boundary(day_ends(last_day, zone), last_day, zone.key, tzdata_version(zone))


def _end_of_old_dates(next_day: date, zone: ZoneInfo) -> datetime:
    """The earliest instant after which local time never again shows a date before `next_day`.

    While the offset stays the same, old dates are shown until midnight by that offset or until the offset changes,
    whichever comes first; the last such moment of any stretch is the boundary. One day around midnight UTC is enough,
    since offsets are shorter than a day.
    """
    midnight = datetime(next_day.year, next_day.month, next_day.day, tzinfo=UTC)
    return max(
        min(end, midnight - offset)
        for start, end, offset in _stretches(midnight - _DAY, midnight + _DAY, zone)
        if start < midnight - offset
    )


def _stretches(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut [start, end) into (start, end, offset) stretches of one UTC offset each."""
    while start < end:
        step_end = min(start + _STEP, end)
        offset = _offset(start, zone)
        change = step_end if _offset(step_end, zone) == offset else _offset_change(start, step_end, zone)
        yield start, change, offset
        start = change


def _offset_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant between the two at which the zone leaves the offset of the first, to the second."""
    offset = _offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    return after


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).replace(tzinfo=UTC) - instant
