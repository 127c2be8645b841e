"""The boundaries of a programme: when periods of its wallets end, by any of the versions that gave lots their dates.

Where points lapse on a day of their own there is no common boundary: such a programme has a turn at the end of each day
on which somebody loses some, and which these are stands in the ledger alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from libs.judging.terms import expiries_of, policy_of
from libs.ledger.boundary import Boundary, boundary_after, day_ends, day_of
from libs.ledger.periods import DAY, Fiscal, Listed, Rhythm
from libs.ledger.policies import CustomPeriods, ExpiryPolicy, FixedDates, NaturalPeriod, Rolling
from libs.ledger.zones import load_zone, tzdata_version
from libs.promotions.expiry import AnniversaryExpiry, AnyExpiry
from libs.promotions.programme import Programme


class WalletPeriod(NamedTuple):
    """The points of a wallet lapse when such a period ends in this zone."""

    zone: str
    period: Rhythm
    wallet: str


class Scattered(NamedTuple):
    """The points of a wallet may lapse at the end of any day in this zone."""

    zone: str
    wallet: str


class Turn(NamedTuple):
    """A boundary of a programme, and the wallets whose period ends."""

    boundary: Boundary
    wallets: tuple[str, ...]


def periods_of(document: Programme) -> frozenset[WalletPeriod]:
    """Return the periods of a version; none for points that never lapse, or on days of their own."""
    found = [
        (rhythm, wallet)
        for wallet, expiry in expiries_of(document)
        if (rhythm := None if _is_scattered(expiry) else rhythm_of(policy_of(expiry))) is not None
    ]
    return frozenset([WalletPeriod(document.zone, rhythm, wallet) for rhythm, wallet in found])


def scattered_of(document: Programme) -> frozenset[Scattered]:
    """Return the wallets of a version whose points may lapse on any day."""
    return frozenset(
        [Scattered(document.zone, wallet) for wallet, expiry in expiries_of(document) if _is_scattered(expiry)]
    )


def rhythm_of(policy: ExpiryPolicy) -> Rhythm | None:
    """The periods at whose ends points of a policy lapse; None for never."""
    match policy:
        case NaturalPeriod(period=period, first_month=first):
            return period if first == 1 else Fiscal(period, first)
        case CustomPeriods(ends=ends) | Rolling(rounded_to=ends):
            return ends.period if isinstance(ends, Fiscal) and ends.first_month == 1 else ends
        case FixedDates():
            return Listed(policy.dates)
    return None


def turns(periods: Iterable[WalletPeriod], after: datetime, until: datetime) -> list[Turn]:
    """Return the boundaries behind `after` and no later than `until`, in order; two zones have their own each."""
    found: dict[tuple[datetime, str], tuple[Boundary, set[str]]] = {}
    for each in periods:
        zone = load_zone(each.zone)
        boundary = boundary_after(after, zone, each.period)
        while boundary.instant <= until:
            found.setdefault((boundary.instant, each.zone), (boundary, set()))[1].add(each.wallet)
            boundary = boundary_after(boundary.instant, zone, each.period)
    return [Turn(boundary, tuple(sorted(wallets))) for _, (boundary, wallets) in sorted(found.items())]


def days_of_their_own(scattered: Iterable[Scattered], lapses: Iterable[datetime]) -> list[Turn]:
    """Return a turn for each of these instants that is the end of a day in a zone of such wallets, in order."""
    wallets: dict[str, set[str]] = {}
    for each in scattered:
        wallets.setdefault(each.zone, set()).add(each.wallet)
    found: list[Turn] = []
    for instant in sorted(set(lapses)):
        for name, of_zone in sorted(wallets.items()):
            zone = load_zone(name)
            day = day_of(instant, zone) - DAY
            if day_ends(day, zone) == instant:
                found.append(Turn(Boundary(instant, day, name, tzdata_version(zone)), tuple(sorted(of_zone))))
                break
    return found


def together(*several: Iterable[Turn]) -> list[Turn]:
    """Put turns in one order, each boundary once, with all its wallets."""
    found: dict[tuple[datetime, str], Turn] = {}
    for turn in [turn for some in several for turn in some]:
        key = (turn.boundary.instant, turn.boundary.zone)
        known = found.get(key, turn)
        found[key] = Turn(turn.boundary, tuple(sorted({*known.wallets, *turn.wallets})))
    return [turn for _, turn in sorted(found.items())]


def _is_scattered(expiry: AnyExpiry) -> bool:
    if isinstance(expiry, AnniversaryExpiry):
        return True
    policy = policy_of(expiry)
    return isinstance(policy, Rolling) and policy.scattered
