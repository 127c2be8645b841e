"""The exceptions of a programme over all its versions: each rule, and from when to when it counts. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from libs.ledger.model import SAME_DAY
from libs.ledger.periods import EveryDay, Fiscal, Listed, Period, Yearly, written
from libs.promotions.expiry import (
    AnniversaryExpiry,
    CalendarExpiry,
    FixedExpiry,
    InactivityExpiry,
    NaturalExpiry,
    NeverExpiry,
    RollingExpiry,
)
from libs.promotions.programme import Programme
from libs.promotions.spared import Sparing, has_sparings, sparings
from libs.promotions.wallets import Wallet

LEAD = timedelta(minutes=15)
"""How long after a version came into force its exceptions count, so that the head of every member says so by then.

Those of a programme's first version count at once.
"""

Numbered = tuple[datetime, Programme]
"""A version, and from when it is in force."""


class Rule(NamedTuple):
    """What is spared of a wallet, from `since` until before `until` (None: no end is known).

    `version` is the one that brought it, `period` the end of what spared points live to (None: for ever).
    """

    wallet: str
    zone: str
    period: str | None
    first: int | None
    older_days: int | None
    younger_days: int | None
    version: int
    since: datetime
    until: datetime | None


class Level(NamedTuple):
    """A level of a tier set."""

    tier_set: str
    name: str


@dataclass(frozen=True, slots=True)
class Exemptions:
    """The exceptions of a programme: by level, by segment; `wallets` are for those whom a person spares."""

    levels: Mapping[Level, tuple[Rule, ...]]
    segments: Mapping[str, tuple[Rule, ...]]
    wallets: tuple[Rule, ...]

    @property
    def tier_sets(self) -> frozenset[str]:
        """The sets of which a level spares anything, by any version."""
        return frozenset([level.tier_set for level in self.levels])

    @property
    def digest(self) -> str:
        """What tells these exceptions of tiers and segments from others."""
        told = repr((sorted(self.levels.items()), sorted(self.segments.items())))
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def __bool__(self) -> bool:
        """Whether tiers or segments spare anything, or ever did."""
        return bool(self.levels or self.segments)


NONE = Exemptions(MappingProxyType({}), MappingProxyType({}), ())


def exemptions_of(versions: Sequence[Numbered]) -> Exemptions:
    """Return the exceptions of versions, the oldest first; a rule that goes on by the next version is one rule."""
    if not any(has_sparings(programme) for _, programme in versions):
        return NONE
    found: dict[tuple[Sparing, str], list[Rule]] = {}
    for at, (active_from, programme) in enumerate(versions):
        since = counts_from(active_from, first=not at)
        until = counts_from(versions[at + 1][0], first=False) if at + 1 < len(versions) else None
        for wallet in programme.wallets:
            for sparing in dict.fromkeys(sparings(programme.tier_sets, wallet)):
                rules = found.setdefault((sparing, wallet.name), [])
                _add(rules, _rule(programme, wallet, sparing, since, until))
    levels: dict[Level, list[Rule]] = {}
    segments: dict[str, list[Rule]] = {}
    for (sparing, _), rules in found.items():
        if sparing.tier_set is None:
            segments.setdefault(sparing.name, []).extend(rules)
        else:
            levels.setdefault(Level(sparing.tier_set, sparing.name), []).extend(rules)
    return Exemptions(
        {level: tuple(rules) for level, rules in levels.items()},
        {name: tuple(rules) for name, rules in segments.items()},
        wallet_rules(versions),
    )


def wallet_rules(versions: Iterable[Numbered]) -> tuple[Rule, ...]:
    """What a person's word spares: all points of each wallet of the last version, with the period that it has there."""
    latest = max(versions, key=lambda version: version[0], default=None)
    if latest is None:
        return ()
    since, programme = latest
    whole = Sparing("segment", "", None)
    return tuple([_rule(programme, wallet, whole, since, None) for wallet in programme.wallets])


def counts_from(active_from: datetime, *, first: bool) -> datetime:
    """From when the exceptions of a version count, and no longer those of the version before it."""
    return active_from if first else active_from + LEAD


def _rule(programme: Programme, wallet: Wallet, sparing: Sparing, since: datetime, until: datetime | None) -> Rule:
    bounds = (sparing.first, sparing.older_days, sparing.younger_days)
    return Rule(wallet.name, programme.zone, _period(wallet), *bounds, programme.version, since, until)


def _period(wallet: Wallet) -> str | None:
    """What spared points of a wallet live to the end of."""
    match wallet.expiry:
        case NaturalExpiry(period=period, year_starts_in=first):
            return written(Fiscal(Period(period), first))
        case (
            RollingExpiry(rounded_to=period, year_starts_in=first)
            | InactivityExpiry(rounded_to=period, year_starts_in=first)
        ):
            return written(EveryDay() if period == "day" else Fiscal(Period(period), first))
        case CalendarExpiry(last_days=last_days, yearly=yearly):
            return written(Listed(last_days) if last_days else Yearly(tuple(map(_month_day, yearly))))
        case FixedExpiry(rows=rows):
            return written(Listed(tuple(sorted({lapses_on for _, lapses_on in rows}))))
        case AnniversaryExpiry():
            return SAME_DAY
        case NeverExpiry():
            return None


def _month_day(text: str) -> tuple[int, int]:
    return int(text[:2]), int(text[3:])


def _add(rules: list[Rule], new: Rule) -> None:
    last = rules[-1] if rules and rules[-1].until == new.since else None
    if last is not None and last._replace(version=new.version, since=new.since, until=new.until) == new:
        rules[-1] = last._replace(until=new.until)
    elif new.until is None or new.since < new.until:
        rules.append(new)
