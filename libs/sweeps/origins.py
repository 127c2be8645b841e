"""Which campaign, partner and store brought points: from the decision on the event that earned their lot. Pure.

Points that several campaigns brought in the same proportion are shared out between them as they paid, in whole points
that add up. What no decision explains, such as an adjustment, a transfer or an import, has none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from math import gcd
from typing import NamedTuple
from uuid import UUID

import cramjam
import msgspec

from libs.promotions.apportion import apportion
from libs.sweeps.outlook import Origin, Split


class Place(NamedTuple):
    """Where points were earned, as far as the event said so."""

    partner: str | None = None
    store: str | None = None


class Mix(NamedTuple):
    """Which campaigns paid, and in which proportion, in lowest terms; neither where none did."""

    campaigns: tuple[str, ...] = ()
    weights: tuple[int, ...] = ()

    def shares(self, points: int) -> list[tuple[str | None, int]]:
        """Share points out between the campaigns."""
        if not self.campaigns:
            return [(None, points)]
        shares = apportion(list(self.weights), points, sum(self.weights), points)
        return list(zip(self.campaigns, shares, strict=True))


def number_of(one: Place | Mix) -> int:
    """Return the number under which a place or a mix is kept: 64 bits of a hash of it, so that nobody hands it out."""
    return int.from_bytes(blake2b(msgspec.json.encode(one), digest_size=8).digest(), "big", signed=True)


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

    @property
    def place(self) -> Place:
        """Where the event was."""
        return Place(self.facts.partner, self.facts.store)

    def mix(self, wallet: str) -> Mix:
        """Which campaigns paid points of a wallet."""
        weights: dict[str, int] = {}
        for paid in () if self.evaluation is None else self.evaluation.paid:
            if paid.wallet == wallet and paid.amount > 0:
                weights[paid.campaign] = weights.get(paid.campaign, 0) + paid.amount
        common = gcd(*weights.values())
        return Mix(tuple(weights), tuple([weight // common for weight in weights.values()]))


class Earned(NamedTuple):
    """Points of a lot: the event that earned it, the page that its decision lies on, and when they lapse or lapsed."""

    page: int | None
    cause: UUID
    lapses_at: datetime | None
    wallet: str
    points: int


_decode = msgspec.json.Decoder(Brought)
_FEW = 8
"""So many decisions of a page are looked for one by one; for more all of it is read."""
NOWHERE, NOBODY = Place(), Mix()
Lapsing = tuple[datetime | None, str]


class Origins:
    """Adds points up by where they come from."""

    def __init__(self) -> None:
        self._places: dict[tuple[Place, Lapsing], int] = {}
        self._mixes: dict[tuple[Mix, Lapsing], int] = {}

    def add(self, earned: Sequence[Earned], pages: Mapping[int, bytes]) -> None:
        """Add points of lots; `pages` are those on which their decisions lie, by number."""
        decisions = brought(earned, pages)
        for each in earned:
            decision = decisions.get(each.cause)
            place, mix = (NOWHERE, NOBODY) if decision is None else (decision.place, decision.mix(each.wallet))
            self.add_known(place, mix, (each.lapses_at, each.wallet), each.points)

    def add_known(self, place: Place, mix: Mix, lapsing: Lapsing, points: int) -> None:
        """Add points of a wallet that lapse at an instant, and of which it is known where they come from."""
        self.add_place(place, lapsing, points)
        self.add_mix(mix, lapsing, points)

    def add_place(self, place: Place, lapsing: Lapsing, points: int) -> None:
        """Add points that were earned somewhere; fewer than none take some off."""
        self._places[place, lapsing] = self._places.get((place, lapsing), 0) + points

    def add_mix(self, mix: Mix, lapsing: Lapsing, points: int) -> None:
        """Add points that some campaigns brought; fewer than none take some off."""
        self._mixes[mix, lapsing] = self._mixes.get((mix, lapsing), 0) + points

    def told(self) -> tuple[Origin, ...]:
        """Return the sums, in a settled order."""
        sums: dict[tuple[Split, str | None, datetime | None, str], int] = {}
        for (mix, lapsing), points in self._mixes.items():
            for name, share in mix.shares(points):
                sums["campaign", name, *lapsing] = sums.get(("campaign", name, *lapsing), 0) + share
        for (place, lapsing), points in self._places.items():
            sums["partner", place.partner, *lapsing] = sums.get(("partner", place.partner, *lapsing), 0) + points
            sums["store", place.store, *lapsing] = sums.get(("store", place.store, *lapsing), 0) + points
        ordered = sorted(sums.items(), key=lambda item: (item[0][0], item[0][1] or "", str(item[0][2]), item[0][3]))
        return tuple([Origin(*key, points) for key, points in ordered if points])


def brought(earned: Iterable[Earned], pages: Mapping[int, bytes]) -> dict[UUID, Brought]:
    """Return what decisions on some pages say of where lots came from, by the event that earned them."""
    wanted: dict[int, set[UUID]] = {}
    for each in earned:
        if each.page is not None and each.page in pages:
            wanted.setdefault(each.page, set()).add(each.cause)
    return {one.key: one for page, causes in wanted.items() for one in _read(pages[page], causes)}


def _read(page: bytes, causes: set[UUID]) -> list[Brought]:
    """Read some decisions of a page: each is a line that begins with its key."""
    text = bytes(cramjam.zstd.decompress(page))
    if len(causes) <= _FEW:
        lines = b"\n" + text
        places = [lines.find(b'\n{"key":"%s"' % str(cause).encode()) for cause in causes]
        if -1 not in places:
            return [_decode.decode(text[place : text.find(b"\n", place)]) for place in places]
    return _decode.decode_lines(text)
