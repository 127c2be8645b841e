"""Points are spent at the door, on the running platform: quoted, held, redeemed and given back."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.running import Door, Platform, eventually


def ask(shop: Door, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """A request to spend points, which is answered at once."""
    answer = shop.http.post(f"/v1/redemptions{path}", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code in (httpx.codes.OK, httpx.codes.CREATED), answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_what_was_earned_is_held_redeemed_and_given_back(platform: Platform) -> None:
    shop = platform.acme
    await platform.publish([shop.enrolment("spender")])
    await shop.enrolled("spender")
    await platform.publish(
        [shop.purchase("spend-1", 10_000, card="spender"), shop.purchase("spend-2", 5_000, card="spender")]
    )
    await shop.decided("spend-1", "spend-2")
    earned = shop.balance("spender")
    half = earned // 2
    member = {"member_id": str(shop.member_id("spender"))}

    quote = ask(shop, ":quote", member | {"points": half}, "unused")
    assert (quote["possible"], quote["spendable"]) == (True, earned)
    held = ask(shop, "", member | {"points": half, "hold": True, "reference": "till-7"}, "spend-hold")
    assert (held["state"], held["lots"]) == ("held", quote["lots"])
    assert (shop.balance("spender"), shop.member("spender")["wallets"][0]["held"]) == (earned - half, half)
    redemption = f"/{held['redemption_id']}"
    redeemed = ask(shop, f"{redemption}/commit", {"points": half - 1}, "spend-commit")
    assert (redeemed["state"], shop.balance("spender")) == ("redeemed", earned - half + 1)
    assert ask(shop, f"{redemption}/commit", {"points": half - 1}, "spend-commit") == redeemed
    too_much = shop.http.post(
        "/v1/redemptions", json=member | {"points": earned}, headers={"Idempotency-Key": "spend-too-much"}
    )
    assert (too_much.status_code, too_much.json()["code"]) == (409, "insufficient-points")
    back = ask(shop, f"{redemption}/cancel", {}, "spend-cancel")
    assert (back["state"], back["lapsed"], shop.balance("spender")) == ("cancelled", 0, earned)
    (shown,) = shop.get(f"/v1/members/{member['member_id']}/redemptions")["data"]
    assert shown["lots"] == back["lots"]
    kinds = [each["kind"] for each in shop.history("spender")]
    assert [kind for kind in kinds if kind != "credit"] == ["restore", "release", "commit", "hold"]

    def told() -> bool:
        return platform.metric("redemption", "loyalty_outbox_events_total") >= 4

    await eventually(told, "every movement is told")
