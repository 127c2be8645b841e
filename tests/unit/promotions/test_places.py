"""Where stores lie: distances and areas in whole numbers, the same on every machine."""

from __future__ import annotations

import re
from math import acos, cos, radians, sin

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from libs.promotions.criteria import Conditions
from libs.promotions.places import EARTH_RADIUS_METRES, Atlas, Circle, Point, Store, apart, chord_squared, is_inside

DUOMO = Point(latitude="45.464211", longitude="9.191383")
points = st.builds(
    Point, latitude=st.integers(-90_000_000, 90_000_000), longitude=st.integers(-180_000_000, 180_000_000)
)


def metres(one: Point, other: Point) -> float:
    """The distance by the law of cosines, in floating point."""
    a, b, c, d = (radians(x / 1e6) for x in (one.latitude, one.longitude, other.latitude, other.longitude))
    return EARTH_RADIUS_METRES * acos(min(1.0, max(-1.0, sin(a) * sin(c) + cos(a) * cos(c) * cos(b - d))))


def test_degrees_are_texts_or_micro_degrees() -> None:
    assert (DUOMO.latitude, DUOMO.longitude) == (45_464_211, 9_191_383)
    assert Point(latitude="-0.5", longitude="180").latitude == -500_000
    for wrong in ("north", "45,4", "91", "1.1234567", 1.5):
        with pytest.raises(ValueError, match="latitude"):
            Point(latitude=wrong, longitude=0)


@settings(max_examples=200, deadline=None)
@given(points, points)
def test_distances_are_those_on_a_sphere(one: Point, other: Point) -> None:
    far = metres(one, other)
    assume(10 < far < 20_000_000)
    assert apart(one, other) <= chord_squared(int(far * 1.000001) + 2)
    assert apart(one, other) > chord_squared(int(far * 0.999999) - 2)


def test_a_circle_has_its_edge() -> None:
    north = Point(latitude=DUOMO.latitude + 9_000, longitude=DUOMO.longitude)
    away = round(EARTH_RADIUS_METRES * radians(0.009))
    assert chord_squared(away - 1) < apart(DUOMO, north) <= chord_squared(away + 1)
    assert apart(DUOMO, DUOMO) == 0


SQUARE = tuple(Point(latitude=y, longitude=x) for x, y in ((0, 0), (0, 10), (10, 10), (10, 0)))
HOOK = tuple(Point(latitude=y, longitude=x) for x, y in ((0, 0), (0, 10), (10, 10), (10, 8), (2, 8), (2, 0)))


@pytest.mark.parametrize(
    ("corners", "x", "y", "inside"),
    [
        (SQUARE, 5, 5, True),
        (SQUARE, 0, 5, True),
        (SQUARE, 10, 10, True),
        (SQUARE, 11, 5, False),
        (SQUARE, -1, 10, False),
        (HOOK, 1, 1, True),
        (HOOK, 9, 9, True),
        (HOOK, 5, 5, False),
        (HOOK, 5, 8, True),
        (HOOK[::-1], 5, 5, False),
        (HOOK[::-1], 1, 9, True),
    ],
)
def test_an_area_has_its_edge_and_its_bays(corners: tuple[Point, ...], x: int, y: int, inside: bool) -> None:
    assert is_inside(Point(latitude=y, longitude=x), corners) is inside


def test_all_kinds_of_places_must_agree() -> None:
    atlas = Atlas(
        [
            Store(id="a", latitude=45_464_211, longitude=9_191_383, country="IT", city="Milano", labels=("big",)),
            Store(id="b", latitude=45_470_000, longitude=9_200_000, country="IT", city="Milano"),
            Store(id="c", country="IT", region="north"),
        ]
    )
    near = Circle(latitude=45_464_000, longitude=9_191_000, metres=100)
    assert atlas.find(Conditions()) is None
    assert atlas.find(Conditions(countries=("IT", "CH"))) == ("a", "b", "c")
    assert atlas.find(Conditions(near=near)) == ("a",)
    assert atlas.find(Conditions(near=near, store_labels=("small",))) == ()
    assert atlas.find(Conditions(cities=("Milano",), regions=("north",))) == ()
    square = tuple(
        Point(latitude=y, longitude=x)
        for x, y in ((9_195_000, 45_469_000), (9_195_000, 45_472_000), (9_205_000, 45_470_000))
    )
    assert atlas.find(Conditions(inside=square)) == ("b",)


@pytest.mark.parametrize("side", ["latitude", "longitude"])
def test_the_schema_says_that_degrees_are_text_or_a_whole_number(side: str) -> None:
    said = {each["type"]: each for each in Point.model_json_schema()["properties"][side]["anyOf"]}
    assert set(said) == {"integer", "string"}
    assert re.search(said["string"]["pattern"], "-48.208174")
    assert not re.search(said["string"]["pattern"], "48,2")
