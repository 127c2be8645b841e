"""What a tier set counts, seen from a day: which days lie in its window, and how far a member has come. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from libs.history.days import ACTIVITY, TIER, WALLET, MemberDays, Sum
from libs.promotions.history import EVER, MONTHS_OF, Window, same_day
from libs.promotions.tiers import CalendarWindow, Level, RollingWindow, TierSet

NOWHERE = -1
"""Below the lowest level."""


class Progress(NamedTuple):
    """How much of what a level needs there is: `what` is counted, `done` of it is there, `least` is needed."""

    what: str
    done: int
    least: int

    @property
    def met(self) -> bool:
        """Whether there is enough of it."""
        return self.done >= self.least


def span(tiers: TierSet, today: date, enrolled_on: date) -> tuple[date, date]:
    """The first and the last day of the set's window, seen from a day."""
    match tiers.window:
        case RollingWindow(days=days, months=months):
            return Window(days=days, months=months).span(today)
        case CalendarWindow(period=period):
            return Window(period=period).span(today)
        case window if window.kind == "membership_year":
            return _anniversary(enrolled_on, today), today
    return EVER.span(today)


def window_ends(tiers: TierSet, today: date, enrolled_on: date) -> date | None:
    """The last day of the window that begins anew with a period; None for one that does not."""
    match tiers.window:
        case CalendarWindow(period=period):
            first, _ = Window(period=period).span(today)
            return same_day(first, MONTHS_OF[period]) - timedelta(1)
        case window if window.kind == "membership_year":
            return same_day(_anniversary(enrolled_on, today), 12) - timedelta(1)
    return None


def progress(tiers: TierSet, level: Level, days: MemberDays, today: date, enrolled_on: date) -> tuple[Progress, ...]:
    """How far a member has come towards a level, or more than that; empty where it needs nothing."""
    if level.needs is None:
        return ()
    done = days.within(*span(tiers, today, enrolled_on))
    return tuple([Progress(what, _count(tiers, done, what), least) for what, least in level.needs.asked])


def tier_points(tiers: TierSet, days: MemberDays, today: date, enrolled_on: date) -> int | None:
    """The tier points that count, seen from a day; None where no level asks for any."""
    if all(level.needs is None or level.needs.tier_points is None for level in tiers.levels):
        return None
    return _count(tiers, days.within(*span(tiers, today, enrolled_on)), "tier_points")


def best(tiers: TierSet, days: MemberDays, today: date, enrolled_on: date) -> int:
    """The place of the highest level that is met, seen from a day; `NOWHERE` when none is."""
    done = days.within(*span(tiers, today, enrolled_on))
    for place in range(len(tiers.levels) - 1, -1, -1):
        needs = tiers.levels[place].needs
        if needs is None:
            return place
        met = [_count(tiers, done, what) >= least for what, least in needs.asked]
        if all(met) if tiers.match == "all" else any(met):
            return place
    return NOWHERE


def turns(tiers: TierSet, days: MemberDays, after: date, enrolled_on: date) -> Iterator[date]:
    """The days after one on which something leaves the window, in order: nothing else lowers what is met."""
    leaving = {_leaves(tiers, one.day, enrolled_on) for one in days.days}
    yield from sorted(day for day in leaving if day is not None and day > after)


def _leaves(tiers: TierSet, day: date, enrolled_on: date) -> date | None:
    """The first day from which a day is seen no more."""
    match tiers.window:
        case RollingWindow(days=int(days)):
            return day + timedelta(days)
        case RollingWindow(months=int(months)):
            found = same_day(day, months)
            while span(tiers, found, enrolled_on)[0] <= day:
                found += timedelta(1)
            return found
    ends = window_ends(tiers, day, enrolled_on)
    return None if ends is None else ends + timedelta(1)


def _anniversary(enrolled_on: date, today: date) -> date:
    """The last day of enrolment, in whatever year, up to a day."""
    years = today.year - enrolled_on.year
    found = same_day(enrolled_on, 12 * years)
    return found if found <= today else same_day(enrolled_on, 12 * (years - 1))


def _count(tiers: TierSet, done: Sum, what: str) -> int:
    match what:
        case "points" if tiers.wallets:
            return sum([done.parts.get(WALLET + wallet, 0) for wallet in tiers.wallets])
        case "points":
            return done.points
        case "spend_minor":
            return done.spend_minor
        case "visits":
            return done.visits
        case "tier_points":
            return done.parts.get(TIER + tiers.name, 0)
    return sum([done.parts.get(ACTIVITY + activity, 0) for activity in tiers.activities])
