"""Which campaign, partner and store brought points: from the decision on the event that earned their lot. Pure.

A lot that several campaigns brought is shared out between them as they paid, in whole points that add up. What no
decision explains, such as an adjustment, a transfer or an import, has none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import cramjam
import msgspec

from libs.promotions.apportion import apportion
from libs.sweeps.outlook import Origin, Split


class _Paid(msgspec.Struct, array_like=True, gc=False):
    campaign: str
    wallet: str
    basis: int
    before: int
    amount: int


class _Evaluation(msgspec.Struct, array_like=True):
    version: int
    reason: str | None = None
    grants: msgspec.Raw = msgspec.Raw(b"[]")
    paid: tuple[_Paid, ...] = ()


class _Facts(msgspec.Struct, gc=False):
    store: str | None = None
    partner: str | None = None


class Brought(msgspec.Struct):
    """What a decision says of where its points come from: the part of it that is needed here."""

    key: UUID
    facts: _Facts
    evaluation: _Evaluation | None = None

    def campaigns(self, wallet: str, points: int) -> list[tuple[str | None, int]]:
        """Share points of a wallet out between the campaigns that paid."""
        weights: dict[str, int] = {}
        for paid in () if self.evaluation is None else self.evaluation.paid:
            if paid.wallet == wallet and paid.amount > 0:
                weights[paid.campaign] = weights.get(paid.campaign, 0) + paid.amount
        if not weights:
            return [(None, points)]
        shares = apportion(list(weights.values()), points, sum(weights.values()), points)
        return list(zip(weights, shares, strict=True))


class Earned(NamedTuple):
    """Points of a lot: the event that earned it, the page that its decision lies on, and when they lapse or lapsed."""

    page: int | None
    cause: UUID
    lapses_at: datetime | None
    wallet: str
    points: int


_decode = msgspec.json.Decoder(Brought).decode_lines
Key = tuple[Split, str | None, datetime | None, str]


class Origins:
    """Adds points up by where they come from."""

    def __init__(self) -> None:
        self._sums: dict[Key, int] = {}

    def add(self, earned: Iterable[Earned], pages: Iterable[bytes]) -> None:
        """Add points of lots; `pages` are those on which their decisions lie."""
        decisions = {one.key: one for page in pages for one in read_brought(page)}
        for each in earned:
            self._add(each, decisions)

    def _add(self, earned: Earned, decisions: Mapping[UUID, Brought]) -> None:
        decision = decisions.get(earned.cause)
        shares = [(None, earned.points)] if decision is None else decision.campaigns(earned.wallet, earned.points)
        facts = _Facts() if decision is None else decision.facts
        lapses_at, wallet, sums = earned.lapses_at, earned.wallet, self._sums
        keys: list[tuple[Key, int]] = [(("campaign", name, lapses_at, wallet), points) for name, points in shares]
        keys.append((("partner", facts.partner, lapses_at, wallet), earned.points))
        keys.append((("store", facts.store, lapses_at, wallet), earned.points))
        for key, points in keys:
            sums[key] = sums.get(key, 0) + points

    def told(self) -> tuple[Origin, ...]:
        """Return the sums, in a settled order."""
        ordered = sorted(
            self._sums.items(), key=lambda item: (item[0][0], item[0][1] or "", str(item[0][2]), item[0][3])
        )
        return tuple([Origin(*key, points) for key, points in ordered if points])


def read_brought(page: bytes) -> list[Brought]:
    """Return what the decisions of a page say of where points come from."""
    return _decode(bytes(cramjam.zstd.decompress(page)))
