"""Goods come back, tills are late, receipts are put right: what stays is what a direct calculation says."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any, NamedTuple

import orjson
import pytest

from tests.support.lives import corrected, returned
from tests.support.receipts import Record, line
from tests.support.running import Door, Platform, eventually

SECOND = timedelta(seconds=1)


@pytest.mark.feature("COM-24")
async def test_points_of_returned_products_are_taken_back(platform: Platform) -> None:
    shop, now = platform.initech, platform.now()
    await platform.publish([shop.enrolment("giver")])
    await shop.enrolled("giver")
    await platform.publish(
        [shop.purchase("back-1", [line("tea", 3_000, quantity=3), line("pan", 5_000)], card="giver")]
    )
    await shop.decided("back-1")
    assert shop.balance("giver") == 240

    answer = shop.post(
        "/v1/returns",
        {
            "id": "back-1-a",
            "source": f"{shop.source}/1",
            "time": (now + SECOND).isoformat(),
            "data": {"receipt_number": "back-1", "store": "1", "lines": [{"line": 1, "quantity": 1}]},
        },
        key="back-1-a",
    )
    told = await shop.decision(answer["receipt"])
    assert (told["outcome"], told["words"]) == ("reversed", "30 points were taken back.")
    assert shop.balance("giver") == 210
    taken, given = shop.history("giver")
    assert (taken["kind"], taken["points"], taken["corrects"]) == ("reverse", -30, given["seq"])
    assert taken["receipt"]["number"] == "back-1"

    spend = {"wallet": "points", "points": -200, "reason": "spent"}
    member = f"/v1/members/{shop.member_id('giver')}"
    await shop.decision(shop.post(f"{member}/adjustments", spend, key="back-spend")["receipt"])
    await said(platform, shop, returned("back-1-b", "back-1", time=now + 2 * SECOND, source=f"{shop.source}/1"))
    state = shop.stands("back-1")
    assert (state["state"], state["remaining"]) == ("returned", None)
    assert [
        (one["credited"], one["reversed"], one["left"]) for one in state["wallets"] if one["wallet"] == "points"
    ] == [(240, 240, 0)]
    assert owed(shop, "giver") == (0, 200), "what is spent already is owed"

    await platform.publish([shop.purchase("back-2", 10_000, card="giver")])
    await shop.decided("back-2")
    assert owed(shop, "giver") == (100, 0), "and paid back before anything else"


class Line(NamedTuple):
    """A line of a receipt, for the calculation by hand."""

    sku: str
    category: str | None
    pieces: int
    amount: int


SHELF = (("coffee", None), ("apples", "PRODUCE"), ("soap", None), ("leeks", "PRODUCE"))


def any_basket(chance: random.Random) -> list[Line]:
    """Up to four lines of up to seven pieces, at prices that no number of pieces divides."""
    kinds = [chance.choice(SHELF) for _ in range(chance.randint(1, 4))]
    return [Line(sku, category, chance.randint(1, 7), chance.randint(1, 6_999)) for sku, category in kinds]


def points_by_the_old_rules(lines: list[Line], back: dict[int, int]) -> int:
    """What is left is worth, worked out from what came back in all, by the rules of a day ago."""
    left = []
    for number, (sku, category, pieces, amount) in enumerate(lines, 1):
        gone = back.get(number, 0)
        if gone < pieces:
            left.append(Line(sku, category, pieces - gone, amount - amount * gone // pieces))
    total = sum(each.amount for each in left)
    exact = total + sum(each.amount / 2 for each in left if each.category == "PRODUCE")
    coffee = sum(each.pieces for each in left if each.sku == "coffee")
    return int(exact / 100 + 7 * (coffee // 3) + (20 if total > 10_000 else 0))


@pytest.mark.feature("AHEAD-4")
async def test_no_sequence_of_partial_returns_leaves_a_point_behind(platform: Platform) -> None:
    """Bought under the rules of three days ago, which were others; returned now, piece by piece, in any order."""
    shop, bought_at, chance = platform.initech, platform.now() - timedelta(days=3), random.Random(20_171)
    await platform.publish([shop.enrolment("pieces")])
    await shop.enrolled("pieces")
    baskets = {f"pieces-{number}": any_basket(chance) for number in range(8)}
    await platform.publish(
        shop.purchase(
            number,
            [line(sku, amount, category=category, quantity=pieces) for sku, category, pieces, amount in lines],
            card="pieces",
            time=bought_at,
        )
        for number, lines in baskets.items()
    )
    await shop.decided(*baskets)
    pieces = [
        (number, at)
        for number, lines in baskets.items()
        for at, each in enumerate(lines, 1)
        for _ in range(each.pieces)
    ]
    chance.shuffle(pieces)
    halves = pieces[: len(pieces) // 2], pieces[len(pieces) // 2 :]

    back: dict[str, dict[int, int]] = {number: {} for number in baskets}
    count = 0
    for half in ([], *halves):
        records = []
        while half:
            number, at = half.pop()
            again = half.count((number, at)) if chance.random() < 0.3 else 0  # all other pieces of this line at once
            half = [each for each in half if again == 0 or each != (number, at)]
            count, many = count + 1, 1 + again
            back[number][at] = back[number].get(at, 0) + many
            gone = [{"line": at, "quantity": many}]
            name, source, time = f"pieces-back-{count}", f"{shop.source}/1", platform.now()
            records.append(returned(name, number, gone, time=time, source=source, key="card:pieces"))
        chance.shuffle(records)
        if records:
            await said(platform, shop, *records, *chance.sample(records, len(records) // 4))  # some come twice
        worth = {number: points_by_the_old_rules(lines, back[number]) for number, lines in baskets.items()}
        assert {number: kept(shop, number) for number in baskets} == worth
        assert shop.balance("pieces") == sum(worth.values())
    assert shop.balance("pieces") == 0, "everything came back"
    states = [shop.stands(number) for number in baskets]
    assert {state["state"] for state in states} == {"returned"}
    explained = [shop.get(said["href"])["explanation"] for state in states for said in state["events"]]
    assert {each["programme_version"] for each in explained if each} == {1}, "judged by the version that paid"
    assert sources_are_named(shop, "pieces")
    platform.run("verify")  # what is left of lots adds up to the balances; ends otherwise with 6


@pytest.mark.feature("AHEAD-10")
async def test_late_and_out_of_order_events_end_where_those_in_order_do(platform: Platform) -> None:
    """Whatever order a till that was offline sends them in; the event's time decides rules and period."""
    shop, bought_at = platform.initech, platform.now() - timedelta(days=2)
    orders = {f"order-{number}": order for number, order in enumerate(permutations(range(4)))}
    chosen = dict(random.Random(7).sample(sorted(orders.items()), 6))
    await platform.publish(shop.enrolment(name) for name in chosen)
    await shop.enrolled(*chosen)
    for name, order in chosen.items():
        told = facts(shop, name, bought_at)
        for at in order:  # each is behind the one before
            await said(platform, shop, told[at])

    by_hand = 33  # apples for 22.50 of 45.00 are left, and half as much again for fruit: 33.75
    for name in chosen:
        assert shop.balance(name) == by_hand, f"in the order {chosen[name]}"
        state = shop.stands(f"{name}-r")
        assert (state["state"], state["content"]["total_minor"], state["remaining"]["total_minor"]) == (
            "partly_returned", 4_500, 2_250
        )  # fmt: skip
        history = shop.history(name)
        assert sum(entry["points"] for entry in history) == by_hand, "every difference has its entry"
        lots = {part["expires_at"] for entry in history for part in entry.get("lots", ())}
        assert len(lots) == 1, "all of it lives as long as what was bought then"
        explained = [shop.get(each["href"])["explanation"] for each in state["events"]]
        assert {each["programme_version"] for each in explained if each} == {1}
    compensated = [entry for name in chosen for entry in shop.history(name) if entry.get("kind") == "reverse"]
    assert compensated, "some had been given too much, for a while"
    assert all(entry["corrects"] for entry in compensated)

    first, *_ = chosen
    ages_ago = platform.now() - timedelta(days=400)
    await platform.publish([shop.purchase("order-old", 5_000, card=first, time=ages_ago)])
    late = await shop.decision(f"/v1/receipts{shop.source}/1/order-old")
    assert (late["outcome"], late["points"]) == ("awaiting_operator", [])
    assert shop.balance(first) == by_hand, "a period that is over is closed; a person decides"
    waits = {each["number"] for each in shop.get("/v1/parked")["data"]}
    assert "order-old" in waits


