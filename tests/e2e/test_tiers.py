"""What members did before, and the tiers that it brings them: as shops, apps and the API see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.test_quotes import quoted
from tests.support.lives import activity, returned
from tests.support.receipts import line
from tests.support.running import Door, Platform

_KEPT = "In “stamps”: points do not lapse at the end of a period"


async def bought(
    platform: Platform, shop: Door, number: str, card: str, minor: int, sku: str = "any", ago: int = 0
) -> int:
    """Buy something so many days ago, and return the points that it brought: those that a quote told just before."""
    at, cart = shop.now() - timedelta(days=ago), [line(sku, minor)]
    foretold = None if ago else sum(one["points"] for one in quoted(shop, cart, card)["points"])
    await platform.publish([shop.purchase(number, cart, card=card, time=at)])
    await shop.decided(number)
    brought: int = sum(lot["points"] for lot in shop.receipt(number)["lots"])
    assert foretold in (None, brought)
    return brought


@pytest.mark.feature("VOU-25")
async def test_conditions_on_what_a_member_bought_before(platform: Platform) -> None:
    """A first purchase pays once; a hamper pays whoever spent 1,000 in the last year, by now, and not before it."""
    shop = platform.club
    await platform.publish([shop.enrolment("before", tier=None)])
    await shop.enrolled("before")
    assert await bought(platform, shop, "before-1", "before", 1_000, "welcome-box") == 10 + 200
    assert await bought(platform, shop, "before-2", "before", 1_000, "welcome-box") == 10 * 3 // 2
    assert await bought(platform, shop, "before-3", "before", 97_900, ago=6) == 979 * 3 // 2
    assert await bought(platform, shop, "before-4", "before", 100, "hamper") == 2, "999.00 so far"
    assert await bought(platform, shop, "before-5", "before", 100, "hamper") == 2 + 500
    assert await bought(platform, shop, "before-6", "before", 100, "hamper", ago=3) == 2, "only 979.00 three days ago"
    back = returned("before-back", "before-4", source=f"{shop.source}/1", time=shop.now())
    await platform.publish([back])
    await shop.decision(f"/v1/receipts{shop.source}/1/before-back")
    assert await bought(platform, shop, "before-7", "before", 100, "hamper") == 2 + 500


@pytest.mark.feature("VOU-51", "VOU-52", "VOU-55")
async def test_levels_are_reached_by_points_or_reviews_and_change_what_is_earned(platform: Platform) -> None:
    shop = platform.club
    await platform.publish([shop.enrolment("buyer", tier=None), shop.enrolment("writer", tier=None)])
    await shop.enrolled("buyer", "writer")
    assert await bought(platform, shop, "buyer-1", "buyer", 40_000) == 400, "a receipt is judged by the tier before it"
    status, _ = shop.member("buyer")["tiers"]
    assert (status["level"], status["title"], status["benefits"]) == ("silver", "Silver", ["Free delivery"])
    assert status["until"][:4] in (str(shop.now().year + 1), str(shop.now().year + 2))
    assert status["next"]["progress"] == [{"what": "points", "done": 400, "least": 1000}]
    assert await bought(platform, shop, "buyer-2", "buyer", 40_000) == 600
    assert shop.member("buyer")["tier"] == "gold"
    assert await bought(platform, shop, "buyer-3", "buyer", 10_000) == 200
    back = returned("buyer-back", "buyer-2", source=f"{shop.source}/1", time=shop.now())
    await platform.publish([back])
    await shop.decision(f"/v1/receipts{shop.source}/1/buyer-back")
    changes = shop.get(f"/v1/members/{shop.member_id('buyer')}/tiers")["data"]
    assert (changes[0]["to_level"], changes[0]["reason"]) == ("silver", "returned")
    assert sorted(each["to_level"] for each in changes[1:]) == ["bronze", "gold", "silver"]

    for number in range(3):
        name = f"writer-{number}"
        review = activity(name, "product-reviewed", card="writer", time=shop.now(), source=f"{shop.source}/1")
        await platform.publish([review])
        await shop.decision(f"/v1/receipts{shop.source}/1/{name}")
    assert shop.member("writer")["tier"] == "silver"


@pytest.mark.feature("COM-52", "XOXO-26", "VOU-53")
async def test_levels_have_rules_and_benefits_of_their_own(platform: Platform) -> None:
    """The same purchase and the same review, by a member of each level; the higher ones were given by a person."""
    shop = platform.club
    tiers = {"new": None, "friend": "silver", "guest": "gold"}
    await platform.publish([shop.enrolment(card, tier=tier) for card, tier in tiers.items()])
    await shop.enrolled(*tiers)
    found, rewards, refused = {}, {}, {}
    for card in tiers:
        earned = await bought(platform, shop, f"{card}-1", card, 1_000, "treat-box")
        told = shop.receipt(f"{card}-1")["explanation"]
        rewards[card] = [one["reference"] for one in told["granted"]]
        refused[card] = [one["words"] for one in told["not_paid"] if one["campaign"] == "treats"]
        review = activity(f"{card}-2", "product-reviewed", card=card, time=shop.now(), source=f"{shop.source}/1")
        await platform.publish([review])
        await shop.decision(f"/v1/receipts{shop.source}/1/{card}-2")
        status, _ = shop.member(card)["tiers"]
        found[card] = (status["level"], status["given"], earned, shop.balance(card), status["benefits"])
    assert found == {
        "new": ("bronze", False, 10, 10, []),
        "friend": ("silver", True, 15, 15, ["Free delivery"]),
        "guest": ("gold", True, 20, 50, ["Free delivery", "Two visits to the lounge", _KEPT]),
    }
    assert rewards == {"new": [], "friend": ["breakfast"], "guest": ["breakfast", "spa-day"]}
    assert refused["friend"] == ["its reward 'spa-day' is for members of other levels"]
    assert (len(refused["new"]), refused["guest"]) == (2, [])
    assert [shop.member(card)["tiers"][0]["rewards"] for card in tiers] == [[], ["breakfast"], ["breakfast", "spa-day"]]


@pytest.mark.feature("VOU-52")
async def test_tier_points_bring_a_level_are_never_spent_and_go_back_with_what_brought_them(platform: Platform) -> None:
    shop = platform.club
    await platform.publish([shop.enrolment("star", tier=None)])
    await shop.enrolled("star")
    assert await bought(platform, shop, "star-1", "star", 3_000, "star-box") == 30
    assert await bought(platform, shop, "star-2", "star", 2_000, "star-box") == 20
    assert shop.receipt("star-2")["explanation"]["summary"] == "20 points, 40 tier points (stars) by base, stars."
    _, stars = shop.member("star")["tiers"]
    assert (stars["level"], stars["tier_points"]) == ("star", 100)
    assert stars["kept_by"] == [{"what": "tier_points", "done": 0, "least": 100}], "a month later"

    def warnings(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        warned = [one["data"] for one in found if one["type"] == "org.pointstream.member.tier_about_to_drop.v1"]
        return [data for data in warned if data["member_id"] == str(shop.member_id("star"))]

    (warned,) = warnings(await platform.events("loyalty.members", lambda found: bool(warnings(found))))
    assert stars["about_to_drop"]
    assert (warned["level"], warned.get("to_level"), warned["until"]) == ("star", None, stars["until"])
    assert warned["figures"] == stars["kept_by"]

    back = returned("star-back", "star-1", source=f"{shop.source}/1", time=shop.now())
    await platform.publish([back])
    await shop.decision(f"/v1/receipts{shop.source}/1/star-back")
    _, stars = shop.member("star")["tiers"]
    assert (stars["level"], stars["tier_points"], shop.balance("star")) == (None, 40, 20)
