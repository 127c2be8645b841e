"""The catalogue on the running platform: rewards of many kinds, seen with reasons, ordered, and brought on."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.test_redemption import ask
from tests.support.rewards import MUG, WHAT
from tests.support.running import Door, Platform


def offer(shop: Door, kind: str, **fields: Any) -> str:
    """Put a reward of a kind at 10 points into the catalogue, and return its reference."""
    reference = fields.pop("reference", f"e2e-{kind}")
    document = {
        "category": "e2e",
        "what": {"kind": kind, **WHAT[kind][0]},
        "texts": {"en": {"title": kind}},
        "prices": [{"name": "standard", "points": 10}],
    } | fields
    answer = shop.http.put(
        f"/v1/rewards/{reference}/document", json={"reward": document}, headers={"If-None-Match": "*"}
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    return str(reference)


async def rich(platform: Platform, name: str, tier: str | None = None, *, spends: int = 100_000) -> Door:
    """The club, and in it a member with this card and a point for each 1.00; 1,000 of them make a golden one."""
    shop = platform.club
    await platform.publish([shop.enrolment(name, tier=tier)])
    await shop.enrolled(name)
    await platform.publish([shop.purchase(f"{name}-1", spends, card=name)])
    await shop.decided(f"{name}-1")
    return shop


def order(shop: Door, name: str, kind: str, key: str = "", **fields: Any) -> dict[str, Any]:
    """Order the reward of a kind, with all that it asks."""
    body = {"identifier": f"card:{name}", "reward": f"e2e-{kind}", "answers": WHAT[kind][1]} | fields
    return ask(shop, "", body, f"{name}-{kind}{key}")


def advance(shop: Door, told: dict[str, Any], *states: str) -> dict[str, Any]:
    """Bring an order on, state by state, and return what is told of it."""
    for state in states:
        key = {"Idempotency-Key": f"{told['redemption_id']}-{state}"}
        body = {"state": state, "by": "partner", "tracking": "T-1"}
        answer = shop.http.post(f"/v1/orders/{told['redemption_id']}/advance", json=body, headers=key)
        assert answer.status_code == httpx.codes.OK, answer.text
        told = answer.json()
    return told


@pytest.mark.feature("XOXO-2", "XOXO-6", "XOXO-9")
async def test_a_thing_is_chosen_from_its_category_ordered_delivered_and_returned(platform: Platform) -> None:
    shop = await rich(platform, "chooser")
    offer(shop, "merchandise", reference="e2e-mug", **(MUG | {"category": "e2e-home"}))
    shop.http.put("/v1/rewards/e2e-mug/stock", json={"free": 2})
    page = shop.get("/v1/rewards", member_id=shop.member_id("chooser"), category="e2e-home", lang="de")
    (seen,) = page["data"]
    assert (seen["title"], seen["in_reach"], seen["left"], seen["price"]["points"]) == ("Ein Becher", True, 2, 300)
    assert page["categories"]["e2e-home"] == 1
    earned = shop.balance("chooser")
    answers = {"variant": "blue", "address": "Hauptstr. 1, Bonn"}
    body = {"identifier": "card:chooser", "reward": "e2e-mug", "answers": answers, "quantity": 2}
    told = ask(shop, "", body, "chooser-mug")
    assert (told["order"]["state"], shop.balance("chooser")) == ("ordered", earned - 600)
    (seen,) = shop.get("/v1/rewards", member_id=shop.member_id("chooser"), category="e2e-home")["data"]
    assert [each["code"] for each in seen["reasons"]] == ["sold-out"]
    told = advance(shop, told, "approved", "shipped", "delivered")
    assert told["order"]["steps"][-1]["tracking"] == "T-1"
    told = advance(shop, told, "returned")
    assert (told["restored"], shop.balance("chooser")) == (600, earned)


@pytest.mark.feature("COM-53", "VOU-86", "XOXO-17")
async def test_orders_go_to_a_supplier_and_come_back_with_how_far_they_are(platform: Platform) -> None:
    shop = await rich(platform, "logistics")
    offer(shop, "customised")
    told = order(shop, "logistics", "customised")
    wrong = {"identifier": "card:logistics", "reward": "e2e-customised", "answers": {"pick_up_at": "1"}}
    answer = shop.http.post("/v1/redemptions", json=wrong, headers={"Idempotency-Key": "logistics-wrong"})
    assert (answer.status_code, answer.json()["code"]) == (422, "answer-needed")
    exported = shop.http.get("/v1/orders.csv", params={"kind": "customised"}).text
    assert "For Ada" in exported
    assert told["redemption_id"] in exported
    rows = f"order_id,next_state,tracking\n{told['redemption_id']},approved,\n{told['redemption_id']},shipped,DE-1\n"
    came = shop.http.post("/v1/orders", content=rows, headers={"Content-Type": "text/csv"}).json()
    assert (came["advanced"], came["faults"]) == (2, [])
    shown = platform.run("orders", "list", "--state", "shipped", "--kind", "customised", "--tenant", shop.slug)
    assert [each["order_id"] for each in shown["orders"]] == [told["redemption_id"]]
    went = platform.run("orders", "advance", told["redemption_id"], "delivered")
    assert went["order"]["state"] == "delivered"
    (mine,) = shop.get(f"/v1/members/{shop.member_id('logistics')}/orders")["data"]
    assert [step["state"] for step in mine["steps"]] == ["ordered", "approved", "shipped", "delivered"]


@pytest.mark.feature("XOXO-22", "XOXO-32", "XOXO-15")
async def test_digital_goods_are_usable_at_once_and_once_paid_for(platform: Platform) -> None:
    shop = await rich(platform, "listener")
    earned = shop.balance("listener")
    offer(shop, "digital")
    offer(shop, "currency")
    told = order(shop, "listener", "digital")
    (usable,) = told["order"]["usable"]
    assert usable["value"].startswith("https://songs.example/1#")
    assert order(shop, "listener", "digital") == told, "the same request is one order"
    assert shop.balance("listener") == earned - 10
    assert advance(shop, order(shop, "listener", "currency"), "paid")["order"]["state"] == "paid"


@pytest.mark.feature("XOXO-11", "XOXO-13", "XOXO-21")
async def test_what_is_booked_comes_back_by_the_rules_of_its_kind(platform: Platform) -> None:
    shop = await rich(platform, "traveller")
    earned = shop.balance("traveller")
    for kind in ("experience", "travel", "cashback"):
        offer(shop, kind, what={"kind": kind, **WHAT[kind][0]} | ({"days": []} if kind == "experience" else {}))
    day = {"on": f"{shop.now().year + 1}-06-01"}
    spa = order(shop, "traveller", "experience", answers=day)
    assert (spa["order"]["state"], spa["order"]["usable"][0]["shape"]) == ("booked", "code")
    back = ask(shop, f"/{spa['redemption_id']}/cancel", {}, "traveller-spa-back")
    assert (back["order"]["state"], shop.balance("traveller")) == ("cancelled", earned)
    trip = order(shop, "traveller", "travel", answers=WHAT["travel"][1] | day)
    assert advance(shop, trip, "booked", "attended")["order"]["state"] == "attended"
    money = advance(shop, order(shop, "traveller", "cashback"), "approved", "paid")
    late = shop.http.post(
        f"/v1/redemptions/{money['redemption_id']}/cancel", json={}, headers={"Idempotency-Key": "traveller-late"}
    )
    assert (late.status_code, late.json()["code"]) == (409, "cancel-too-late")


@pytest.mark.feature("XOXO-16", "XOXO-19", "XOXO-31")
async def test_samples_donations_courses_and_early_sales(platform: Platform) -> None:
    shop = await rich(platform, "curious")
    for kind in ("trial", "charity", "training", "access"):
        offer(shop, kind, prices=[{"name": "free", "points": 0}] if kind == "trial" else [{"name": "p", "points": 5}])
    states = {kind: order(shop, "curious", kind)["order"] for kind in ("trial", "charity", "training", "access")}
    assert {kind: told["state"] for kind, told in states.items()} == {
        "trial": "ordered", "charity": "donated", "training": "issued", "access": "issued",
    }  # fmt: skip
    assert [each["value"] for each in states["charity"]["usable"]] == ["Trees"]
    assert states["training"]["usable"][0]["value"].startswith("https://courses.example/coffee#")
    assert platform.run("verify")["violations"] == 0


@pytest.mark.feature("COM-52", "COM-55", "XOXO-27")
async def test_a_price_depends_on_level_channel_and_time(platform: Platform) -> None:
    shop = await rich(platform, "golden", tier="gold")
    await rich(platform, "plain", spends=9_000)
    prices = [
        {"name": "standard", "points": 90},
        {"name": "app", "points": 80, "channels": ["app"]},
        {"name": "gold", "points": 70, "tiers": ["gold"]},
        {"name": "last-year", "points": 1, "window": {"to": "2020-01-01T00:00:00Z"}},
        {"name": "this-age", "points": 60, "channels": ["till"], "window": {"from": "2016-01-01T00:00:00Z"}},
    ]
    offer(shop, "access", reference="e2e-prices", prices=prices)

    def costs(name: str, channel: str) -> int:
        told = shop.get("/v1/rewards/e2e-prices", member_id=shop.member_id(name), channel=channel)
        return int(told["price"]["points"])

    found = {
        (name, channel): costs(name, channel) for name in ("golden", "plain") for channel in ("web", "app", "till")
    }
    assert found == {
        ("golden", "web"): 70, ("golden", "app"): 70, ("golden", "till"): 60,
        ("plain", "web"): 90, ("plain", "app"): 80, ("plain", "till"): 60,
    }  # fmt: skip
    body = {"identifier": "card:plain", "reward": "e2e-prices", "channel": "app"}
    assert ask(shop, "", body, "plain-app")["points"] == 80


@pytest.mark.feature("XOXO-24", "XOXO-26", "XOXO-28")
async def test_what_is_offered_follows_level_and_what_was_had_before(platform: Platform) -> None:
    shop = await rich(platform, "regular", tier="gold")
    await rich(platform, "newcomer", spends=9_000)
    offer(shop, "digital", reference="e2e-first", category="e2e-likes")
    offer(shop, "personalised", what={"kind": "personalised", "offer": "More", "categories": ["e2e-likes"]})
    offer(shop, "access", reference="e2e-gold", audience={"tiers": ["gold"]}, category="e2e-gold")

    def bars(name: str, reference: str) -> list[str]:
        told = shop.get(f"/v1/rewards/{reference}", member_id=shop.member_id(name))
        return [each["code"] for each in told["reasons"]]

    assert bars("regular", "e2e-personalised") == ["not-for-you"]
    assert (bars("regular", "e2e-gold"), bars("newcomer", "e2e-gold")) == ([], ["tier"])
    ask(shop, "", {"identifier": "card:regular", "reward": "e2e-first"}, "regular-first")
    assert bars("regular", "e2e-personalised") == []
    (again,) = shop.get("/v1/rewards", member_id=shop.member_id("regular"), category="e2e-likes")["data"]
    assert again["because"] == ["You had something like it before.", "You can have it now."]
    assert order(shop, "regular", "personalised")["order"]["state"] == "issued"
