"""Which stores are near a position, how far, and which of them tell members so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import asin, isqrt

from libs.promotions.places import EARTH_RADIUS_METRES, Point, Store, apart, chord_squared

_ONE = 10**15


@dataclass(frozen=True, slots=True)
class Near:
    """A store, and so many metres to it."""

    store: Store
    metres: int

    @property
    def arrived(self) -> bool:
        """Whether the member is so near that a programme wants to know."""
        return self.store.arrival is not None and self.metres <= self.store.arrival.metres


def near(stores: Iterable[Store], position: Point, within: int, most: int) -> list[Near]:
    """Return the stores within so many metres, the nearest first, and no more than `most`."""
    reach = chord_squared(within)
    found: list[tuple[int, str, Store]] = []
    for store in stores:
        if store.latitude is not None and store.longitude is not None:
            squared = apart(Point(latitude=store.latitude, longitude=store.longitude), position)
            if squared <= reach:
                found.append((squared, store.id, store))
    nearest: Sequence[tuple[int, str, Store]] = sorted(found, key=lambda each: each[:2])[:most]
    return [Near(store, _metres(squared)) for squared, _, store in nearest]


def _metres(squared: int) -> int:
    """The way over the surface between two places whose straight distance, squared, is this."""
    return round(2 * EARTH_RADIUS_METRES * asin(min(1.0, isqrt(squared) / _ONE / 2)))
