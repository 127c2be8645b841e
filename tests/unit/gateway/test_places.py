"""Which stores are near, and what each offers that others do not."""

from __future__ import annotations

from datetime import UTC, datetime
from math import asin, cos, radians, sin, sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.compile import compile_programme
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.places import EARTH_RADIUS_METRES, Point, Store
from services.gateway.places.near import near
from services.gateway.places.offers import offers_by_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPHANSPLATZ = Point.model_validate({"latitude": "48.208493", "longitude": "16.373118"})
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "zone": "Europe/Vienna",
    "currency": "EUR",
    "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    "activities": [{"name": "near_old_town"}],
    "stores": [
        {"id": "12", "name": "Old Town", "latitude": "48.209", "longitude": "16.37", "city": "Vienna",
         "arrival": {"activity": "near_old_town", "metres": 500}},
        {"id": "13", "name": "Station", "latitude": "48.185", "longitude": "16.378", "city": "Vienna"},
        {"id": "14", "name": "Online"},
    ],
    "campaigns": [
        {"id": "base", "name": "A point", "state": "live",
         "effect": {"kind": "per_amount", "points": 1, "per_minor": 100}},
        {"id": "named", "name": "Old Town", "state": "live", "when": {"stores": ["12"]},
         "effect": {"kind": "multiplier", "percent": 200}},
        {"id": "city", "name": "Vienna", "state": "live", "when": {"cities": ["Vienna"]},
         "effect": {"kind": "fixed", "points": 5}},
        {"id": "off", "name": "Off", "state": "live", "when": {"cities": ["Vienna"]},
         "effect": {"kind": "fixed", "points": 5}},
        {"id": "draft", "name": "Draft", "state": "draft", "when": {"stores": ["13"]},
         "effect": {"kind": "fixed", "points": 5}},
    ],
}  # fmt: skip
degrees = st.builds(
    lambda latitude, longitude: Point(latitude=latitude, longitude=longitude),
    st.integers(-90_000_000, 90_000_000),
    st.integers(-180_000_000, 180_000_000),
)


def haversine(one: Point, other: Point) -> float:
    a, b = (radians(each.latitude / 1e6) for each in (one, other))
    over = radians((other.longitude - one.longitude) / 1e6)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(over / 2) ** 2
    return 2 * EARTH_RADIUS_METRES * asin(min(1.0, sqrt(half)))


@settings(max_examples=60, deadline=None)
@given(degrees, st.lists(degrees, max_size=8), st.integers(1, 20_000_000))
def test_the_nearest_come_first_and_no_farther_ones(here: Point, places: list[Point], within: int) -> None:
    stores = [
        Store.model_validate({"id": str(number), "latitude": each.latitude, "longitude": each.longitude})
        for number, each in enumerate(places)
    ]
    found = near(stores, here, within, 5)
    assert [each.metres for each in found] == sorted(each.metres for each in found)
    far = [haversine(here, each) for each in places]
    for each in found:
        assert each.metres == pytest.approx(far[int(each.store.id)], abs=2)
    assert len(found) >= min(5, sum(each < within - 2 for each in far))
    assert len(found) <= min(5, sum(each < within + 2 for each in far))


def test_a_store_knows_who_is_near_and_offers_its_own() -> None:
    programme = parse_programme(DOCUMENT)
    found = near(programme.stores, STEPHANSPLATZ, 5_000, 50)
    assert [(each.store.id, each.arrived) for each in found] == [("12", True), ("13", False)]
    compiled = compile_programme(programme)
    offers = offers_by_store(compiled, ["12", "13"], AT, frozenset({"off"}), "en")
    assert {store: [name for name, _, _ in some] for store, some in offers.items()} == {
        "12": ["city", "named"],
        "13": ["city"],
    }
    assert all(words.endswith(".") for some in offers.values() for _, _, words in some)


@pytest.mark.parametrize(
    ("store", "path"),
    [
        ({"id": "15", "arrival": {"activity": "near_old_town", "metres": 500}}, "stores[0].arrival"),
        (
            {"id": "15", "latitude": "1", "longitude": "1", "arrival": {"activity": "unheard", "metres": 5}},
            "stores[0].arrival.activity",
        ),
    ],
)
def test_an_arrival_takes_a_place_and_an_activity_that_is_declared(store: dict[str, Any], path: str) -> None:
    with pytest.raises(ProgrammeInvalid) as invalid:
        parse_programme({**DOCUMENT, "stores": [store], "campaigns": []})
    assert [each.path for each in invalid.value.errors] == [path]
