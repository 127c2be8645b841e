"""Under what conditions a receipt pays: hours, places, the make-up of the basket, partners, and facts of one's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.lives import activity
from tests.support.receipts import line
from tests.support.running import Door, Platform

ROME = ZoneInfo("Europe/Rome")


@pytest.mark.feature("VOU-49", "VOU-26", "VOU-28")
async def test_hours_places_and_baskets(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("guest")])
    await shop.enrolled("guest")
    tea, bread = line("tea", 400, category="WARM DRINKS"), line("bread", 300, category="BAKED", number=2)
    fruit = [line("pear", 100, category="FRUIT"), line("apple", 200, category="FRUIT", number=2)]
    smoke = line("smoke", 600, category="TOBACCO", number=3)
    five, nine = (last(shop, hour) for hour in (17, 21))
    orders: dict[str, dict[str, Any]] = {
        "guest-happy": {"lines": [tea, bread], "time": five},
        "guest-late": {"lines": [tea, bread], "time": nine},
        "guest-other": {"lines": [line("juice", 400)], "time": five},
        "guest-picnic": {"lines": [*fruit, line("roll", 100, category="BAKED", number=3)], "time": nine},
        "guest-plain": {"lines": fruit, "time": nine},
        "guest-smoke": {"lines": [*fruit, smoke, line("roll", 100, category="BAKED", number=4)], "time": nine},
        "guest-lake": {"lines": [line("any", 100)], "time": nine, "store": "lecco"},
        "guest-town": {"lines": [line("any", 100)], "time": nine, "store": "milano"},
    }
    await platform.publish(shop.purchase(number, card="guest", **order) for number, order in orders.items())
    await shop.decided(*orders)
    assert {number.removeprefix("guest-"): points(shop.receipt(number)) for number in orders} == {
        "happy": 21 + 12,
        "late": 21,
        "other": 12,
        "picnic": 12 + 30,
        "plain": 9,
        "smoke": 30,
        "lake": 3 + 10,
        "town": 3,
    }
    assert why(shop.receipt("guest-late"), "tea-time").startswith("not at this hour: 17:00 to 19:00 needed")
    assert "any line of categories BAKED: 1 line needed, 0 lines there" in why(shop.receipt("guest-plain"), "picnic")
    assert "no line of categories TOBACCO needed, 1 of 4 there" in why(shop.receipt("guest-smoke"), "picnic")


@pytest.mark.feature("COM-31", "COM-117", "VOU-40")
async def test_partners_products_and_a_start(platform: Platform) -> None:
    """Washed at one partner or the other; the campaign that begins later pays nobody yet."""
    shop = platform.initech
    await platform.publish([shop.enrolment("driver")])
    await shop.enrolled("driver")
    wash = [line("car-wash", 1_000)]
    orders: dict[str, dict[str, Any]] = {
        "driver-1": {"lines": wash, "partner": "fuel-and-go"},
        "driver-2": {"lines": wash, "partner": "tyre-house"},
        "driver-3": {"lines": wash},
        "driver-4": {"lines": [line("fuel", 1_000)], "partner": "fuel-and-go"},
        "driver-5": {"lines": wash, "partner": "fuel-and-go", "payment": "fleet-card"},
    }
    await platform.publish(shop.purchase(number, card="driver", **order) for number, order in orders.items())
    await shop.decided(*orders)
    assert [points(shop.receipt(number)) for number in orders] == [55, 55, 30, 30, 30]
    told = why(shop.receipt("driver-5"), "washed")
    assert told == "not with this means of payment: none of fleet-card needed, fleet-card there"


@pytest.mark.feature("VOU-33", "VOU-1")
async def test_an_event_is_judged_by_its_own_data(platform: Platform) -> None:
    """Over the topic and over HTTP; data of another kind, or none, pays nothing and says so."""
    shop = platform.initech
    await platform.publish([shop.enrolment("crates")])
    await shop.enrolled("crates")
    crate = {"material": "glass", "bottles": 12, "broken": False}
    carried: dict[str, dict[str, Any] | None] = {
        "crates-1": crate,
        "crates-2": crate | {"material": "tin"},
        "crates-3": crate | {"bottles": "twelve"},
        "crates-4": None,
    }
    till = f"{shop.source}/1"
    await platform.publish(
        activity(
            name, "crate-returned", card="crates", time=shop.now(), source=till, **({"data": data} if data else {})
        )
        for name, data in carried.items()
    )
    told = {name: await shop.decision(f"/v1/receipts{till}/{name}") for name in carried}
    assert [points(each) for each in told.values()] == [3, 0, 0, 0]
    assert "material: glass needed, tin there" in why(told["crates-2"], "of-glass")
    assert "could not be evaluated" in why(told["crates-3"], "of-glass")
    assert "not known" in why(told["crates-4"], "of-glass")


def last(shop: Door, hour: int) -> datetime:
    """The last time that it was half past this hour in Rome: within a day, so under the rules of today."""
    now = shop.now().astimezone(ROME)
    then = now.replace(hour=hour, minute=30, second=0, microsecond=0)
    return then if then <= now else then - timedelta(days=1)


def points(told: dict[str, Any]) -> int:
    return sum(each["points"] for each in told["points"] if each["wallet"] == "points")


def why(told: dict[str, Any], campaign: str) -> str:
    (found,) = [each for each in told["explanation"]["not_paid"] if each["campaign"] == campaign]
    return str(found["words"])