def facts(shop: Door, name: str, bought_at: datetime) -> list[Record]:
    """A receipt, its correction, and two returns, one of them of all that is left of a line."""
    number, source, key, hour = f"{name}-r", f"{shop.source}/1", f"card:{name}", timedelta(hours=1)
    goods = [line("apples", 9_000, category="PRODUCE", quantity=4)]
    right = [line("apples", 4_500, category="PRODUCE", quantity=4)]
    return [
        shop.purchase(number, goods, card=name, time=bought_at),
        corrected(
            f"{name}-c", number, right, card=name, purchased_at=bought_at, time=bought_at + hour, source=source, key=key
        ),
        returned(f"{name}-1", number, [{"line": 1, "quantity": 1}], time=bought_at + 2 * hour, source=source, key=key),
        returned(f"{name}-2", number, [{"line": 1, "quantity": 1}], time=bought_at + 3 * hour, source=source, key=key),
    ]


async def said(platform: Platform, shop: Door, *records: Record) -> None:
    """Publish what is said about receipts, and wait until all of it is decided."""
    await platform.publish(records)
    for record in records:
        event: dict[str, Any] = orjson.loads(record.value)
        path = f"/v1/receipts{event['source']}/{event['id']}"
        await eventually(lambda path=path: shop.status(path) == 200, f"{path} is decided")  # type: ignore[misc]


def kept(shop: Door, number: str) -> int:
    """The points that a receipt's member still has of it."""
    return sum(one["left"] for one in shop.stands(number)["wallets"] if one["wallet"] == "points")


def owed(shop: Door, name: str) -> tuple[int, int]:
    """The points that a member may spend, and those that are owed."""
    (found,) = [each for each in shop.member(name)["wallets"] if each["wallet"] == "points"]
    return int(found["available"]), int(found["debt"])


def sources_are_named(shop: Door, name: str) -> bool:
    """Whether every movement of a member says of which lots it is, wholly."""
    return all(
        sum(part["points"] for part in entry["lots"]) == entry["amount"]
        for entry in shop.history(name)
        if entry["type"] == "movement"
    )
