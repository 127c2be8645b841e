"""Points are bought, exchanged and donated on a running platform; gifts come at once, one of three by choice."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.test_catalogue import offer
from tests.e2e.test_occasions import enrolled
from tests.e2e.test_redemption_ways import rich
from tests.support.lives import activity
from tests.support.receipts import Record
from tests.support.running import Door, Platform, eventually
from tests.support.spending import traded


def wanted(shop: Door, name: str, whose: str, operation: str, **data: Any) -> Record:
    """A trade as the shop's app publishes it."""
    return traded(name, shop.member_id(whose), operation, source=f"{shop.source}/app", time=shop.now(), **data)


def trade(shop: Door, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    return shop.http.post(f"/v1/{path}", json=body, headers={"Idempotency-Key": key})


@pytest.mark.feature("COM-23", "COM-62", "COM-63")
async def test_points_are_bought_exchanged_and_donated(platform: Platform) -> None:
    shop = platform.club
    await rich(platform, shop, "trader")
    before, whose = shop.balance("trader"), {"identifier": "card:trader"}
    offered = shop.get(f"/v1/trade-offers?member_id={shop.member_id('trader')}")
    rate = offered["sale"]["rate"]
    paid = 200 * rate["other"] // rate["points"]
    order = whose | {"points": 200, "paid_minor": paid, "currency": "EUR", "payment": "psp-1"}
    for _ in range(2):  # the shop has lost the first answer
        bought = trade(shop, "point-purchases", order, "trader-buys")
        assert bought.status_code == httpx.codes.CREATED, bought.text
    assert bought.headers["idempotency-replayed"] == "true"
    assert shop.balance("trader") == before + 200
    short = trade(shop, "point-purchases", order | {"paid_minor": paid - 1}, "trader-pays-less")
    assert (short.status_code, short.json()["code"]) == (httpx.codes.CONFLICT, "price-differs")
    more = trade(shop, "point-purchases", order, "trader-buys-more")
    assert more.json()["code"] == "trade-limit"

    came = trade(shop, "point-exchanges", whose | {"partner": "skymiles", "units": 25}, "trader-takes")
    assert came.json()["trade"]["points"] == 100
    await platform.publish([
        wanted(shop, "trader-1", "trader", "exchange_out", points=150, partner="skymiles"),
        wanted(shop, "trader-2", "trader", "donate", points=80, pool="corals"),
        wanted(shop, "trader-3", "trader", "donate", points=10**9, charity="reef"),
        wanted(shop, "trader-2", "trader", "donate", points=80, pool="corals"),
    ])  # fmt: skip
    await eventually(lambda: shop.balance("trader") == before + 200 + 100 - 150 - 80, "all of it is done, once")

    def mine(events: list[dict[str, Any]]) -> list[tuple[str, Any]]:
        who = str(shop.member_id("trader"))
        kinds = ("points.bought.v1", "points.exchanged.v1", "points.donated.v1", "trade.refused.v1")
        own = [each for each in events if each["data"].get("member_id") == who]
        named = [(each["type"].removeprefix("org.pointstream."), each["data"]) for each in own]
        return [each for each in named if each[0] in kinds]

    told = mine(await platform.events("loyalty.points", lambda events: len(mine(events)) >= 5))
    assert sorted(kind for kind, _ in told) == [
        "points.bought.v1", "points.donated.v1", "points.exchanged.v1", "points.exchanged.v1", "trade.refused.v1"
    ]  # fmt: skip
    (donated,) = [data for kind, data in told if kind == "points.donated.v1"]
    receipt = shop.get(f"/v1/donations/{donated['redemption_id']}/receipt")
    assert (receipt["number"], receipt["points"], receipt["worth_minor"]) == (donated["receipt"], 80, 40)
    theirs = platform.acme.http.get(f"/v1/donations/{donated['redemption_id']}/receipt")
    assert theirs.status_code == httpx.codes.NOT_FOUND
    by_hand = platform.run(
        "trades", "donate", "card:trader", "20", "--charity", "reef", "--tenant", shop.slug, "--key", "by-hand"
    )
    assert (by_hand["points"], by_hand["trade"]["other"]) == (20, 10)
    assert shop.get("/v1/trade-offers")["charities"][0]["given"] == {"donations": 2, "points": 100, "worth_minor": 50}
    words = [each["words"] for each in shop.get(f"/v1/members/{shop.member_id('trader')}/history")["data"][:5]]
    assert words == [
        "Points were donated to reef", "Points were donated to reef", "Points went to the programme skymiles",
        "Points came from the programme skymiles", "Points were bought",
    ]  # fmt: skip
    assert platform.run("verify")["violations"] == 0


@pytest.mark.feature("COM-64")
async def test_points_are_lent_spent_and_repaid_by_what_is_earned(platform: Platform) -> None:
    shop = platform.club
    await platform.publish([enrolled(shop, "borrower")])
    await shop.enrolled("borrower")
    whose, member = {"identifier": "card:borrower"}, f"/v1/members/{shop.member_id('borrower')}"
    quoted = shop.http.post("/v1/point-loans/quote", json=whose | {"points": 200}).json()
    assert (quoted["to_repay"], quoted["left"], quoted["possible"]) == (220, 300, True)
    for _ in range(2):  # the app has lost the first answer
        lent = trade(shop, "point-loans", whose | {"points": 200}, "borrower-asks")
        assert lent.status_code == httpx.codes.CREATED, lent.text
    more = platform.run("trades", "borrow", "card:borrower", "150", "--tenant", shop.slug, "--dry-run")
    assert (more["possible"], more["reason"], more["left"]) == (False, "loan-limit", 100)
    assert trade(shop, "point-loans", whose | {"points": 150}, "borrower-more").json()["code"] == "loan-limit"
    by_hand = platform.run(
        "trades", "borrow", "card:borrower", "50", "--tenant", shop.slug, "--key", "borrower-by-hand"
    )
    assert by_hand["trade"]["other"] == 55
    spent = trade(shop, "redemptions", whose | {"points": 250}, "borrower-spends")
    assert spent.status_code == httpx.codes.CREATED, spent.text

    def points() -> tuple[int, int]:
        (found,) = [each for each in shop.get(member)["wallets"] if each["wallet"] == "points"]
        return found["lent"], found["spendable"]

    assert points() == (275, 0)
    await platform.publish([shop.purchase("borrower-1", 4_000, card="borrower")])
    await eventually(lambda: points()[0] < 275, "half of what a purchase brings repays")
    earned = 2 * (275 - points()[0])
    assert points()[1] == earned // 2 > 0
    words = shop.get(f"{member}/expiry", lang="de")["wallets"][0]["words"]
    assert any("sind Ihnen geliehen: 50 % von allem" in each for each in words)
    history = [each["words"] for each in shop.get(f"{member}/history")["data"]]
    assert "Points were lent" in history
    offer(shop, "digital", reference="e2e-standing")
    standing, left = f"{member}/standing-orders", points()[1]
    wanted = {"at_points": left}
    tried = shop.http.put(f"{standing}/e2e-standing?dry_run=true", json=wanted).json()
    assert (tried["now"], shop.get(standing)["data"]) == ("redeem", [])
    assert shop.http.put(f"{standing}/e2e-standing", json=wanted).status_code == httpx.codes.OK
    await eventually(lambda: points()[1] == left - 10, "what is there becomes a reward by itself")
    (told,) = platform.run("standing-orders", "list", "card:borrower", "--tenant", shop.slug)["standing_orders"]
    assert (told["done"], told["is_on"]) == (1, False)
    assert platform.run("verify")["violations"] == 0


@pytest.mark.feature("STAR-17", "STAR-18", "COM-65")
async def test_a_quiz_brings_a_gift_at_once_and_a_survey_one_of_three(platform: Platform) -> None:
    shop = platform.club
    await platform.publish([enrolled(shop, "answerer")])
    await shop.enrolled("answerer")
    for reference in ("e2e-song", "e2e-film", "e2e-ebook"):
        offer(shop, "digital", reference=reference)
    told: dict[str, Any] = {"card": "answerer", "time": shop.now(), "source": f"{shop.source}/1"}
    await platform.publish([activity(f"answerer-{what}", what, **told) for what in ("quiz-solved", "survey-filled")])
    member = f"/v1/members/{shop.member_id('answerer')}"
    await eventually(lambda: len(shop.get(f"{member}/orders")["data"]) == 1, "the quiz brings its gift")
    (gift,) = shop.get(f"{member}/orders")["data"]
    assert (gift["reference"], gift["points"], bool(gift["usable"])) == ("e2e-ebook", 0, True)
    await eventually(lambda: len(shop.get(f"{member}/choices")["data"]) == 1, "the survey brings a choice")
    (choice,) = shop.get(f"{member}/choices")["data"]
    assert (choice["title"], choice["state"]) == ("A thank-you", "open")
    path = f"members/{shop.member_id('answerer')}/choices/{choice['choice_id']}"
    chosen = trade(shop, path, {"reward": "e2e-film"}, "answerer-chooses")
    assert chosen.status_code == httpx.codes.CREATED, chosen.text
    assert chosen.json()["order"]["usable"], "it can be used at once"
    other = trade(shop, path, {"reward": "e2e-song"}, "answerer-wants-more")
    assert (other.status_code, other.json()["code"]) == (httpx.codes.CONFLICT, "choice-made")
    stranger = platform.acme.http.get(f"{member}/choices")
    assert stranger.status_code == httpx.codes.NOT_FOUND
