"""Points are spent by every way: over the topic and over HTTP under one key, for bills, and after they were given."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.test_catalogue import offer
from tests.e2e.test_movings import asked as moved
from tests.e2e.test_redemption import ask
from tests.support.receipts import Record
from tests.support.running import Door, Platform, eventually
from tests.support.spending import asked


def wanted(shop: Door, name: str, whose: str, operation: str, **data: Any) -> Record:
    """A request as the shop's till publishes it."""
    return asked(name, shop.member_id(whose), operation, source=f"{shop.source}/1", time=shop.now(), **data)


async def rich(platform: Platform, shop: Door, *names: str) -> None:
    """Members with some hundred points."""
    await platform.publish([shop.enrolment(name, tier=None) for name in names])
    await shop.enrolled(*names)
    receipts = [f"{name}-bought" for name in names]
    await platform.publish([shop.purchase(f"{name}-bought", 60_000, card=name) for name in names])
    await shop.decided(*receipts)


@pytest.mark.feature("XOXO-44", "XOXO-51", "XOXO-42")
async def test_a_peak_of_requests_over_the_topic_has_one_effect_each_with_http_beside_it(platform: Platform) -> None:
    shop = platform.club
    await rich(platform, shop, "ways-a", "ways-b")
    before = shop.balance("ways-a"), shop.balance("ways-b")
    credential = shop.http.headers["authorization"].split("_")[2]
    key = {"key": "ways-hold", "credential": credential}
    await platform.publish([
        wanted(shop, "ways-1", "ways-a", "hold", points=100, **key),
        wanted(shop, "ways-2", "ways-a", "hold", points=100, **key),
        wanted(shop, "ways-3", "ways-a", "commit", points=60, begun_under="ways-hold", credential=credential),
        wanted(shop, "ways-4", "ways-a", "redeem", points=before[0]),
    ])  # fmt: skip

    def mine(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each for each in events if str(each["data"].get("cause_id", "")).startswith("ways-")]

    told = mine(await platform.events("loyalty.points", lambda events: len(mine(events)) >= 4))
    kinds = [(each["type"].removeprefix("org.pointstream."), each["data"]["cause_id"]) for each in told]
    assert sorted(kinds) == [
        ("points.held.v1", "ways-1"), ("points.redeemed.v1", "ways-3"), ("points.released.v1", "ways-3"),
        ("redemption.refused.v1", "ways-4"),
    ]  # fmt: skip
    (refusal,) = [each["data"] for each in told if "code" in each["data"]]
    assert refusal["code"] == "insufficient-points"
    answer = shop.http.post(
        "/v1/redemptions",
        json={"identifier": "card:ways-a", "points": 100, "hold": True},
        headers={"Idempotency-Key": "ways-hold"},
    )
    assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (httpx.codes.CREATED, "true")
    assert shop.get(f"/v1/redemptions/{answer.json()['redemption_id']}")["points"] == 60

    peak = [wanted(shop, f"peak-{n}", "ways-b", "redeem", points=1, key=f"peak-{n % 200}") for n in range(300)]
    await platform.publish(peak)
    for number in range(190, 210):  # meanwhile at the till
        ask(shop, "", {"identifier": "card:ways-b", "points": 1}, f"till-{number}")
    await eventually(lambda: shop.balance("ways-b") == before[1] - 200 - 20, "each key has had its one effect")
    assert platform.run("verify")["violations"] == 0


@pytest.mark.feature("COM-22", "XOXO-45", "XOXO-18")
async def test_points_pay_bills_come_back_with_goods_and_are_given_within_limits(platform: Platform) -> None:
    shop = platform.club
    await rich(platform, shop, "payer")
    await platform.publish([shop.enrolment("receiver", tier=None)])
    await shop.enrolled("receiver")
    before = shop.balance("payer")
    bill = {"identifier": "card:payer", "bill_minor": 1_000, "currency": "EUR"}
    quote = ask(shop, ":quote", bill, "unused")
    rate = quote["bill"]["rate_points"]
    points = rate * 5  # half of ten euros may be paid with points
    assert (quote["points"], quote["possible"], quote["bill"]["paid_minor"]) == (points, True, 500)
    paid = ask(shop, "", bill, "payer-pays")
    assert (paid["points"], paid["bill"]["rest_minor"], shop.balance("payer")) == (points, 500, before - points)
    path = f"/{paid['redemption_id']}/cancel"
    others = platform.acme
    stolen = others.http.post(f"/v1/redemptions{path}", json={}, headers={"Idempotency-Key": "stolen"})
    assert (stolen.status_code, stolen.json()["code"]) == (httpx.codes.NOT_FOUND, "redemption-unknown")
    wrong = {"Idempotency-Key": "nobody", "Authorization": "Bearer ly_test_no_key"}
    nobody = shop.http.post("/v1/redemptions", json=bill, headers=wrong)
    assert nobody.status_code == httpx.codes.UNAUTHORIZED
    theirs = asked("thief", shop.member_id("payer"), "redeem", points=1, source=f"{others.source}/1", time=shop.now())
    await platform.publish([theirs])

    def refused(events: list[dict[str, Any]]) -> list[str]:
        return [each["data"]["code"] for each in events if each["data"].get("cause_id") == "thief"]

    told = await platform.events("loyalty.points", lambda events: bool(refused(events)))
    assert refused(told) == ["member-unknown"]
    back = ask(shop, path, {"returned_minor": 400}, "payer-returns")
    assert (back["restored"], shop.balance("payer")) == (points * 4 // 10, before - points + points * 4 // 10)
    await platform.publish([
        wanted(shop, "payer-rest", "payer", "cancel", redemption_id=paid["redemption_id"], returned_minor=600)
    ])  # fmt: skip
    await eventually(lambda: shop.balance("payer") == before, "all of the bill came back, and all of the points")

    reward = offer(shop, "charity", reference="ways-charity")
    donated = ask(shop, "", {"identifier": "card:payer", "reward": reward}, "payer-donates")
    assert (donated["order"]["state"], donated["order"]["usable"][0]["shape"]) == ("donated", "thanks")
    assert shop.balance("payer") == before - 10

    gift = {"to_member_id": str(shop.member_id("receiver")), "wallet": "points", "points": 30, "reason": "gift"}
    giving = f"/v1/members/{shop.member_id('payer')}/transfers"
    assert (await moved(shop, giving, gift))["outcome"] == "transferred"
    receiver = ask(shop, ":quote", {"identifier": "card:receiver", "points": 10}, "unused")
    assert (receiver["possible"], receiver["spendable"], shop.balance("receiver")) == (False, 0, 30), (
        "it rests for a while"
    )
    again = shop.post(giving, gift, key="payer-gives-again")
    assert (await shop.decision(again["receipt"]))["reason"] == "transfer-limit"
    assert platform.run("verify")["violations"] == 0
