"""Money off at the till: what a quote says to take off, of every family, beside what, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.test_quotes import quoted
from tests.support.pairs import PAIRS
from tests.support.receipts import line
from tests.support.running import Door, Platform

ROME = ZoneInfo("Europe/Rome")


def off(shop: Door, *lines: dict[str, Any], **rest: str) -> dict[str, int]:
    """What each campaign takes off a cart of somebody whom nobody knows."""
    found: dict[str, int] = {}
    for one in quoted(shop, list(lines), "stranger", **rest)["discounts"]:
        found[one["campaign"]] = found.get(one["campaign"], 0) + one["amount_minor"]
    return found


def shelf(category: str, *prices: int, pieces: int = 1) -> list[dict[str, Any]]:
    """Lines of a category, so many pieces of each article, which cost so much together."""
    return [
        line(f"{category.lower()}-{price}", price, category=category, quantity=pieces, number=number)
        for number, price in enumerate(prices, start=1)
    ]


@pytest.mark.feature("VOU-4", "VOU-5", "VOU-7")
async def test_free_shipping_a_sample_and_an_amount_off(platform: Platform) -> None:
    shop = platform.initech
    shipping = line("parcel", 490, number=2) | {"labels": ["shipping"]}
    assert off(shop, line("vase", 4_000), shipping, channel="app") == {"shipping": 490}
    assert off(shop, line("vase", 3_999), shipping, channel="app") == {}
    assert off(shop, *shelf("TOYS", 3_000, 2_000)) == {"ten-off": 1_000}
    assert off(shop, *shelf("TOYS", 3_000, 1_999)) == {}

    await platform.publish([shop.enrolment("smooth")])
    await shop.enrolled("smooth")
    told = quoted(shop, [line("cream", 900)], "smooth")["explanation"]["granted"]
    assert [(one["kind"], one["reference"], one["quantity"]) for one in told] == [("sample", "balm", 1)]


@pytest.mark.feature("VOU-6", "VOU-8", "VOU-30")
def test_pieces_for_free_at_half_price_by_quantity_and_in_a_bundle(platform: Platform) -> None:
    shop = platform.initech
    assert off(shop, *shelf("PASTA", 300, 200, 250)) == {"pasta": 200}, "the cheapest of three"
    assert off(shop, *shelf("PASTA", 300, 200)) == {}
    assert off(shop, *shelf("LOAVES", 600, pieces=2), line("butter", 300, number=2)) == {"butter": 150}
    assert off(shop, *shelf("WINE", 6_000, pieces=6)) == {"wine": 300}
    assert off(shop, *shelf("WINE", 12_000, pieces=12)) == {"wine": 1_440}
    menu = [line("burger", 700), line("fries", 300, number=2), line("cola", 290, number=3)]
    assert off(shop, *menu, channel="counter") == {"menu": 300}
    assert off(shop, line("the-book", 2_000), line("a-book", 2_000, number=2)) == {"one-book": 600}


@pytest.mark.feature("VOU-14", "VOU-44", "XOXO-27")
def test_discounts_that_go_beside_each_other_and_those_whose_time_is_over(platform: Platform) -> None:
    shop = platform.initech
    coat = line("coat", 10_000) | {"labels": ["coat"]}
    scarf = line("scarf", 2_000, number=2)
    assert off(shop, coat) == {"coats": 1_500}, "coat-sale is not allowed beside it"
    assert off(shop, coat, scarf) == {"coats": 1_500, "scarf": 500}
    assert off(shop, scarf) == {}, "only with the other"
    told = quoted(shop, [coat], "stranger")["explanation"]["not_paid"]
    assert {one["campaign"]: one["condition"] for one in told}["coat-sale"] == "excluded-by:coats"
    assert off(shop, line("calendar", 1_000)) == {}
    assert not shop.get("/v1/campaigns/over")["runs"]


@pytest.mark.feature("VOU-32")
def test_what_is_bought_together_brings_more_and_a_cart_is_told_so(platform: Platform) -> None:
    shop = platform.initech
    printer, ink = line("printer", 9_000), line("ink", 1_000, number=2, quantity=2)
    plain, both = (quoted(shop, cart, "stranger")["points"][0]["points"] for cart in ([printer], [printer, ink]))
    assert both == plain + 30 + 15
    hints = quoted(shop, [line("any", 9_900)], "stranger")["hints"]
    assert [(one["campaign"], one["words"]) for one in hints] == [
        ("above-100", "Spend €1.01 more to get 23 points more.")
    ]


@pytest.mark.feature("COM-116")
def test_there_may_be_hundreds_of_rules_for_what_goes_together(platform: Platform) -> None:
    shop = platform.doors["assam"]

    def brought(*numbers: int) -> dict[str, str]:
        """What the rules for pairs bring for a cart with these pairs, beside a side that nothing goes with."""
        sold = [f"{part}-{number}" for number in numbers for part in ("main", "side")] + ["side-1"]
        cart = [line(sku, 100, number=number) for number, sku in enumerate(sold, start=1)]
        campaigns = quoted(shop, cart, "stranger")["explanation"]["campaigns"]
        return {one["campaign"]: one["points"] for one in campaigns if one["campaign"].startswith("pair-")}

    assert brought(7, 250, PAIRS) == {
        "pair-7": "7",
        "pair-250": "250",
        f"pair-{PAIRS}": f"{PAIRS}",
    }
    assert brought() == {}


@pytest.mark.feature("VOU-12", "VOU-37")
async def test_points_by_volume_value_and_earlier_value_and_on_holidays(platform: Platform) -> None:
    shop = platform.club
    await platform.publish([shop.enrolment("many", tier=None)])
    await shop.enrolled("many")
    now = shop.now().astimezone(ROME)
    christmas = datetime(now.year - 1, 12, 25, 12, tzinfo=ROME)

    async def brought(number: str, *lines: dict[str, Any], time: datetime) -> dict[str, str]:
        await platform.publish([shop.purchase(number, lines, card="many", time=time)])
        await shop.decided(number)
        campaigns = shop.receipt(number)["explanation"]["campaigns"]
        return {one["campaign"]: one["points"] for one in campaigns if one["campaign"] not in ("silver", "gold")}

    before = now - timedelta(days=2)
    assert await brought("many-1", line("candle", 700, quantity=7), time=before) == {"base": "7", "candles": "9"}
    assert await brought("many-2", line("chair", 49_300), time=before) == {"base": "493"}
    assert await brought("many-3", line("gift-box", 100), time=now) == {"base": "1", "faithful": "50"}
    assert await brought("many-4", line("panettone", 900), time=christmas) == {"base": "9", "christmas": "25"}
    assert await brought("many-5", line("panettone", 900), time=christmas + timedelta(days=2)) == {"base": "9"}
