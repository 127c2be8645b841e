"""A frame as spans of instants: on which days a campaign runs at all, found once and not for every receipt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from libs.promotions.frames import DayRange, Frame
from libs.promotions.pending import start_of_day

BEGIN = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)

Span = tuple[datetime, datetime]
"""Half-open, in UTC."""


def spans(frame: Frame, zone: tzinfo) -> tuple[Span, ...]:
    """Return when a campaign may run, in order and apart from each other; weekdays and hours are not looked at.

    With a window over midnight, the early hours after each of its days are in it too.
    """
    found = [(frame.starts_at or BEGIN, frame.ends_at or END)]
    wanted = wanted_days(frame)
    if wanted is not None:
        extra = {day + timedelta(1) for day in wanted} if goes_over_midnight(frame) else set()
        found = _common(found, _runs(wanted | extra, zone))
    if frame.before_expiry is not None:
        found = _common(found, frame.before_expiry.spans(zone))
    barred = frozenset().union(*_barred(frame).values())
    if barred:
        found = _common(found, _gaps(_runs(barred, zone)))
    return tuple(found)


def within(frame: Frame, at: datetime) -> bool:
    """Tell whether an instant is between a frame's start (included) and end (not included), on whatever day."""
    return (frame.starts_at is None or frame.starts_at <= at) and (frame.ends_at is None or at < frame.ends_at)


def in_spans(found: Sequence[Span], at: datetime) -> bool:
    """Tell whether an instant lies in one of some spans."""
    place = bisect_right(found, at, key=_start)
    return place > 0 and at < found[place - 1][1]


def wanted_days(frame: Frame) -> frozenset[date] | None:
    """Return the days that `days`, `recurrence` and `holidays` agree on; None when the frame has none of them."""
    kinds = _wanted(frame)
    return frozenset.intersection(*kinds.values()) if kinds else None


def goes_over_midnight(frame: Frame) -> bool:
    """Tell whether a window of the frame ends on the day after it opened."""
    return any(hours.wraps for hours in (*([frame.hours] if frame.hours else ()), *frame.windows))


def why_not_at(frame: Frame, at: datetime, zone: tzinfo) -> str | None:
    """Name what keeps a campaign from running at an instant: a kind of days, else `frame`; None when it may run."""
    if in_spans(spans(frame, zone), at):
        return None
    day = at.astimezone(zone).date()
    barred = next((kind for kind, days in _barred(frame).items() if day in days), None)
    if barred is not None:
        return barred
    if frame.before_expiry is not None and not in_spans(frame.before_expiry.spans(zone), at):
        return "before_expiry"
    opened = {day, day - timedelta(1)} if goes_over_midnight(frame) else {day}
    return next((kind for kind, days in _wanted(frame).items() if opened.isdisjoint(days)), "frame")


def _wanted(frame: Frame) -> dict[str, frozenset[date]]:
    kinds: dict[str, Iterable[frozenset[date]]] = {
        "days": [_of_range(one) for one in frame.days],
        "recurrence": [rule.days() for rule in frame.recurrence],
        "holidays": [these.days() for these in frame.holidays],
    }
    return {kind: frozenset().union(*days) for kind, days in kinds.items() if days}


def _barred(frame: Frame) -> dict[str, frozenset[date]]:
    return {
        "blackouts": frozenset().union(*[_of_range(one) for one in frame.blackouts]),
        "not_holidays": frozenset().union(*[these.days() for these in frame.not_holidays]),
    }


def _of_range(days: DayRange) -> frozenset[date]:
    first, last = days.first_day, days.last_day or days.first_day
    return frozenset([first + timedelta(number) for number in range((last - first).days + 1)])


def _runs(days: Iterable[date], zone: tzinfo) -> list[Span]:
    """Return the spans that days fill, neighbours together."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and runs[-1][1] == day:
            runs[-1][1] = day + timedelta(1)
        else:
            runs.append([day, day + timedelta(1)])
    return [(start_of_day(first, zone), start_of_day(end, zone)) for first, end in runs]


def _gaps(found: Sequence[Span]) -> list[Span]:
    edges = [BEGIN, *(edge for one in found for edge in one), END]
    return [(since, until) for since, until in zip(edges[::2], edges[1::2], strict=True) if since < until]


def _common(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Return what two rows of spans share."""
    found = []
    for since, until in some:
        at = max(bisect_right(others, since, key=_start) - 1, 0)
        for other_since, other_until in others[at:]:
            if other_since >= until:
                break
            if max(since, other_since) < min(until, other_until):
                found.append((max(since, other_since), min(until, other_until)))
    return found


def _start(span: Span) -> datetime:
    return span[0]
