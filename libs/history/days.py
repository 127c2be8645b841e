"""A member's days: what was done on each, what more is done, and what a stretch of them adds up to. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from libs.promotions.history import History, HistoryDay, Window

WALLET, CATEGORY, ACTIVITY, TIER = "wallet:", "category:", "activity:", "tier:"
PRODUCT, STORE, CHANNEL = "product:", "store:", "channel:"
"""How the names of parts begin: points by wallet, spend by category, product, store and channel, activities by name,
tier points by tier set."""
GIFT, DISCOUNTS = "gift:", "discounts"
"""Gifts by kind and reference, and money off that tills gave, in minor units."""
REDEMPTIONS = "redemptions"
"""The part that says how often points were turned into something."""

NO_PARTS: Mapping[str, int] = MappingProxyType({})


class Counted(NamedTuple):
    """What one receipt or activity adds to one day of one member, or takes from it where its numbers are below 0.

    `visits` are purchases that count, `spend_minor` is in minor units of the programme's currency, `points` over all
    wallets.
    """

    member_id: UUID
    day: date
    visits: int
    spend_minor: int
    points: int
    parts: Mapping[str, int] = NO_PARTS

    def less(self) -> Counted:
        """The same, taken away again."""
        parts = {name: -amount for name, amount in self.parts.items()}
        return Counted(self.member_id, self.day, -self.visits, -self.spend_minor, -self.points, parts)


class Sum(NamedTuple):
    """What some days add up to."""

    visits: int = 0
    spend_minor: int = 0
    points: int = 0
    parts: Mapping[str, int] = NO_PARTS

    def with_more(self, visits: int, spend_minor: int, points: int, parts: Mapping[str, int]) -> Sum:
        """The sum with more in it; parts that come to nothing are left out."""
        both = dict(self.parts)
        for name, amount in parts.items():
            both[name] = both.get(name, 0) + amount
        kept = {name: amount for name, amount in both.items() if amount}
        return Sum(self.visits + visits, self.spend_minor + spend_minor, self.points + points, kept)

    @property
    def empty(self) -> bool:
        """Whether nothing is left of it."""
        return not (self.visits or self.spend_minor or self.points or self.parts)


@dataclass(frozen=True, slots=True)
class MemberDay:
    """What a member did on one business day, and what it adds up to."""

    day: date
    done: Sum


@dataclass(frozen=True, slots=True)
class MemberDays:
    """The days of a member, sorted, none twice, those without anything left out."""

    days: tuple[MemberDay, ...] = ()

    def with_more(self, counted: Counted) -> MemberDays:
        """Return the days with one more receipt or activity in them, or one less."""
        at = bisect_left(self.days, counted.day, key=_day)
        here = self.days[at : at + 1]
        known = here[0].done if here and here[0].day == counted.day else None
        done = (known or Sum()).with_more(*counted[2:])
        changed = () if done.empty else (MemberDay(counted.day, done),)
        return MemberDays((*self.days[:at], *changed, *self.days[at + (known is not None) :]))

    def within(self, first: date, last: date) -> Sum:
        """Add up the days from `first` to `last`, both included."""
        here = self.days[bisect_left(self.days, first, key=_day) : bisect_right(self.days, last, key=_day)]
        return _sum(one.done for one in here)

    def seen(self, window: Window, today: date) -> Sum:
        """Add up a window of days as seen from `today`."""
        return self.within(*window.span(today))

    def history(self) -> History:
        """The same as promotions are told it."""
        return History(tuple([_told(one) for one in self.days]))


def gift_part(kind: str, reference: str) -> str:
    """The name of the part that counts a gift."""
    return f"{GIFT}{kind}:{reference}"


def told(counted: Counted) -> HistoryDay:
    """What a receipt or an activity adds, as promotions are told it."""
    return _told(MemberDay(counted.day, Sum(*counted[2:])))


def _told(one: MemberDay) -> HistoryDay:
    done = one.done
    start = len(CATEGORY)
    categories = tuple([(name[start:], done.parts[name]) for name in sorted(done.parts) if name.startswith(CATEGORY)])
    return HistoryDay(one.day, done.visits, done.spend_minor, done.points, categories, done.parts.get(REDEMPTIONS, 0))


def _sum(parts: Iterable[Sum]) -> Sum:
    visits = spend_minor = points = 0
    names: dict[str, int] = {}
    for one in parts:
        visits += one.visits
        spend_minor += one.spend_minor
        points += one.points
        for name, amount in one.parts.items():
            names[name] = names.get(name, 0) + amount
    return Sum(visits, spend_minor, points, names)


_day = attrgetter("day")
