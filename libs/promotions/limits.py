"""Limits: what a campaign may still give, and the counters that remember what it has given.

A counter of points counts whole ones. A campaign's exact amount is cut to the whole points that are left; what it uses
of the counter is its amount after the cut, rounded up. So a counter never passes its limit, and what members get from a
campaign never exceeds its counter (a use is less than one point above the exact amount). Money is cut likewise; times
and the value of orders are not: they are there for the whole receipt, or the campaign gives nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.promotions.allowances import Limit, SharedLimit
from libs.promotions.evaluation import Use
from libs.promotions.situation import Situation

TRANSACTION = "transaction"
_HEADS = {"points": "", "times": "#times", "discount_minor": "#discount", "order_minor": "#order"}


class Used(Protocol):
    """What counters have used, by key."""

    def get(self, key: str, default: int, /) -> int: ...  # noqa: D102


_UNITS = {head: unit for unit, head in _HEADS.items() if head}
_PERIODS = {4: "year", 7: "month", 8: "week", 10: "day"}
"""The length of a period's name."""


class CounterName(NamedTuple):
    """What a counter's key says: of which campaign (None: of all), what it counts, of which wallet, where, and when.

    `period` is the kind of the period and `within` its name; `scope` is `campaign` or `programme` where it is no other.
    """

    campaign: str | None
    unit: str
    wallet: str | None
    scope: str
    place: str | None
    period: str
    within: str


def read_key(key: str) -> CounterName:
    """Read the key of a counter, as `CompiledLimit.key` writes it."""
    head, within, *rest = key.split("|", 2)
    name, mark, unit = head.partition("#")
    shared = name.startswith("*")
    scope, place = "programme" if shared else "campaign", None
    if rest:
        scope, named, place = rest[0].partition("=")
        scope, place = (scope, place) if named else ("member", rest[0])
    return CounterName(
        None if shared else name,
        _UNITS["#" + unit] if mark else "points",
        name[1:] or None if shared else None,
        scope,
        place,
        "ever" if within == "ever" else _PERIODS[len(within)],
        within,
    )


@dataclass(frozen=True, slots=True, eq=False)
class CompiledLimit:
    """One limit: `head` begins its keys and says of what and in which unit, `most` is how much.

    A limit of all campaigns for one receipt has a key too, under which one evaluation counts; it is in no counter.
    """

    head: str
    scope: str
    period: str
    unit: str
    most: int
    constant_key: str | None

    @property
    def is_counted(self) -> bool:
        """Whether a counter remembers it from receipt to receipt."""
        return self.period != TRANSACTION

    def key(self, situation: Situation) -> str | None:
        """Name the counter: `head|period`, then the member, store or partner; None when nothing is counted."""
        if self.constant_key is not None:
            return self.constant_key
        if self.period == TRANSACTION:
            return None
        key = f"{self.head}|{_bucket(self.period, situation)}"
        match self.scope:
            case "member":
                return None if situation.member is None else f"{key}|{situation.member.member_id}"
            case "store":
                return f"{key}|store={situation.receipt.store or ''}"
            case "partner":
                return f"{key}|partner={situation.receipt.partner or ''}"
        return key

    def key_of(self, member_id: UUID, at: datetime, zone: ZoneInfo) -> str | None:
        """Name the counter of a member in the period that holds `at`; None where the limit is of no member."""
        if self.scope != "member" or self.period == TRANSACTION:
            return None
        return f"{self.head}|{period_name(self.period, at.astimezone(zone).date())}|{member_id}"


def compile_limit(campaign: str, limit: Limit) -> CompiledLimit:
    """Compile a limit of the campaign with this id."""
    head = campaign + _HEADS[limit.unit]
    constant = f"{head}|ever" if limit.period == "ever" and limit.scope == "campaign" else None
    return CompiledLimit(head, limit.scope, limit.period, limit.unit, limit.most, constant)


def compile_shared_limit(limit: SharedLimit, wallet: str) -> CompiledLimit:
    """Compile a limit of all campaigns; points are those of this wallet. No campaign's id begins with a star."""
    head = "*" + (_HEADS[limit.unit] or wallet)
    constant = (
        f"{head}|{limit.period}" if limit.period in ("ever", TRANSACTION) and limit.scope == "programme" else None
    )
    return CompiledLimit(head, limit.scope, limit.period, limit.unit, limit.most, constant)


def _bucket(period: str, situation: Situation) -> str:
    if period == "ever":
        return period
    return period_name(period, situation.local().date())


def period_name(period: str, day: date) -> str:
    """Name the period that holds a day, as counters have it."""
    if period == "ever":
        return period
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[period]]


Cut = tuple[int, str | None, list[Use]]
"""An amount after all limits, the limit that cut it last (`transaction` or a counter's key), and what counters use."""


def cut(
    limits: tuple[CompiledLimit, ...],
    situation: Situation,
    counters: Used,
    amount: int,
    denominator: int,
) -> Cut:
    """Cut an exact amount (a numerator) by every limit; a counter that is missing has counted nothing."""
    counted: list[tuple[str, int]] = []
    by: str | None = None
    for limit in limits:
        key = limit.key(situation)
        left = limit.most
        if key is not None:
            counted.append((key, left))
            left -= counters.get(key, 0)
        if amount > left * denominator:
            amount, by = max(left, 0) * denominator, key or limit.period
    used = -(-amount // denominator)
    return amount, by, [Use(key, used, most) for key, most in counted] if used else []


def full(limits: Sequence[CompiledLimit], situation: Situation, counters: Used) -> str | None:
    """Name the first counter of times or orders that has no room for this receipt; None when all have."""
    for limit in limits:
        key = limit.key(situation)
        if key is not None and counters.get(key, 0) + taken(limit, situation) > limit.most:
            return key
    return None


def taken(limit: CompiledLimit, situation: Situation) -> int:
    """How much of a limit of times or orders one receipt takes."""
    return 1 if limit.unit == "times" else max(situation.receipt.total_minor, 0)


class Tally:
    """The counters as one evaluation goes on: what was used before it, and by it so far."""

    __slots__ = ("_before", "_limits", "_uses")

    def __init__(self, before: Used) -> None:
        self._before = before
        self._uses: dict[str, int] = {}
        self._limits: dict[str, int] = {}

    def get(self, key: str, default: int, /) -> int:
        """What is used of a counter by now."""
        return self._before.get(key, default) + self._uses.get(key, 0)

    def add(self, uses: Sequence[Use]) -> None:
        """Count on."""
        for use in uses:
            self.use(use.key, use.points, use.limit)

    def use(self, key: str, amount: int, limit: int) -> None:
        """Count so much on one counter."""
        if amount:
            self._uses[key] = self._uses.get(key, 0) + amount
            self._limits[key] = limit

    def uses(self) -> tuple[Use, ...]:
        """What the evaluation uses of counters that are kept, one entry each."""
        kept = [key for key in self._uses if not key.endswith(f"|{TRANSACTION}")]
        return tuple([Use(key, self._uses[key], self._limits[key]) for key in kept])
