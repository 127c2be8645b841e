"""What is known beforehand: what lapses when, and where it came from, as one look at the ledger saw it. Pure.

Points are in the wallet's minor unit. The structs are encoded as arrays, for a programme's outlook has thousands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, get_args

import msgspec

from libs.promotions.apportion import apportion
from libs.promotions.programme import Programme

Split = Literal["tier", "cohort", "campaign", "partner", "store"]
SPLITS: tuple[Split, ...] = get_args(Split)
BY_ORIGIN: frozenset[Split] = frozenset({"campaign", "partner", "store"})
"""The splits for which decisions have to be read."""
Worth = Mapping[str, tuple[int, int]]
"""By wallet: so many points are worth so much, in the currency's minor unit."""


class Slice(msgspec.Struct, frozen=True, array_like=True):
    """What members of one tier have free of what they earned in one month, and when it lapses (None: never).

    `cohort` is the first day of the month; None is long ago. `spared` is what has its date then too and will get a
    later one instead: it is counted among the points of that date.
    """

    lapses_at: datetime | None
    wallet: str
    tier: str | None
    cohort: date | None
    lots: int
    points: int
    spared: int = 0


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """What of that a campaign, a partner or a store brought; `name` is None for what none of them did."""

    split: Split
    name: str | None
    lapses_at: datetime | None
    wallet: str
    points: int


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """Where the points of a wallet are: free and in force, not active yet, and reserved.

    `repays` is the part of them that will repay what members owe before it lapses. `overdue` has lapsed already, and
    nobody has written it down: it is in none of the others.
    """

    wallet: str
    available: int
    pending: int
    held: int
    repays: int
    overdue: int


class Outlook(msgspec.Struct, frozen=True):
    """All that was free in a programme at an instant, by when it lapses if nothing else happens."""

    as_of: datetime
    slices: tuple[Slice, ...]
    origins: tuple[Origin, ...]
    standing: tuple[Standing, ...]


class Part(msgspec.Struct, frozen=True):
    """What lapses of one wallet at one instant: all of it, or what one name of a split has of it.

    `worth_minor` is what it is worth in the currency's minor unit, rounded down for all of it and shared out so that
    parts add up; None where nothing says what points are worth. `spared` is what lives on, apart from it; None where
    that is not told.
    """

    split: Split | None
    name: str | None
    lots: int | None
    points: int
    worth_minor: int | None
    spared: int | None = None


class Lapse(msgspec.Struct, frozen=True):
    """What lapses of one wallet at one instant (None: never): the whole, and its parts by every split."""

    lapses_at: datetime | None
    wallet: str
    whole: Part
    parts: tuple[Part, ...]


def worth_of(document: Programme) -> dict[str, tuple[int, int]]:
    """Return what the points of a version's wallets are worth; wallets of which nothing is said are left out."""
    return {each.name: (each.worth.points, each.worth.minor) for each in document.wallets if each.worth}


def money(points: int, wallet: str, worth: Worth) -> int | None:
    """Return what points are worth, rounded down; None where nothing says so."""
    rate = worth.get(wallet)
    return None if rate is None else points * rate[1] // rate[0]


def moneys(parts: Sequence[int], wallet: str, worth: Worth) -> Sequence[int | None]:
    """Return what parts of some points are worth, shared out so that they add up to what all of it is worth."""
    rate, total = worth.get(wallet), money(sum(parts), wallet, worth)
    if rate is None or total is None or not parts:
        return [None] * len(parts)
    return apportion(parts, rate[1], rate[0], total)


def lapses(
    outlook: Outlook,
    worth: Worth,
    splits: Iterable[Split] = SPLITS,
    coming: Iterable[tuple[datetime, str]] = (),
) -> list[Lapse]:
    """Return what lapses, the soonest first and what never does last, split in every way that is asked for.

    `coming` are boundaries of wallets that are told of even where nothing lapses.
    """
    wanted = frozenset(splits)
    wholes: dict[_Place, _Sum] = {place: _Sum(0) for place in coming}
    parts: dict[_Place, dict[_Name, _Sum]] = {}
    for each in outlook.slices:
        place = (each.lapses_at, each.wallet)
        cohort = None if each.cohort is None else f"{each.cohort:%Y-%m}"
        named = parts.setdefault(place, {})
        names: tuple[_Name, ...] = (("tier", each.tier), ("cohort", cohort))
        for one in (wholes.setdefault(place, _Sum(0)), *[named.setdefault(name, _Sum(0)) for name in names]):
            one.lots = (one.lots or 0) + each.lots
            one.points += each.points
            one.spared = (one.spared or 0) + each.spared
    for origin in outlook.origins:
        named = parts.setdefault((origin.lapses_at, origin.wallet), {})
        named[origin.split, origin.name] = _Sum(None, origin.points)
    return [
        _lapse(
            place, wholes[place], {name: one for name, one in parts.get(place, {}).items() if name[0] in wanted}, worth
        )
        for place in sorted(wholes, key=_order)
    ]


class _Sum(msgspec.Struct):
    lots: int | None
    points: int = 0
    spared: int | None = None


_Place = tuple[datetime | None, str]
_Name = tuple[Split, str | None]


def _order(place: _Place) -> tuple[bool, float, str]:
    instant, wallet = place
    return instant is None, 0.0 if instant is None else instant.timestamp(), wallet


def _lapse(place: _Place, whole: _Sum, parts: Mapping[_Name, _Sum], worth: Worth) -> Lapse:
    instant, wallet = place
    total = money(whole.points, wallet, worth)
    told: list[Part] = []
    for split in SPLITS:
        names = sorted([name for kind, name in parts if kind == split], key=lambda name: name or "")
        sums = [parts[split, name] for name in names]
        amounts = moneys([one.points for one in sums], wallet, worth)
        told += [
            Part(split, name, one.lots, one.points, amount, one.spared)
            for name, one, amount in zip(names, sums, amounts, strict=True)
        ]
    return Lapse(instant, wallet, Part(None, None, whole.lots, whole.points, total, whole.spared or 0), tuple(told))
