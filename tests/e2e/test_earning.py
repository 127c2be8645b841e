"""Earning as tills, shops and apps meet it: receipts on a topic, points and their explanation over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from libs.runtime.clock import monotonic
from tests.support.receipts import line
from tests.support.running import Door, Platform, eventually


@pytest.mark.feature("STAR-5", "STAR-9", "COM-88")
async def test_a_purchase_is_on_the_balance_within_a_moment(platform: Platform) -> None:
    acme = platform.acme
    await platform.publish([acme.enrolment("at-once")])
    await acme.enrolled("at-once")

    took = []
    for number in range(1, 12):
        produced = monotonic()
        await platform.publish([acme.purchase(f"at-once-{number}", 1_050, card="at-once")])
        await balance_becomes(acme, "at-once", 10 * number)
        took.append(monotonic() - produced)

    assert min(took) < 5, f"seconds from producing to the balance, while nothing else held it up: {took}"


@pytest.mark.feature("STAR-10", "COM-66")
async def test_an_app_sees_account_balance_and_transaction_as_soon_as_they_change(platform: Platform) -> None:
    acme = platform.acme
    await platform.publish([acme.enrolment("app-1234", ["card:app-1234", "email:anna@example.org"])])
    await acme.enrolled("app-1234")
    (found,) = acme.get("/v1/members", identifier="email:anna@example.org")["data"]
    before = acme.get(f"/v1/members/{found['member_id']}")
    assert before["tier"] == "gold"
    assert before["identifiers"] == [{"kind": "card", "masked": "••••1234"}, {"kind": "email", "masked": "••••"}]
    assert points_of(before) == 0
    assert acme.history("app-1234") == []

    bread, milk = line("bread", 320), line("milk", 199, quantity=2)
    await platform.publish([acme.purchase("app-1", [bread, milk], card="app-1234", store="12", till="3")])
    await balance_becomes(acme, "app-1234", 5)

    (transaction,) = acme.history("app-1234")
    assert (transaction["kind"], transaction["points"]) == ("credit", 5)
    detail = acme.get(transaction["receipt"]["href"])
    assert (detail["inputs"]["store"], detail["inputs"]["till"], detail["inputs"]["total_minor"]) == ("12", "3", 519)
    assert [(each["sku"], each["quantity"]) for each in detail["inputs"]["lines"]] == [("bread", 1), ("milk", 2)]


@pytest.mark.feature("COM-13")
async def test_the_history_has_every_receipt_once_newest_first_also_those_without_points(platform: Platform) -> None:
    acme = platform.acme
    await platform.publish([acme.enrolment("diary")])
    await acme.enrolled("diary")
    worth = {f"diary-{number}": 99 if number % 3 == 0 else 100 * number for number in range(1, 31)}
    await platform.publish([acme.purchase(name, total, card="diary") for name, total in worth.items()])
    await acme.decided("diary-30")

    history = acme.history("diary", limit=7)

    assert [entry["receipt"]["number"] for entry in history] == list(reversed(worth))
    brought = {entry["receipt"]["number"]: entry["points"] for entry in history}
    assert brought == {name: total // 100 for name, total in worth.items()}
    for entry in history:
        unpaid = brought[entry["receipt"]["number"]] == 0
        assert entry["type"] == ("unpaid_receipt" if unpaid else "movement")
        detail = acme.get(entry["receipt"]["href"])
        assert detail["outcome"] == ("no_points" if unpaid else "credited")
        assert detail["inputs"]["total_minor"] == worth[entry["receipt"]["number"]]


@pytest.mark.feature("XOXO-56")
async def test_balance_history_and_explanations_agree_at_every_instant(platform: Platform) -> None:
    acme = platform.acme
    await platform.publish([acme.enrolment("track")])
    await acme.enrolled("track")
    for number, lines in enumerate(
        (
            [line("apples", 333, category="PRODUCE"), line("soap", 250)],
            [line("coffee-500g", 599, quantity=3)],
            [line("tv", 45_067)],
            [line("gum", 60)],
            [line("flight", 12_345, category="TRAVEL")],
        ),
        1,
    ):
        await platform.publish([acme.purchase(f"track-{number}", lines, card="track")])
        await acme.decided(f"track-{number}")

    history = acme.history("track")
    movements = [entry for entry in history if entry["type"] == "movement"]
    assert [entry["seq"] for entry in movements] == list(range(acme.member("track")["member_seq"], 0, -1))
    for wallet in ("points", "miles"):
        moved = [entry for entry in movements if entry["wallet"] == wallet]
        assert acme.balance("track", wallet) == sum(entry["points"] for entry in moved) > 0
        for entry in moved:
            then = datetime.fromisoformat(entry["effective_at"])
            so_far = sum(each["points"] for each in moved if each["seq"] <= entry["seq"])
            assert acme.balance("track", wallet, at=entry["effective_at"]) == so_far
            just_before = (then - timedelta(microseconds=1)).isoformat()
            assert acme.balance("track", wallet, at=just_before) == so_far - entry["points"]
    for entry in history:
        explained = acme.get(entry["receipt"]["href"])
        told = {each["wallet"]: each["points"] for each in explained["points"]}
        assert told.get(entry.get("wallet", "points"), 0) == entry["points"]
        for rounding in explained["explanation"]["rounding"]:
            paid = [each for each in explained["explanation"]["campaigns"] if each["wallet"] == rounding["wallet"]]
            assert sum(float(each["points"]) for each in paid) == pytest.approx(float(rounding["exact"]))
            assert told.get(rounding["wallet"], 0) == rounding["points"]


@pytest.mark.feature("XOXO-3")
async def test_a_receipt_brings_points_and_miles_each_of_its_own_kind(platform: Platform) -> None:
    acme = platform.acme
    await platform.publish([acme.enrolment("pilot")])
    await acme.enrolled("pilot")
    journey = [line("rome-oslo", 20_002, category="TRAVEL"), line("sandwich", 800)]
    await platform.publish([acme.purchase("pilot-1", journey, card="pilot")])
    await acme.decided("pilot-1")

    wallets = {wallet["wallet"]: wallet for wallet in acme.member("pilot")["wallets"]}
    assert (wallets["points"]["scale"], wallets["points"]["available"]) == (0, 208 + 50)
    assert (wallets["miles"]["scale"], wallets["miles"]["available"]) == (2, 250_02)  # 250.02 miles: 1.25 for each 1.00
    assert wallets["points"]["next_expiry"]["points"] == 258
    assert wallets["miles"]["next_expiry"] is None, "miles never lapse"
    assert {(entry["wallet"], entry["points"]) for entry in acme.history("pilot")} == {
        ("points", 258),
        ("miles", 250_02),
    }


@pytest.mark.feature("COM-18")
async def test_plastic_card_virtual_card_nfc_and_invoice_all_lead_to_the_member(platform: Platform) -> None:
    acme = platform.acme
    first = ["card:2620009876543", "virtual_card:V-77"]
    later = ["nfc:04A224B1C35E80", "invoice:INV-2026-77"]
    await platform.publish([acme.enrolment("many", first), acme.enrolment("many", later, again="-again")])
    await eventually(lambda: all(found_by(acme, each) for each in later), "the later identifiers are known")
    for identifier in first + later:
        assert found_by(acme, identifier) == [str(acme.member_id("many"))]

    for number, identifier in enumerate(first + later, 1):
        kind, _, value = identifier.partition(":")
        identified = {"identifiers": [{"kind": kind, "value": value}]}
        await platform.publish([acme.purchase(f"many-{number}", 1_000, card="many", **identified)])
        await acme.decided(f"many-{number}")
        assert acme.receipt(f"many-{number}")["member_id"] == str(acme.member_id("many"))

    assert acme.balance("many") == 40
    assert [each["kind"] for each in acme.member("many")["identifiers"]] == ["card", "invoice", "nfc", "virtual_card"]
    assert found_by(platform.globex, first[0]) == [], "an identifier is known to its own company only"


@pytest.mark.feature("COM-117")
async def test_chosen_products_bring_their_own_points(platform: Platform) -> None:
    acme = platform.acme
    await platform.publish([acme.enrolment("sku")])
    await acme.enrolled("sku")
    baskets = {"with": [line("toaster", 3_000), line("bread", 300)], "without": [line("kettle", 3_000)]}
    await platform.publish([acme.purchase(f"sku-{name}", lines, card="sku") for name, lines in baskets.items()])
    await acme.decided("sku-with", "sku-without")

    rewarded, plain = acme.receipt("sku-with"), acme.receipt("sku-without")
    assert rewarded["points"] == [{"wallet": "points", "points": 33 + 500}]
    assert paid(rewarded) == {"base": "33", "toaster": "500"}
    assert plain["points"] == [{"wallet": "points", "points": 30}]
    assert paid(plain) == {"base": "30"}


@pytest.mark.feature("AHEAD-3")
async def test_a_receipt_says_for_ever_what_it_brought_and_what_not_and_why(platform: Platform) -> None:
    acme = platform.acme
    await platform.publish([acme.enrolment("why")])
    await acme.enrolled("why")
    basket = [line("apples", 333, category="PRODUCE"), line("coffee-500g", 1_797, quantity=3)]
    await platform.publish(
        [
            acme.purchase("why-1", basket, card="why"),
            acme.purchase("why-2", 75, card="why"),
            acme.purchase("why-3", 5_000, card="nobody-has-this-card"),
        ]
    )
    await acme.decided("why-1", "why-2", "why-3")

    told = acme.receipt("why-1")
    assert told["points"] == [{"wallet": "points", "points": 82}]
    explained = told["explanation"]
    assert explained["programme_version"] == acme.get("/v1/programme")["version"]
    assert [(each["sku"], each["quantity"], each["amount_minor"]) for each in told["inputs"]["lines"]] == [
        ("apples", 1, 333),
        ("coffee-500g", 3, 1_797),
    ]
    assert paid(told) == {"base": "21.3", "produce": "1.665", "coffee": "60"}
    (cap,) = explained["caps"]
    assert (cap["campaign"], cap["before"], cap["after"]) == ("coffee", "75", "60")
    assert [(each["campaign"], each["condition"]) for each in explained["not_paid"]] == [
        ("big-basket", "min_total_minor")
    ]
    (rounding,) = explained["rounding"]
    assert (rounding["exact"], rounding["points"], rounding["remainder"]) == ("82.965", 82, "0.965")

    nothing = acme.receipt("why-2")
    assert (nothing["outcome"], nothing["points"]) == ("no_points", [])
    (rounding,) = nothing["explanation"]["rounding"]
    assert (rounding["exact"], rounding["points"], rounding["remainder"]) == ("0.75", 0, "0.75")

    unknown = acme.receipt("why-3")
    assert (unknown["outcome"], unknown["points"]) == ("unclaimed", [])
    assert "Nobody has this identifier" in unknown["words"]


@pytest.mark.feature("AHEAD-6")
async def test_anyone_may_ask_where_all_points_are(platform: Platform) -> None:
    acme, globex = platform.acme, platform.globex
    await platform.publish([acme.enrolment("books"), globex.enrolment("books")])
    await acme.enrolled("books")
    await globex.enrolled("books")
    journey = [line("rome-oslo", 20_000, category="TRAVEL")]
    before = equations(acme)
    await platform.publish([acme.purchase(f"books-{number}", journey, card="books") for number in range(4)])
    await platform.publish([globex.purchase("books", 900, card="books")])
    await acme.decided(*(f"books-{number}" for number in range(4)))
    await globex.decided("books")

    assert equations(globex)["points"]["issued"] < 4 * 250, "the other company's points are counted apart"
    after = equations(acme)
    grown = {wallet: told["issued"] - before.get(wallet, {"issued": 0})["issued"] for wallet, told in after.items()}
    assert grown == {"points": 4 * 250, "miles": 4 * 250_00}
    for equation in after.values():
        gone = ("redeemed", "expired", "reversed", "transferred", "adjusted", "written_off")
        there = equation["active"] + equation["pending"] + equation["held"] - equation["debt"]
        assert equation["issued"] == there + sum(equation[account] for account in gone) > 0
        assert equation["difference"] == 0
    both = [(wallet, account) for wallet in after for account in ("issued", "active")]
    told = [after[wallet][account] for wallet, account in both]
    await eventually(lambda: [measured(platform, *each) for each in both] == told, "the metric shows the same")
    for wallet in after:
        assert platform.metric("earning", "loyalty_conservation_difference_points", tenant="acme", wallet=wallet) == 0


async def test_tenants_neither_see_nor_earn_what_is_the_others(platform: Platform) -> None:
    acme, globex = platform.acme, platform.globex
    await platform.publish([acme.enrolment("twin"), globex.enrolment("twin")])
    await acme.enrolled("twin")
    await globex.enrolled("twin")
    await platform.publish([acme.purchase("twin-1", 1_000, card="twin"), globex.purchase("twin-1", 7_000, card="twin")])
    await acme.decided("twin-1")
    await globex.decided("twin-1")

    assert (acme.balance("twin"), globex.balance("twin")) == (10, 70)
    assert globex.status(f"/v1/members/{acme.member_id('twin')}") == 404
    assert globex.status(f"/v1/members/{acme.member_id('twin')}/history") == 404
    assert globex.status(f"/v1/receipts{acme.source}/1/twin-1") == 404


async def balance_becomes(door: Door, name: str, points: int) -> None:
    """Wait until a member has so many points."""
    await eventually(lambda: door.balance(name) == points, f"{name} has {points} points")


def paid(receipt: dict[str, Any]) -> dict[str, str]:
    """What each campaign paid for a receipt, exactly."""
    return {each["campaign"]: each["points"] for each in receipt["explanation"]["campaigns"]}


def points_of(member: dict[str, Any]) -> int:
    """The points that a member has available."""
    return int(next(wallet["available"] for wallet in member["wallets"] if wallet["wallet"] == "points"))


def equations(door: Door) -> dict[str, dict[str, int]]:
    """The conservation equation of each wallet."""
    return {each["wallet"]: each for each in door.get("/v1/conservation")["data"]}


def measured(platform: Platform, wallet: str, account: str) -> float:
    """Acme's points of an account, as Prometheus would read them."""
    return platform.metric(
        "earning", "loyalty_conservation_points", tenant="acme", programme="main", wallet=wallet, account=account
    )


def found_by(door: Door, identifier: str) -> list[str]:
    """The members that an identifier leads to."""
    return [each["member_id"] for each in door.get("/v1/members", identifier=identifier)["data"]]
