"""The decision: what a member did, where the member stands and an instant in; what becomes of the tier out. Pure.

What time has done comes first, in the order of its dates, then what was done. Asked again at once, it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from libs.history.days import MemberDays
from libs.ledger.boundary import Period, boundary_after, day_ends
from libs.promotions.history import same_day
from libs.promotions.tiers import ForMonths, TierSet, UntilPeriodEnd, WhileMet
from libs.tiers.windows import NOWHERE, best, turns, window_ends

Reason = Literal["earned", "period_ended", "not_kept", "returned", "given"]
_DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class TierStanding:
    """Where a member stands: the level (None: below the lowest), since when, and until when it holds (None: no end).

    It was reached as seen from the day `seen_on`. `given` says that figures did not bring it: a person named it, or it
    is where a member landed softly. `due_at` is when the clock must look again, `warned` the end that the member was
    told of ahead.
    """

    level: str | None
    since: datetime
    until: datetime | None
    seen_on: date
    given: bool = False
    due_at: datetime | None = None
    warned: datetime | None = None


class TierChange(NamedTuple):
    """A member came to stand elsewhere at an instant: `TierReached` when that is higher, `TierDropped` when not."""

    before: str | None
    after: TierStanding
    reason: Reason
    higher: bool


class Drop(NamedTuple):
    """What is ahead of a member whose level ends soon, if nothing is done: `to` follows when `grace_until` is over.

    `seen_on` is the day from which it is seen what there will be then of what the level needs.
    """

    level: str
    to: str | None
    until: datetime
    grace_until: datetime
    seen_on: date


@dataclass(frozen=True, slots=True)
class Rules:
    """A tier set as it is decided by, in a programme's zone."""

    tiers: TierSet
    zone: ZoneInfo

    def place(self, level: str | None) -> int | None:
        """The place of a level; None for a name that the set does not have."""
        if level is None:
            return NOWHERE
        return next((place for place, each in enumerate(self.tiers.levels) if each.name == level), None)

    def name(self, place: int) -> str | None:
        """The level at a place."""
        return None if place == NOWHERE else self.tiers.levels[place].name

    def day(self, at: datetime) -> date:
        """The business day of an instant."""
        return at.astimezone(self.zone).date()

    def holds_until(self, day: date) -> datetime | None:
        """Until when a level holds that was reached on a day; None: to no date that is known then."""
        match self.tiers.holds:
            case UntilPeriodEnd(period=period, extra_periods=extra):
                return _period_ends(day, self.zone, Period(period), extra)
            case ForMonths(months=months):
                return day_ends(same_day(day, months), self.zone)
        return None


class Decided(NamedTuple):
    """The standing after a decision, every change on the way to it, in order, and a drop to tell of ahead."""

    standing: TierStanding
    changes: tuple[TierChange, ...]
    ahead: Drop | None = None


