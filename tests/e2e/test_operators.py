"""What people do by hand: points with a reason, and rates for other currencies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.lives import returned
from tests.support.receipts import line
from tests.support.running import Door, Platform, command, eventually


@pytest.mark.feature("COM-26")
async def test_points_are_given_and_taken_by_a_person_with_a_reason(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("byhand")])
    await shop.enrolled("byhand")
    member = f"/v1/members/{shop.member_id('byhand')}"

    words = ("adjust", "card:byhand", "250", "--reason", "goodwill", "--note", "waited an hour", "--tenant", "initech")
    for _ in range(2):  # under one name it counts once
        given = platform.run(*words, "--id", "ticket-17", "--wait")
    assert (given["points"], len(given["movements"])) == (250, 1)
    assert shop.balance("byhand") == 250

    body = {"wallet": "points", "points": -40, "reason": "mistake", "note": "typed twice"}
    taken = await shop.decision(shop.post(f"{member}/adjustments", body, key="byhand-1")["receipt"])
    shop.post(f"{member}/adjustments", body, key="byhand-1")
    assert (taken["outcome"], taken["words"]) == ("adjusted", "A person corrected the points. Reason: mistake.")
    assert taken["inputs"]["requested_by"].startswith("tests (")
    assert shop.balance("byhand") == 210

    too_much = body | {"points": -211}
    told = await shop.decision(shop.post(f"{member}/adjustments", too_much, key="byhand-2")["receipt"])
    assert (told["outcome"], told["reason"]) == ("refused", "not-enough-points")
    too_many = ("adjust", "card:byhand", "-211", "--reason", "x", "--tenant", "initech", "--wait")
    refused = command(platform.data, *too_many, expect=(1,))
    assert refused["movements"] == []

    history = shop.history("byhand")
    moved = [entry for entry in history if entry["type"] == "movement"]
    assert [(entry["kind"], entry["points"], entry["words"]) for entry in moved] == [
        ("adjust", -40, "Points were taken by a person"),
        ("adjust", 250, "Points were given by a person"),
    ]
    reasons = [
        (told["reason"], told["inputs"]["note"]) for told in (shop.get(entry["receipt"]["href"]) for entry in moved)
    ]
    assert reasons == [("mistake", "typed twice"), ("goodwill", "waited an hour")]


@pytest.mark.feature("COM-27")
async def test_a_receipt_in_another_currency_waits_for_its_rate_and_keeps_it(platform: Platform) -> None:
    shop, now = platform.initech, platform.now()
    await platform.publish([shop.enrolment("abroad")])
    await shop.enrolled("abroad")
    goods = [line("cheese", 6_000, quantity=3), line("wine", 2_000)]
    await platform.publish([shop.purchase("abroad-1", goods, card="abroad", currency="CHF")])
    waiting = await shop.decision(f"/v1/receipts{shop.source}/1/abroad-1")
    assert (waiting["outcome"], waiting["reason"]) == ("awaiting_operator", "no-exchange-rate")
    (parked,) = rated(shop)
    assert (parked["number"], parked["currency"]) == ("abroad-1", "CHF")
    assert shop.balance("abroad") == 0

    tenant, since = ("--tenant", "initech"), (now - timedelta(days=1)).isoformat(timespec="seconds")
    platform.run("rates", "add", "CHF", "1.0472", "--from", since, *tenant)
    await eventually(lambda: shop.balance("abroad") > 0, "the receipt comes free by itself")
    assert shop.balance("abroad") == 251  # 80.00 francs are 83.78 euros, at three points each
    told = shop.receipt("abroad-1")
    assert (told["rate"]["rate"], told["judged"]["total_minor"]) == ("1.0472", 8_378)

    (rate,) = shop.get("/v1/rates", currency="CHF")["data"]
    assert (rate["rate"], rate["into"], rate["version"]) == ("1.0472", "EUR", 1)

    platform.run("rates", "add", "CHF", "2", "--from", since, *tenant)
    back = returned(
        "abroad-back",
        "abroad-1",
        [{"line": 1, "quantity": 2}],
        time=platform.now(),
        source=f"{shop.source}/1",
        key="card:abroad",
    )
    await platform.publish([back])
    await shop.decision(f"/v1/receipts{shop.source}/1/abroad-back")
    assert shop.balance("abroad") == 125  # 40.00 francs are left, at the rate that paid: 41.89 euros
    assert rated(shop) == []


def rated(shop: Door) -> list[dict[str, Any]]:
    """The receipts that wait for a rate."""
    return [each for each in shop.get("/v1/parked")["data"] if each["reason"] == "no-exchange-rate"]


@pytest.mark.feature("VOU-135")
async def test_a_receipt_is_applied_later_by_hand_where_order_and_member_are_right(platform: Platform) -> None:
    """Bought without a card, three days ago, under other rules; whoever claims it must know its total."""
    shop, bought_at = platform.initech, platform.now() - timedelta(days=3)
    await platform.publish([shop.enrolment("later"), shop.enrolment("else")])
    await shop.enrolled("later", "else")
    goods = [line("pear", 4_000, category="PRODUCE")]
    await platform.publish([shop.purchase("later-1", goods, card=None, time=bought_at)])
    await shop.decided("later-1")

    async def claimed(who: str, total: int, key: str) -> tuple[str, str | None]:
        body = {"receipt_number": "later-1", "store": "1", "total_minor": total}
        path = f"/v1/members/{shop.member_id(who)}/claims"
        told = await shop.decision(shop.post(path, body, key=key)["receipt"])
        return told["outcome"], told["reason"]

    assert await claimed("later", 4_100, "later-a") == ("refused", "total-mismatch")
    assert await claimed("later", 4_000, "later-b") == ("credited", None)
    assert await claimed("else", 4_000, "later-c") == ("refused", "already-claimed")
    assert (shop.balance("later"), shop.balance("else")) == (60, 0), "a point and a half for every 1.00, as it was then"
