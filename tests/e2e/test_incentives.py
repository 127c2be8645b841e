"""What campaigns give beside plain points, by whom it is bounded, and what goes beside what."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.e2e.test_quotes import quoted
from tests.support.lives import activity, returned
from tests.support.receipts import line
from tests.support.running import Door, Platform


@pytest.mark.feature("VOU-54", "VOU-55")
async def test_rates_and_rewards_by_tier(platform: Platform) -> None:
    """1, 1.5 or 2 points for every 1.00, and 5, 10 or 15 % back, by the member's tier."""
    shop, tiers = platform.initech, {"plain": None, "silver": "silver", "golden": "gold"}
    await platform.publish(shop.enrolment(name, tier=tier) for name, tier in tiers.items())
    await shop.enrolled(*tiers)
    order = [line("novel", 1_500, category="BOOKS"), line("record", 2_000, category="MUSIC")]
    await platform.publish(shop.purchase(f"tier-{name}", order, card=name) for name in tiers)
    await shop.decided(*[f"tier-{name}" for name in tiers])
    told = {name: paid(shop.receipt(f"tier-{name}")) for name in tiers}
    assert [told[name]["books-by-tier"] for name in tiers] == ["15", "22.5", "30"]
    assert [shop.balance(name, "miles") for name in tiers] == [1_00, 2_00, 3_00], "of 20.00"
    assert [shop.balance(name) for name in tiers] == [105 + 15, 105 + 22, 105 + 30]


@pytest.mark.feature("COM-32", "VOU-3", "STAR-12")
async def test_several_benefits_of_one_order_that_go_back_with_it(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("opener")])
    await shop.enrolled("opener")
    order = [line("opening-set", 2_500), line("candle", 500)]
    await platform.publish([shop.purchase("open-1", order, card="opener")])
    await shop.decided("open-1")
    told = shop.receipt("open-1")
    assert paid(told) == {"base": "90", "opening": "40"}
    explained = told["explanation"]
    assert [(each["line"], each["amount_minor"], each["reason"]) for each in explained["discounts"]] == [
        (1, 300, "amount_off")
    ]
    assert [(each["kind"], each["reference"], each["quantity"]) for each in explained["granted"]] == [
        ("coupon", "come-again", 1),
        ("lottery_ticket", "opening-draw", 2),
    ]
    has = {("coupon", "come-again"): 1, ("lottery_ticket", "opening-draw"): 2}
    assert await rewards(platform, shop, "opener", 2) == has

    first = [{"line": 1}]
    back = returned("open-1-back", "open-1", first, time=shop.now(), source=f"{shop.source}/1", key="card:opener")
    await platform.publish([back])
    await shop.decided("open-1-back")
    assert shop.balance("opener") == 15
    assert await rewards(platform, shop, "opener", 4) == {}, "they are revoked"


@pytest.mark.feature("COM-34", "AHEAD-12")
async def test_the_stronger_campaign_pays_whichever_was_written_first(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("picky")])
    await shop.enrolled("picky")
    seasons = ("spring", "autumn")
    await platform.publish(
        shop.purchase(season, [line("jacket", 1_000) | {"labels": [season]}], card="picky") for season in seasons
    )
    await shop.decided(*seasons)
    for season in seasons:
        told = shop.receipt(season)
        assert paid(told) == {"base": "30", f"{season}-strong": "30"}
        (loser,) = [each for each in told["explanation"]["not_paid"] if each["campaign"] == f"{season}-weak"]
        assert loser["condition"] == f"excluded-by:{season}-strong"
        assert loser["words"] == f"it may not pay beside campaign '{season}-strong', which is stronger"


@pytest.mark.feature("VOU-59", "VOU-61")
async def test_the_first_two_and_orders_of_a_value_and_what_comes_back(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("early")])
    await shop.enrolled("early")

    async def bought(number: str, *lines: dict[str, Any]) -> dict[str, Any]:
        await platform.publish([shop.purchase(number, lines, card="early")])
        await shop.decided(number)
        return shop.receipt(number)

    drops = [await bought(f"drop-{number}", line("drop", 1_000)) for number in (1, 2, 3)]
    assert [paid(each).get("first-two") for each in drops] == ["100", "100", None]
    (cap,) = drops[2]["explanation"]["caps"]
    assert (cap["limit"], cap["before"], cap["after"]) == ("first-two#times|ever", "100", "0")
    back = returned("drop-1-back", "drop-1", time=shop.now(), source=f"{shop.source}/1", key="card:early")
    await platform.publish([back])
    await shop.decided("drop-1-back")
    assert paid(await bought("drop-4", line("drop", 1_000)))["first-two"] == "100", "its place is free again"

    cards = [await bought(f"card-{amount}", line("charity-card", amount)) for amount in (3_000, 2_001, 2_000)]
    assert [paid(each).get("charity") for each in cards] == ["7", None, "7"]


