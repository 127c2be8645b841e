"""Points are spent at the till, on the running platform: quoted, held, redeemed and given back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.receipts import line
from tests.support.running import Door, Platform, eventually


def ask(shop: Door, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """A request to spend points, which is answered at once."""
    answer = shop.http.post(f"/v1/redemptions{path}", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code in (httpx.codes.OK, httpx.codes.CREATED), answer.text
    told: dict[str, Any] = answer.json()
    return told


async def souvenir(platform: Platform, shop: Door, number: str) -> int:
    """What a souvenir brings, which brings more to whoever has never redeemed."""
    await platform.publish([shop.purchase(number, [line("souvenir", 1_000)], card="spender")])
    await shop.decided(number)
    brought: int = sum(lot["points"] for lot in shop.receipt(number)["lots"])
    return brought


@pytest.mark.feature("VOU-120", "VOU-27", "COM-56")
async def test_what_was_earned_is_held_redeemed_and_given_back(platform: Platform) -> None:
    shop = platform.club
    await platform.publish([shop.enrolment("spender", tier=None)])
    await shop.enrolled("spender")
    await platform.publish(
        [shop.purchase("spend-1", 1_000, card="spender"), shop.purchase("spend-2", 500, card="spender")]
    )
    await shop.decided("spend-1", "spend-2")
    earned = shop.balance("spender")
    card = {"identifier": "card:spender"}

    quote = ask(shop, ":quote", card | {"points": 12}, "unused")
    assert (quote["possible"], quote["spendable"]) == (True, earned)
    held = ask(shop, "", card | {"points": 12, "hold": True, "reference": "till-7"}, "spend-hold")
    assert (held["state"], held["lots"]) == ("held", quote["lots"])
    assert (shop.balance("spender"), shop.member("spender")["wallets"][0]["held"]) == (earned - 12, 12)
    redemption = f"/{held['redemption_id']}"
    assert await souvenir(platform, shop, "spend-3") == 100, "to hold is not to spend"
    earned += 100
    redeemed = ask(shop, f"{redemption}/commit", {"points": 11}, "spend-commit")
    assert (redeemed["state"], shop.balance("spender")) == ("redeemed", earned - 11)
    assert ask(shop, f"{redemption}/commit", {"points": 11}, "spend-commit") == redeemed
    too_much = {**card, "points": earned}
    answer = shop.http.post("/v1/redemptions", json=too_much, headers={"Idempotency-Key": "spend-too-much"})
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient-points")
    assert await souvenir(platform, shop, "spend-4") < 90, "who has spent points is no newcomer"

    earned = shop.balance("spender") + 11
    back = ask(shop, f"{redemption}/cancel", {}, "spend-cancel")
    assert (back["state"], back["lapsed"], shop.balance("spender")) == ("cancelled", 0, earned)
    assert await souvenir(platform, shop, "spend-5") >= 100
    (shown,) = shop.get(f"/v1/members/{shop.member_id('spender')}/redemptions")["data"]
    assert shown["lots"] == back["lots"]
    moves = [each for each in shop.history("spender") if each.get("redemption") is not None]
    assert [each["kind"] for each in moves] == ["restore", "release", "commit", "hold"]
    assert {each["redemption"] for each in moves} == {held["redemption_id"]}

    def told() -> bool:
        return platform.metric("redemption", "loyalty_outbox_events_total") >= 4

    await eventually(told, "every movement is told")
    assert platform.run("verify")["violations"] == 0


@pytest.mark.feature("XOXO-53")
async def test_whoever_has_just_spent_points_gets_more_for_a_time(platform: Platform) -> None:
    shop = platform.club
    await platform.publish([shop.enrolment("again", tier=None)])
    await shop.enrolled("again")

    async def postcard(number: str) -> dict[str, str]:
        await platform.publish([shop.purchase(number, [line("postcard", 5_000)], card="again")])
        await shop.decided(number)
        return {one["campaign"]: one["points"] for one in shop.receipt(number)["explanation"]["campaigns"]}

    assert await postcard("again-1") == {"base": "50"}
    ask(shop, "", {"identifier": "card:again", "points": 20}, "again-spend")
    assert await postcard("again-2") == {"base": "50", "spent-again": "40"}, "what ended pays nothing"
