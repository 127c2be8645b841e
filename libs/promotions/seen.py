"""What a decision saw of a member's history, short enough to be kept with it.

A receipt is judged again, by the facts of its first time, whenever something of it comes back; and whoever asks for the
reason later must find what was known then. Days that no window of the programme tells apart are summed up into one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

import msgspec

from libs.promotions.history import History, HistoryDay, Window, totals


class SeenDay(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A `HistoryDay` as it is stored; amounts in minor units."""

    day: date
    visits: int = 0
    spend_minor: int = 0
    points: int = 0
    categories: tuple[tuple[str, int], ...] = ()
    redemptions: int = 0


Seen = tuple[SeenDay, ...]


def condense(history: History, windows: Iterable[Window], today: date) -> Seen:
    """Sum up the days up to `today` as far as none of the windows, seen from it, can tell.

    Every window gives the same totals of `as_history` of it as of the history, and the last visit is the same.
    """
    borders = {date.min}
    for window in windows:
        first, last = window.span(today)
        borders |= {first, last if last == date.max else last + timedelta(1)}
    ordered = sorted(borders)
    spans = groupby(history.until(today), key=lambda one: bisect_right(ordered, one.day))
    return tuple([_summed(tuple(days)) for _, days in spans])


def as_history(seen: Seen | None) -> History | None:
    """Return what was seen as the engine takes it; None where nothing had been loaded."""
    return None if seen is None else History(tuple([HistoryDay(*_fields(one)) for one in seen]))


def _summed(days: tuple[HistoryDay, ...]) -> SeenDay:
    found = totals(days)
    day = next((one.day for one in reversed(days) if one.visits > 0), days[-1].day)
    categories = tuple([each for each in sorted(found.categories.items()) if each[1]])
    return SeenDay(day, found.visits, found.spend_minor, found.points, categories, found.redemptions)


def _fields(one: SeenDay) -> tuple[date, int, int, int, tuple[tuple[str, int], ...], int]:
    return one.day, one.visits, one.spend_minor, one.points, one.categories, one.redemptions