@pytest.mark.feature("VOU-62", "VOU-63", "STAR-7")
async def test_points_and_times_of_an_action_at_most(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("busy")])
    await shop.enrolled("busy")
    found: dict[str, list[int]] = {}
    for name in ("page-shared", "quiz-solved"):
        for number in range(4):
            done = activity(f"{name}-{number}", name, card="busy", time=shop.now(), source=f"{shop.source}/1")
            await platform.publish([done])
            told = await shop.decision(f"/v1/receipts{shop.source}/1/{name}-{number}")
            found.setdefault(name, []).append(sum(each["points"] for each in told["points"]))
    assert found == {"page-shared": [10, 10, 5, 0], "quiz-solved": [5, 5, 0, 0]}
    assert shop.balance("busy") == 35


@pytest.mark.feature("VOU-60")
async def test_the_total_of_a_discount_counts_what_tills_gave_and_is_told_at_80_and_100_percent(
    platform: Platform,
) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("bright")])
    await shop.enrolled("bright")
    cart = [line("lamp", 5_000)]
    foretold = [(one["campaign"], one["amount_minor"]) for one in quoted(shop, cart, "bright")["discounts"]]
    assert foretold == [("lamps", 500)]

    async def bought(number: str, price: int, off: int) -> list[tuple[str, int]]:
        """Buy a lamp for what the till has left of its price: too little for the campaign by now."""
        given = [{"campaign": "lamps", "line": 1, "amount_minor": off}]
        await platform.publish([shop.purchase(number, [line("lamp", price)], card="bright", discounts=given)])
        await shop.decided(number)
        return [(one["campaign"], one["amount_minor"]) for one in shop.receipt(number)["explanation"]["discounts"]]

    def used() -> tuple[int, int]:
        (budget,) = shop.get("/v1/campaigns/lamps")["budgets"]
        return budget["used"], budget["percent"]

    assert await bought("lamp-1", 4_500, 500) == [("lamps", 500)]
    assert used() == (500, 50)
    assert await bought("lamp-2", 5_400, 600) == [("lamps", 500)], "what the limit still had"
    (cap,) = shop.receipt("lamp-2")["explanation"]["caps"]
    assert (cap["before"], cap["after"], used()) == ("600", "500", (1_000, 100))
    assert quoted(shop, cart, "bright")["discounts"] == []
    half = [{"line": 1, "amount_minor": 2_250}]
    back = returned("lamp-back", "lamp-1", half, time=shop.now(), source=f"{shop.source}/1", key="card:bright")
    await platform.publish([back])
    await shop.decided("lamp-back")
    assert used() == (750, 75)
    assert await bought("lamp-3", 900, 100) == [("lamps", 100)]

    def of_lamps(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        of_budgets = [one for one in found if one["type"] == "org.pointstream.campaign.budget_reached.v1"]
        return [one["data"] for one in of_budgets if one["data"].get("campaign") == "lamps"]

    told = of_lamps(await platform.events("loyalty.campaigns", lambda found: len(of_lamps(found)) >= 2))
    assert [(one["share"], one["used"], one["total"]) for one in told] == [(80, 1_000, 1_000), (100, 1_000, 1_000)]


@pytest.mark.feature("VOU-57", "VOU-17")
async def test_so_many_rewards_and_so_much_off_an_order(platform: Platform) -> None:
    """Two mugs were there for all; two discounts of 40 % may not take more than half of an order."""
    shop = platform.initech
    await platform.publish([shop.enrolment("thirsty")])
    await shop.enrolled("thirsty")
    sets = [f"tea-set-{number}" for number in (1, 2, 3)]
    for number in sets:
        await platform.publish([shop.purchase(number, [line("tea-set", 1_000)], card="thirsty")])
        await shop.decided(number)
    given = [[one["reference"] for one in shop.receipt(number)["explanation"]["granted"]] for number in sets]
    assert given == [["mug"], ["mug"], []]
    (why,) = [one for one in shop.receipt(sets[2])["explanation"]["not_paid"] if one["campaign"] == "mug"]
    assert why["words"] == "its limit is used up: mug#times|ever"

    sofa = [line("sofa", 100_000) | {"labels": ["sofa", "last-piece"]}]
    offered = quoted(shop, sofa, "thirsty")
    assert [(one["campaign"], one["amount_minor"]) for one in offered["discounts"]] == [
        ("sofas", 40_000),
        ("last-pieces", 10_000),
    ]
    assert [(one["limit"], one["before"], one["after"]) for one in offered["explanation"]["caps"]] == [
        ("stacking", "24000", "10000")
    ]


def paid(told: dict[str, Any]) -> dict[str, str]:
    """What each campaign paid, exactly."""
    return {each["campaign"]: each["points"] for each in told["explanation"]["campaigns"] if each["wallet"] == "points"}


async def rewards(platform: Platform, shop: Door, name: str, many: int) -> dict[tuple[str, str], int]:
    """What a member has beside points, by the events about it; there will be so many."""
    member = str(shop.member_id(name))
    events = await platform.events("loyalty.rewards", lambda found: len(_of(found, member)) >= many)
    assert len(_of(events, member)) == many
    has: Counter[tuple[str, str]] = Counter()
    for event in _of(events, member):
        sign = 1 if event["type"] == "org.pointstream.reward.granted.v1" else -1
        has[event["data"]["kind"], event["data"]["reference"]] += sign * event["data"]["quantity"]
    return {thing: quantity for thing, quantity in has.items() if quantity}


def _of(events: list[dict[str, Any]], member: str) -> list[dict[str, Any]]:
    return [event for event in events if event["data"].get("member_id") == member]