class Decision:
    """Decides for one member by one set. `enrolled_on` begins membership years."""

    def __init__(self, rules: Rules, days: MemberDays, enrolled_on: date) -> None:
        self._rules = rules
        self._tiers = rules.tiers
        self._days = days
        self._enrolled_on = enrolled_on

    def decide(
        self, standing: TierStanding | None, now: datetime, *, done_on: date | None = None, lessened: bool = False
    ) -> Decided:
        """Bring the standing up to `now`.

        `done_on` is the day of something that was done and counts already; where it lies back, a level is reached also
        as seen from it. `lessened` says that something was taken back.
        """
        if standing is None:
            standing = TierStanding(None, now, None, self._rules.day(now))
        changes: list[TierChange] = []
        for change in self._by_time(standing, now):
            changes.append(change)
            standing = change.after
        for change in self._by_deeds(standing, now, done_on, lessened):
            changes.append(change)
            standing = change.after
        standing = self._dated(self._renewed(standing, now), now)
        moved = tuple([change for change in changes if change.before != change.after.level])
        drop = None if standing.warned == standing.until else self.ahead(standing, now)
        return Decided(standing if drop is None else replace(standing, warned=drop.until), moved, drop)

    def ahead(self, standing: TierStanding, now: datetime) -> Drop | None:
        """Look ahead from a standing of now: the drop that is near, as the set says, and nothing prevents so far."""
        here, until = self._place(standing), standing.until
        if here is None or standing.level is None or until is None or not self._is_near(until, now):
            return None
        earned = list(self._earned_by(until, until))
        place = max(earned)[0]
        if place >= here:
            return None
        to = max(place, here - 1) if self._tiers.drop == "by_one" else place
        return Drop(standing.level, self._rules.name(to), until, self._grace_ends(until), earned[0][1])

    def timeline(
        self, standing: TierStanding | None, now: datetime, until: datetime
    ) -> Iterator[tuple[datetime, str | None]]:
        """The level of now, and each that follows up to an instant if nothing is done, with when it begins."""
        standing = self.decide(standing, now).standing
        level = standing.level
        yield now, level
        for change in self._by_time(standing, until):
            if change.after.level != level:
                level = change.after.level
                yield change.after.since, level

    def give(self, standing: TierStanding | None, level: str, now: datetime) -> Decided:
        """Take a person's word for where a member stands, whether or not the set has such a level."""
        before = None if standing is None else standing.level
        day = self._rules.day(now)
        known = self._rules.place(level) is not None
        after = TierStanding(level, now, self._rules.holds_until(day) if known else None, day, given=True)
        was, here = self._rules.place(before), self._rules.place(level)
        higher = was is None or here is None or here > was
        return Decided(self._dated(after, now), (TierChange(before, after, "given", higher),))

    def _best(self, day: date) -> int:
        return best(self._tiers, self._days, day, self._enrolled_on)

    def _by_time(self, standing: TierStanding, now: datetime) -> Iterator[TierChange]:
        """What has come by the clock: levels reached when a period ended, levels that were not kept."""
        while True:
            found = self._next_by_time(standing, now)
            if found is None:
                return
            yield found
            standing = found.after

    def _next_by_time(self, standing: TierStanding, now: datetime) -> TierChange | None:
        here = self._place(standing)
        if here is None:
            return None
        ended = self._period_ended(standing, here, now)
        lost = self._not_kept(standing, here, now)
        found = [change for change in (ended, lost) if change is not None]
        return min(found, key=lambda change: (change.after.since, not change.higher), default=None)

    def _period_ended(self, standing: TierStanding, here: int, now: datetime) -> TierChange | None:
        if self._tiers.reached != "at_period_end":
            return None
        day = standing.seen_on
        while (last := window_ends(self._tiers, day, self._enrolled_on)) is not None:
            at = day_ends(last, self._rules.zone)
            if at > now:
                return None
            place = self._best(last)
            if place > here:
                return self._to(standing, place, at, last, "period_ended")
            day = last + _DAY
        return None

    def _not_kept(self, standing: TierStanding, here: int, now: datetime) -> TierChange | None:
        """The level ends, or is earned anew: seen from its last day, from the day after, or from one in its grace."""
        until = self._ends(standing, here)
        if until is None or now < until:
            return None
        place, day = max(self._earned_by(until, until), key=_place_of)
        if place >= here:
            return self._to(standing, here, until, day, "earned", since=standing.since)
        end = self._grace_ends(until)
        if now < end:
            today = self._rules.day(now)
            if self._best(today) < here:
                return None
            return self._to(standing, here, now, today, "earned", since=standing.since)
        place, day = max([*self._earned_by(until, end), *self._earned_by(end, end)], key=_place_of)
        if place >= here:
            return self._to(standing, here, end, day, "earned", since=standing.since)
        to = max(place, here - 1) if self._tiers.drop == "by_one" else place
        return self._to(standing, to, end, day, "not_kept", given=to > place)

    def _earned_by(self, at: datetime, end: datetime) -> Iterator[tuple[int, date]]:
        """What is met seen from the last day before an instant, if that holds beyond `end`, and from the day after."""
        first = self._rules.day(at)
        if not isinstance(self._tiers.holds, WhileMet):
            until = self._rules.holds_until(first - _DAY)
            if until is None or until > end:
                yield self._best(first - _DAY), first - _DAY
        yield self._best(first), first

    def _is_near(self, until: datetime, now: datetime) -> bool:
        warn_at = self._warn_at(until)
        return warn_at is not None and warn_at <= now < until

    def _warn_at(self, until: datetime) -> datetime | None:
        """From when on a member is told of an end: the begin of a day; None where the set tells nobody."""
        days = self._tiers.warn_days
        return None if days is None else day_ends(self._rules.day(until) - timedelta(days + 1), self._rules.zone)

    def _grace_ends(self, until: datetime) -> datetime:
        grace = self._tiers.grace_days
        return day_ends(self._rules.day(until) + timedelta(grace - 1), self._rules.zone) if grace else until

    def _ends(self, standing: TierStanding, here: int) -> datetime | None:
        """When a level ends; for one that holds while it is met, when it will not be met any more."""
        if not isinstance(self._tiers.holds, WhileMet):
            return standing.until
        if standing.given or here == NOWHERE or self._tiers.levels[here].needs is None:
            return None
        for day in turns(self._tiers, self._days, standing.seen_on, self._enrolled_on):
            if self._best(day) < here:
                return day_ends(day - _DAY, self._rules.zone)
        return None

    def _by_deeds(
        self, standing: TierStanding, now: datetime, done_on: date | None, lessened: bool
    ) -> Iterator[TierChange]:
        here = self._place(standing)
        if here is None:
            return
        today = self._rules.day(now)
        days = [today]
        if done_on is not None and done_on < today and not isinstance(self._tiers.holds, WhileMet):
            days.append(done_on)  # a level that holds while it is met is not held by what was met once
        if self._tiers.reached == "at_period_end" and self._tiers.levels[0].needs is not None:
            places: list[tuple[int, date]] = []
        else:
            places = [(self._best(day), day) for day in days]
        place, day = max(places, key=lambda found: found[0], default=(NOWHERE, today))
        if self._tiers.reached == "at_period_end":
            place = min(place, 0)
        if place > here and self._counts(day, now):
            yield self._to(standing, place, now, day, "earned")
        elif lessened and self._tiers.returns_lower_tier and not standing.given:
            held = max(self._best(standing.seen_on), self._best(today))
            if held < here:
                yield self._to(standing, held, now, today, "returned")

    def _counts(self, day: date, now: datetime) -> bool:
        """Whether a level that was reached on an earlier day would not be over by now."""
        until = self._rules.holds_until(day)
        return until is None or until > now

    def _renewed(self, standing: TierStanding, now: datetime) -> TierStanding:
        """A level that holds while it is met has been met today again."""
        here = self._place(standing)
        if here is None or not isinstance(self._tiers.holds, WhileMet):
            return standing
        today = self._rules.day(now)
        return replace(standing, seen_on=today) if not standing.given and self._best(today) >= here else standing

    def _dated(self, standing: TierStanding, now: datetime) -> TierStanding:
        """The standing with its end, and with when the clock must look again."""
        here = self._place(standing)
        if here is None:
            return replace(standing, until=None, due_at=None)
        until = self._ends(standing, here)
        dates = []
        if until is not None:
            dates += [until, self._grace_ends(until), self._warn_at(until) or until]
        if self._tiers.reached == "at_period_end":
            today = self._rules.day(now)
            last = window_ends(self._tiers, today, self._enrolled_on) or today
            if self._best(today) > here:
                dates.append(day_ends(last, self._rules.zone))
        return replace(standing, until=until, due_at=min([at for at in dates if at > now], default=None))

    def _to(
        self,
        standing: TierStanding,
        place: int,
        at: datetime,
        seen_on: date,
        reason: Reason,
        *,
        since: datetime | None = None,
        given: bool = False,
    ) -> TierChange:
        before = standing.level
        until = self._until(place, self._rules.day(at) if reason == "period_ended" or given else seen_on)
        after = TierStanding(self._rules.name(place), since or at, until, seen_on, given)
        return TierChange(before, after, reason, place > (self._place(standing) or NOWHERE))

    def _until(self, place: int, day: date) -> datetime | None:
        """Levels that need nothing, and standing nowhere, do not end."""
        if place == NOWHERE or self._tiers.levels[place].needs is None:
            return None
        return self._rules.holds_until(day)

    def _place(self, standing: TierStanding) -> int | None:
        return self._rules.place(standing.level)


@lru_cache(maxsize=4_096)
def _period_ends(day: date, zone: ZoneInfo, period: Period, extra: int) -> datetime:
    end = boundary_after(day, zone, period)
    for _ in range(extra):
        end = boundary_after(end.local_date + _DAY, zone, period)
    return end.instant


def _place_of(found: tuple[int, date]) -> int:
    return found[0]
