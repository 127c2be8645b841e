"""Quiet hours: when somebody may be written to next, by the clock on their wall. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAYS = 3
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Local times from which and until which nobody is written to; the same twice means never. It may span midnight."""

    since: time
    until: time

    def covers(self, wall: time) -> bool:
        """Whether a clock that shows this shows a quiet time."""
        if self.since <= self.until:
            return self.since <= wall < self.until
        return wall >= self.since or wall < self.until


def next_decent(now: datetime, quiet: Quiet, zone: tzinfo) -> datetime:
    """Return `now`, or the first instant behind it at which the clock of a zone shows no quiet time, in UTC.

    An hour that the clocks show twice is judged as often as they show it; one that they skip is over when they have.
    """
    if not quiet.covers(_wall(now, zone)):
        return now
    today = now.astimezone(zone).date()
    candidates = [at for day in range(_DAYS) for at in _openings(today + timedelta(day), quiet.until, zone)]
    candidates += _changes(now, candidates, zone)
    return min(at for at in candidates if at > now and not quiet.covers(_wall(at, zone)))


def _wall(at: datetime, zone: tzinfo) -> time:
    return at.astimezone(zone).time()


def _openings(day: date, opens: time, zone: tzinfo) -> Iterator[datetime]:
    """Both instants at which the clocks may show an hour of a day; where they skip it, neither shows it."""
    for fold in (0, 1):
        yield datetime.combine(day, opens, zone).replace(fold=fold).astimezone(UTC)


def _changes(now: datetime, until: list[datetime], zone: tzinfo) -> Iterator[datetime]:
    """The instants at which the clocks are put on or back, within the days that are looked at."""
    before = now
    for hour in range(1, int((max(until) - now) / timedelta(hours=1)) + 2):
        after = now + timedelta(hours=hour)
        if _offset(before, zone) != _offset(after, zone):
            yield _change(before, after, zone)
        before = after


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second between two instants from which the clocks go as at the second."""
    goes = _offset(after, zone)
    low, high = 0, int((after - before) / _SECOND) + 1
    while low < high:
        middle = (low + high) // 2
        if _offset(before + middle * _SECOND, zone) == goes:
            high = middle
        else:
            low = middle + 1
    return (before + low * _SECOND).replace(microsecond=0)


def _offset(at: datetime, zone: tzinfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
