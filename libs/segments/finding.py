"""What one condition finds of a member: whether it is met, and what was there. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from libs.history.days import ACTIVITY, CATEGORY, CHANNEL, PRODUCT, STORE, TIER, WALLET, Sum
from libs.promotions.facts import Fact
from libs.promotions.history import EVER, Window
from libs.promotions.known import in_year
from libs.promotions.segments import (
    AnniversaryNear,
    AttributeIs,
    Balance,
    BirthdayNear,
    Counted,
    Criterion,
    Dimension,
    EnrolledSince,
    Favourite,
    Group,
    InTier,
    Nested,
    OnList,
    Recency,
    Share,
    window_of,
)
from libs.segments.known import Known, Rules

There = int | str | tuple[str, ...] | None

PREFIXES: Mapping[Dimension, str] = {"category": CATEGORY, "product": PRODUCT, "store": STORE, "channel": CHANNEL}
_day = attrgetter("day")
_TYPES: Mapping[str, type] = {"text": str, "int": int, "bool": bool}


class Found(NamedTuple):
    """Whether a condition is met, and what there was of what it asks for; None: nothing is known."""

    met: bool
    there: There = None


class Streak(NamedTuple):
    """How many periods in a row are done, no more than it takes; what is `here` of today's, which ends with `last_day`.

    That of today is among them once it is done.
    """

    run: int
    here: int
    last_day: date


class Look:
    """A member seen at an instant; what a window adds up to is added up once."""

    def __init__(self, rules: Rules, known: Known, at: datetime) -> None:
        self.rules = rules
        self.known = known
        self.at = at
        self.today = rules.day(at)
        self._windows: dict[Window, tuple[Sum, ...]] = {}
        self._favourites: dict[tuple[Dimension, Window | None], tuple[str, ...]] = {}

    def holds(self, group: Group) -> bool:
        """Whether conditions that belong together hold."""
        return (
            all(self.find(one).met for one in group.all)
            and (not group.any or any(self.find(one).met for one in group.any))
            and not any(self.find(one).met for one in group.none)
        )

    def find(self, criterion: Criterion) -> Found:
        """Look at one condition."""
        match criterion:
            case Nested():
                return Found(self.holds(criterion))
            case Counted():
                return self._counted(criterion)
            case Favourite():
                return self._favourite(criterion)
            case Share():
                return self._share(criterion)
            case Recency(min_days=least, max_days=most):
                return _between(self._days_since_purchase(), least, most)
        return self._of_person(criterion)

    def _of_person(self, criterion: Criterion) -> Found:
        """What is not asked of the days on which something was done."""
        known, found = self.known, Found(False)
        match criterion:
            case EnrolledSince(min_days=least, max_days=most):
                days = (self.today - known.enrolled_on).days
                found = _between(days if days >= 0 else None, least, most)
            case AnniversaryNear():
                found = self._anniversary(criterion)
            case BirthdayNear():  # the date itself is personal
                met = known.birthday is not None and self._near(known.birthday, criterion, self._years())
                found = Found(met)
            case AttributeIs():  # and so may an attribute be
                found = Found(_is(known.attributes.get(criterion.name), criterion))
            case Balance():
                there = self._balance(criterion.wallet or self.rules.first_wallet)
                found = _between(there, criterion.min, criterion.max)
            case InTier():
                level = known.tier if criterion.set is None else known.levels.get(criterion.set)
                found = Found(level is not None and level in criterion.one_of, level)
            case OnList():
                lists = tuple(sorted(name for name in criterion.one_of if name in known.lists))
                found = Found(bool(lists), lists)
        return found

    def _anniversary(self, asked: AnniversaryNear) -> Found:
        first = self.known.enrolled_on
        counts = {first.year + number for number in asked.years}
        years = {year for year in self._years() if year > first.year and (not counts or year in counts)}
        return Found(self._near((first.month, first.day), asked, years), first.isoformat())

    def _seen(self, criterion: Criterion) -> tuple[Sum, ...]:
        """What was done on the days that a condition counts; parts are added up by whoever asks for them."""
        window = window_of(criterion) or EVER
        found = self._windows.get(window)
        if found is None:
            days, (first, last) = self.known.days.days, window.span(self.today)
            here = days[bisect_left(days, first, key=_day) : bisect_right(days, last, key=_day)]
            found = self._windows[window] = tuple([one.done for one in here])
        return found

    def streak(self, asked: Counted) -> Streak:
        """How many periods in a row have what a condition asks of each, and how far the one of today is."""
        assert asked.in_a_row is not None, "it asks for a streak"
        run, here, days = 0, 0, self.known.days.days
        spans = list(asked.in_a_row.spans(self.today))
        for back, (first, last) in enumerate(spans):
            seen = days[bisect_left(days, first, key=_day) : bisect_right(days, min(last, self.today), key=_day)]
            done = _amount(asked, [one.done for one in seen]) or 0
            here = here if back else done
            if done >= (asked.min or 0):
                run += 1
            elif back:
                break
        return Streak(min(run, asked.in_a_row.periods), here, spans[0][1])

    def _counted(self, asked: Counted) -> Found:
        if asked.in_a_row is not None:
            run = self.streak(asked).run
            return Found(run == asked.in_a_row.periods, run)
        return _between(_amount(asked, self._seen(asked)), asked.min, asked.max)

    def _favourite(self, asked: Favourite) -> Found:
        name = (asked.of, window_of(asked))
        there = self._favourites.get(name)
        if there is None:
            there = self._favourites[name] = _most(self._seen(asked), PREFIXES[asked.of])
        return Found(any(each in asked.one_of for each in there), there)

    def _share(self, asked: Share) -> Found:
        done = self._seen(asked)
        whole = _spend(done)
        if whole <= 0:
            return Found(False)
        there = _over(done, PREFIXES[asked.of], asked.one_of)
        least, most = asked.min_percent, asked.max_percent
        met = (least is None or there * 100 >= least * whole) and (most is None or there * 100 <= most * whole)
        return Found(met, there * 100 // whole)

    def _days_since_purchase(self) -> int | None:
        last = next((one.day for one in reversed(self.known.days.days) if self._bought(one.day, one.done)), None)
        return None if last is None else (self.today - last).days

    def _bought(self, day: date, done: Sum) -> bool:
        return day <= self.today and done.visits > 0

    def _years(self) -> set[int]:
        return {self.today.year - 1, self.today.year, self.today.year + 1}

    def _near(self, month_day: tuple[int, int], asked: BirthdayNear | AnniversaryNear, years: Iterable[int]) -> bool:
        apart = [(self.today - in_year(month_day, year)).days for year in years]
        return any(-asked.days_before <= days <= asked.days_after for days in apart)

    def _balance(self, wallet: str) -> int:
        if wallet in self.known.owing:
            return 0
        spendable = [
            one.points
            for one in self.known.points
            if one.wallet == wallet and one.since <= self.at and (one.until is None or self.at < one.until)
        ]
        return sum(spendable)


def _amount(asked: Counted, done: Sequence[Sum]) -> int | None:
    """How much of what is counted was done on some days; None where there is nothing to say."""
    there: int | None
    match asked.what:
        case "visits":
            there = sum([one.visits for one in done])
        case "spend_minor" if asked.of is not None:
            there = _over(done, PREFIXES[asked.of], asked.one_of)
        case "spend_minor":
            there = _spend(done)
        case "average_basket_minor":
            visits = sum([one.visits for one in done])
            there = _spend(done) // visits if visits > 0 else None
        case "points":
            there = _over(done, WALLET, asked.wallets) if asked.wallets else sum([one.points for one in done])
        case "activities":
            there = _over(done, ACTIVITY, asked.one_of)
        case "tier_points":
            there = _over(done, TIER, asked.one_of)
    return there


def _between(there: int | None, least: int | None, most: int | None) -> Found:
    met = there is not None and (least is None or there >= least) and (most is None or there <= most)
    return Found(met, there)


def _most(done: Iterable[Sum], prefix: str) -> tuple[str, ...]:
    """The names of those on which most was spent, if anything was."""
    spent: dict[str, int] = {}
    for one in done:
        for name, amount in one.parts.items():
            if name.startswith(prefix):
                spent[name] = spent.get(name, 0) + amount
    most = max(spent.values(), default=0)
    return tuple(sorted(name.removeprefix(prefix) for name, amount in spent.items() if amount == most > 0))


def _spend(done: Iterable[Sum]) -> int:
    return sum([one.spend_minor for one in done])


def _over(done: Iterable[Sum], prefix: str, names: Iterable[str]) -> int:
    wanted = [prefix + name for name in dict.fromkeys(names)]
    return sum([one.parts.get(name, 0) for one in done for name in wanted])


def _is(fact: Fact | None, asked: AttributeIs) -> bool:
    if type(fact) is not _TYPES[asked.type]:
        return False
    if isinstance(fact, bool):
        return fact is asked.is_
    if isinstance(fact, int):
        return _between(fact, asked.at_least, asked.at_most).met
    return fact in asked.one_of
