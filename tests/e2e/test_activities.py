"""Points for more than purchases: activities come in over the topic and over HTTP, and each counts as its rule says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.lives import activity
from tests.support.running import Door, Platform


@pytest.mark.feature("VOU-29")
async def test_twenty_points_above_an_order_of_a_hundred(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("basket")])
    await shop.enrolled("basket")
    orders = {"basket-1": 9_999, "basket-2": 10_000, "basket-3": 10_001, "basket-4": 25_000}
    await platform.publish(shop.purchase(number, total, card="basket") for number, total in orders.items())
    await shop.decided(*orders)
    brought = {number: points(shop.receipt(number)) for number in orders}
    assert brought == {"basket-1": 299, "basket-2": 300, "basket-3": 300 + 20, "basket-4": 750 + 20}
    (why,) = [each for each in shop.receipt("basket-2")["explanation"]["not_paid"] if each["campaign"] == "above-100"]
    assert why["condition"] == "min_total_minor"


@pytest.mark.feature("VOU-33")
async def test_an_event_of_ones_own_earns_by_its_rule(platform: Platform) -> None:
    """Nobody but this shop knows of bottles: the name, the quantity and the rule are its own."""
    shop = platform.initech
    await platform.publish([shop.enrolment("green")])
    await shop.enrolled("green")
    done = [happened(shop, f"green-{count}", "bottles-returned", card="green", quantity=count) for count in (9, 10, 24)]
    await platform.publish([*done, happened(shop, "green-else", "bottles-admired", card="green", quantity=100)])

    told = {count: await decided(shop, f"green-{count}") for count in ("9", "10", "24", "else")}
    assert {count: points(each) for count, each in told.items()} == {"9": 0, "10": 4, "24": 8, "else": 0}
    assert shop.balance("green") == 12
    assert told["24"]["inputs"]["activity"] == "bottles-returned"
    assert [each["condition"] for each in told["9"]["explanation"]["not_paid"]] == ["cel"]
    assert {entry["receipt"]["kind"] for entry in shop.history("green")} == {"activity.recorded"}


@pytest.mark.feature("VOU-34")
async def test_a_newsletter_is_rewarded_once(platform: Platform) -> None:
    await once(platform, "reader", "newsletter-subscribed", 50)


@pytest.mark.feature("VOU-35")
async def test_a_like_on_a_social_profile_is_rewarded_once(platform: Platform) -> None:
    await once(platform, "fan", "profile-liked", 5)


@pytest.mark.feature("STAR-8")
async def test_taking_part_in_a_contest_is_rewarded_once(platform: Platform) -> None:
    await once(platform, "player", "contest-entered", 12)


@pytest.mark.feature("VOU-36")
async def test_reviews_are_rewarded_up_to_a_limit(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("critic")])
    await shop.enrolled("critic")
    await platform.publish(
        [
            happened(shop, "critic-plain", "product-reviewed", card="critic"),
            *(
                happened(shop, f"critic-{number}", "product-reviewed", card="critic", labels=["with-photo"])
                for number in (1, 2, 3)
            ),
        ]
    )
    told = {name: await decided(shop, f"critic-{name}") for name in ("plain", "1", "2", "3")}
    assert {name: points(each) for name, each in told.items()} == {"plain": 0, "1": 20, "2": 20, "3": 0}
    assert [(each["before"], each["after"]) for each in told["3"]["explanation"]["caps"]] == [("20", "0")]
    assert shop.balance("critic") == 40


async def once(platform: Platform, name: str, what: str, worth: int) -> None:
    """Over HTTP first, then over the topic: the same member is paid once, another one too."""
    shop, other = platform.initech, f"{name}-too"
    await platform.publish([shop.enrolment(name), shop.enrolment(other)])
    await shop.enrolled(name, other)
    body: dict[str, Any] = {"id": f"{name}-1", "source": f"{shop.source}/1", "time": shop.now().isoformat()}
    body["data"] = {"activity": what, "identifiers": [{"kind": "card", "value": name}]}
    first = await shop.decision(shop.post("/v1/activities", body, key=f"{name}-1")["receipt"])
    assert (first["outcome"], points(first)) == ("credited", worth)
    assert shop.post("/v1/activities", body, key=f"{name}-again")["status"] == "known"

    by_id = {"card": None, "member_id": str(shop.member_id(other))}
    await platform.publish([happened(shop, f"{name}-2", what, card=name), happened(shop, f"{other}-1", what, **by_id)])
    again = await decided(shop, f"{name}-2")
    assert (again["outcome"], points(again)) == ("no_points", 0)
    assert points(await decided(shop, f"{other}-1")) == worth
    assert (shop.balance(name), shop.balance(other)) == (worth, worth)


def happened(shop: Door, name: str, what: str, **rest: Any) -> Any:
    """An activity of now, as the shop publishes it."""
    return activity(name, what, time=shop.now(), source=f"{shop.source}/1", **rest)


async def decided(shop: Door, name: str) -> dict[str, Any]:
    """The decision on an activity."""
    return await shop.decision(f"/v1/receipts{shop.source}/1/{name}")


def points(decision: dict[str, Any]) -> int:
    """The points that an event brought."""
    return sum(each["points"] for each in decision["points"] if each["wallet"] == "points")
