"""What campaigns may still give: how much of each limit that members share is used by now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from libs.promotions.campaigns import Campaign
from libs.promotions.facts import Receipt
from libs.promotions.limits import compile_limit, read_key
from libs.promotions.programme import Programme
from libs.promotions.situation import Situation

OF_EACH_PLACE = ("store", "partner")
Mark = Literal[80, 100]
MARKS: tuple[Mark, ...] = (100, 80)
"""Percent of a limit at which earning tells that it was reached, the highest first."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit that members share, in points, times or minor units, and what of it is used in the present period.

    `used` is None where every store or partner has as much.
    """

    unit: str
    scope: str
    period: str
    within: str
    total: int
    used: int | None

    @property
    def percent(self) -> int | None:
        """What is used, in percent, rounded down."""
        if self.used is None:
            return None
        return self.used * 100 // self.total if self.total else 100

    @property
    def mark(self) -> Mark | None:
        """The highest mark that is reached."""
        percent = self.percent
        return None if percent is None else next((mark for mark in MARKS if percent >= mark), None)


def shared_limits(programme: Programme, campaign: Campaign, now: datetime) -> Iterator[tuple[str, int]]:
    """Name the counters of a campaign's limits that members share, of the period that holds `now`, and their limits."""
    nowhere = Situation(Receipt(programme.currency, 0), None, now, ZoneInfo(programme.zone))
    for limit in campaign.limits:
        compiled = compile_limit(campaign.id, limit)
        key = compiled.key(nowhere) if limit.scope != "member" else None
        if key is not None:
            yield key, compiled.most


def budgets(limits: Iterable[tuple[str, int]], used: Mapping[str, int]) -> tuple[Budget, ...]:
    """Tell what is used of limits; `used` is by the counter's key, and what is missing there is not used at all."""
    found = []
    for key, total in limits:
        name = read_key(key)
        counted = None if name.scope in OF_EACH_PLACE else used.get(key, 0)
        found.append(Budget(name.unit, name.scope, name.period, name.within, total, counted))
    return tuple(found)
