"""The days on which a campaign may pay at some time: its frame with weekdays and hours, as local days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from libs.promotions.conditions import WEEKDAYS
from libs.promotions.days import Span, goes_over_midnight, in_spans, spans, wanted_days
from libs.promotions.frames import Frame, Hours, Weekday
from libs.promotions.pending import start_of_day

_DAY = timedelta(1)
_TICK = timedelta(microseconds=1)
_WHOLE_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class DayRun:
    """Days that follow each other, the first and the last included."""

    first: date
    last: date


def open_days(frame: Frame, zone: tzinfo, between: Span) -> tuple[date, ...]:
    """Return, in order, the local days on which a campaign may pay at some instant of a half-open span.

    A window that goes over midnight belongs to the day on which it opened. A day on which clocks skip the whole window
    is none.
    """
    found = [(max(since, between[0]), min(until, between[1])) for since, until in spans(frame, zone)]
    found = [span for span in found if span[0] < span[1]]
    windows = _windows(frame)
    if not windows:
        return tuple(sorted({day for span in found for day in _days_of(span, zone)}))
    before = _DAY if goes_over_midnight(frame) else timedelta()
    wanted = wanted_days(frame)
    days = sorted({day for since, until in found for day in _days_of((since, until), zone, before)})
    return tuple(
        day
        for day in days
        if (wanted is None or day in wanted) and any(_opens(window, day, zone, found) for window in windows)
    )


def day_runs(days: Iterable[date]) -> tuple[DayRun, ...]:
    """Join days that follow each other; they come in order."""
    runs: list[DayRun] = []
    for day in days:
        if runs and runs[-1].last + _DAY >= day:
            runs[-1] = DayRun(runs[-1].first, day)
        else:
            runs.append(DayRun(day, day))
    return tuple(runs)


@dataclass(frozen=True, slots=True)
class _Window:
    """Local minutes of the day, and the weekdays (0 is Monday) on which it opens."""

    since: int
    until: int
    weekdays: frozenset[int]

    def holds(self, local: datetime, opened: date) -> bool:
        """Tell whether a local time lies in the window that opened on a day."""
        minute, day = local.hour * 60 + local.minute, local.date()
        if self.since < self.until:
            return day == opened and self.since <= minute < self.until
        return (day == opened and minute >= self.since) or (day == opened + _DAY and minute < self.until)


def _windows(frame: Frame) -> list[_Window]:
    """The windows of a frame; none where it says nothing of weekdays and hours."""
    if frame.windows:
        return [_window(one, frame.weekdays, one.weekdays) for one in frame.windows]
    return [_window(frame.hours, frame.weekdays)] if frame.hours or frame.weekdays else []


def _window(hours: Hours | None, *weekdays: tuple[Weekday, ...]) -> _Window:
    since, until = (0, _WHOLE_DAY) if hours is None else (_minutes(hours.from_), _minutes(hours.to))
    named = [frozenset(map(WEEKDAYS.index, names)) for names in weekdays if names]
    return _Window(since, until, frozenset(range(7)).intersection(*named))


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _opens(window: _Window, day: date, zone: tzinfo, found: list[Span]) -> bool:
    if day.weekday() not in window.weekdays:
        return False
    closes = day + _DAY if window.since > window.until else day
    begins, ends = _instants(day, window.since, zone), _instants(closes, window.until, zone)
    first, last = min(begins), max(ends)
    tried = [*begins, *(end - _TICK for end in ends), *(since for since, _ in found if first <= since < last)]
    return any(in_spans(found, at) and window.holds(at.astimezone(zone), day) for at in tried)


def _instants(day: date, minute: int, zone: tzinfo) -> list[datetime]:
    """Both instants that a local time may be, where clocks go back; else twice the same."""
    if minute == _WHOLE_DAY:
        return [start_of_day(day + _DAY, zone)]
    if minute == 0:
        return [start_of_day(day, zone)]
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    utc = start_of_day(day, zone).tzinfo
    return [local.replace(fold=fold).astimezone(utc) for fold in (0, 1)]


def _days_of(span: Span, zone: tzinfo, before: timedelta = timedelta()) -> Iterator[date]:
    day, last = span[0].astimezone(zone).date() - before, (span[1] - _TICK).astimezone(zone).date()
    while day <= last:
        yield day
        day += _DAY
