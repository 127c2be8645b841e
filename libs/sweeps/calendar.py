"""The boundaries of a programme: when periods of its wallets end, by any of the versions that gave lots their dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from libs.ledger.boundary import Boundary, Period, boundary_after
from libs.ledger.zones import load_zone
from libs.promotions.programme import Programme
from libs.promotions.wallets import NaturalExpiry


class WalletPeriod(NamedTuple):
    """The points of a wallet lapse when such a period ends in this zone."""

    zone: str
    period: Period
    wallet: str


class Turn(NamedTuple):
    """A boundary of a programme, and the wallets whose period ends."""

    boundary: Boundary
    wallets: tuple[str, ...]


def periods_of(document: Programme) -> frozenset[WalletPeriod]:
    """Return the periods of a version; none for wallets that never lapse."""
    return frozenset(
        [
            WalletPeriod(document.zone, Period(wallet.expiry.period), wallet.name)
            for wallet in document.wallets
            if isinstance(wallet.expiry, NaturalExpiry)
        ]
    )


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
