"""Later dates that campaigns grant: what is wanted of which points. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from libs.judging.versions import ActiveVersion
from libs.ledger.extend import Wish
from libs.promotions.extensions import EXTENSION, Extend, extensions_of

Granted = tuple[str, str, str, int]
"""What a decision grants beside points: campaign, kind, reference and quantity."""


def wishes(version: ActiveVersion, granted: Iterable[Granted]) -> Iterator[tuple[str, Wish]]:
    """What the later dates among what a version granted ask for, in order, each with its campaign."""
    for campaign, kind, wallet, _ in granted:
        if kind != EXTENSION:
            continue
        for effect in extensions_of(version.compiled.extending[campaign]):
            if (effect.wallet or version.compiled.source.wallets[0].name) == wallet:
                yield campaign, _wish(effect, wallet)


def _wish(effect: Extend, wallet: str) -> Wish:
    return Wish(
        wallet,
        effect.boundaries,
        effect.days,
        pooled=effect.lots == "next",
        from_now=effect.from_now,
        older_than=_days(effect.older_than_days),
        younger_than=_days(effect.younger_than_days),
        most=_days(effect.most_days),
        most_points=effect.most_points,
    )


def _days(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(number)
