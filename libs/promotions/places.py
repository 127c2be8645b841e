"""Where stores lie, and which of them a campaign means: answered when a programme is compiled, in whole numbers.

A place is given in micro-degrees or as decimal text. Distances are along the surface of a sphere; sine and cosine are
series of integers, so that every machine finds the same stores.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Protocol, Self

from pydantic import BeforeValidator, Field, model_validator

from libs.promotions.parts import Misplaced, Name, Part, Positive, Text, Texts, unless_written

EARTH_RADIUS_METRES = 6_371_008
"""The mean radius."""

_ONE = 10**15
_PI = 3_141_592_653_589_793
_DECIMAL = re.compile(r"(-?)(\d{1,3})(?:\.(\d{1,6}))?")


def micro_degrees(text: str) -> int:
    """Read degrees as people write them.

    Raises:
        ValueError: it is no decimal number, or has more than six places.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no decimal number of degrees with at most six places")
    sign, whole, places = found.groups()
    return (-1 if sign else 1) * (int(whole) * 1_000_000 + int((places or "").ljust(6, "0")))


def _read(value: object) -> object:
    return micro_degrees(value) if isinstance(value, str) else value


def _degrees(limit: int) -> Any:
    return Field(strict=True, ge=-limit * 1_000_000, le=limit * 1_000_000)


_Text = Annotated[str, Field(pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,6})?$")]
_LatitudeSaid = Annotated[int, _degrees(90)] | _Text
_LongitudeSaid = Annotated[int, _degrees(180)] | _Text
"""What editors and generated clients are told may be written: micro-degrees, or degrees as text."""

Latitude = Annotated[int, _degrees(90), BeforeValidator(_read, json_schema_input_type=_LatitudeSaid)]
Longitude = Annotated[int, _degrees(180), BeforeValidator(_read, json_schema_input_type=_LongitudeSaid)]


class Point(Part):
    """A place: north and east are positive; an integer is micro-degrees, a text degrees."""

    latitude: Latitude
    longitude: Longitude


class Circle(Point):
    """All within so many metres of a place, the edge included."""

    metres: Annotated[Positive, Field(le=20_015_000)]


class Arrival(Part):
    """A member who agreed to offers by place, and comes so near to a store, has done this activity: once a day."""

    activity: Name
    metres: Annotated[Positive, Field(le=50_000)] = 300


class Store(Part):
    """A store as receipts name it, where it lies and what it is."""

    id: Text
    name: Annotated[str, Field(max_length=200)] | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    country: Text | None = None
    region: Text | None = None
    city: Text | None = None
    labels: Texts = ()
    arrival: Arrival | None = unless_written(None)

    @model_validator(mode="after")
    def _a_place(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise Misplaced("longitude" if self.longitude is None else "latitude", "a place needs both")
        if self.arrival is not None and self.latitude is None:
            raise Misplaced("arrival", "nobody comes near to a store without latitude and longitude")
        return self


class Places(Protocol):
    """Conditions on where a store lies; `Conditions` has them."""

    @property
    def near(self) -> Circle | None: ...  # noqa: D102
    @property
    def inside(self) -> tuple[Point, ...]: ...  # noqa: D102
    @property
    def countries(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def regions(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def cities(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def store_labels(self) -> tuple[str, ...]: ...  # noqa: D102


class Atlas:
    """The stores of a programme, each with its direction from the centre of the earth, found once."""

    __slots__ = ("_stores",)

    def __init__(self, stores: Sequence[Store]) -> None:
        self._stores = [(store, _point(store)) for store in stores]

    def find(self, places: Places) -> tuple[str, ...] | None:
        """Return the ids of the stores that lie where it says, sorted; None when it says nothing."""
        found = self._stores
        asked = False
        for values, read in (
            (places.countries, lambda store: (store.country,)),
            (places.regions, lambda store: (store.region,)),
            (places.cities, lambda store: (store.city,)),
            (places.store_labels, lambda store: store.labels),
        ):
            if values:
                asked, wanted = True, frozenset(values)
                found = [(store, point) for store, point in found if not wanted.isdisjoint(read(store))]
        if places.near is not None:
            asked, centre, most = True, places.near, chord_squared(places.near.metres)
            found = [one for one in found if one[1] is not None and apart(one[1], centre) <= most]
        if places.inside:
            asked = True
            found = [one for one in found if one[1] is not None and is_inside(one[1], places.inside)]
        return tuple(sorted(store.id for store, _ in found)) if asked else None


def is_inside(point: Point, corners: Sequence[Point]) -> bool:
    """Tell whether a place lies in an area, its edge included: straight lines of latitude over longitude.

    An area does not reach over the 180th meridian: split it there.
    """
    x, y = point.longitude, point.latitude
    inside = False
    for one, other in zip(corners, (*corners[1:], corners[0]), strict=True):
        cross = (other.longitude - one.longitude) * (y - one.latitude) - (other.latitude - one.latitude) * (
            x - one.longitude
        )
        if cross == 0 and _between(x, one.longitude, other.longitude) and _between(y, one.latitude, other.latitude):
            return True
        if (one.latitude > y) != (other.latitude > y) and (cross > 0) == (other.latitude > one.latitude):
            inside = not inside
    return inside


def apart(one: Point, other: Point) -> int:
    """Return the square of the straight distance between two places, the earth's radius being 10^15."""
    return sum((a - b) ** 2 for a, b in zip(_direction(one), _direction(other), strict=True))


def chord_squared(metres: int) -> int:
    """Return what `apart` gives for two places so many metres from each other."""
    half = _sine(metres * _ONE // (2 * EARTH_RADIUS_METRES))
    return 4 * half * half


def _point(store: Store) -> Point | None:
    if store.latitude is None or store.longitude is None:
        return None
    return Point(latitude=store.latitude, longitude=store.longitude)


def _between(value: int, one: int, other: int) -> bool:
    return min(one, other) <= value <= max(one, other)


def _direction(point: Point) -> tuple[int, int, int]:
    latitude, longitude = (degrees * _PI // 180_000_000 for degrees in (point.latitude, point.longitude))
    over = _cosine(latitude)
    return over * _cosine(longitude) // _ONE, over * _sine(longitude) // _ONE, _sine(latitude)


def _sine(angle: int) -> int:
    """The sine of an angle between -pi and pi, in parts of 10^15, by its series."""
    total, term, step = 0, abs(angle), 1
    while term:
        total += term if step % 4 == 1 else -term
        term = term * angle * angle // (_ONE * _ONE * (step + 1) * (step + 2))
        step += 2
    return total if angle >= 0 else -total


def _cosine(angle: int) -> int:
    return _sine(_PI // 2 - abs(angle))
