"""What is stopped by a person is stopped within seconds, for the till, the app and the topic."""

from __future__ import annotations

import httpx
import pytest

from tests.e2e.test_carts import cart_of, pool
from tests.e2e.test_catalogue import rich
from tests.e2e.test_codes import done, post, reasons
from tests.e2e.test_programme import loaded
from tests.e2e.test_redemption import ask
from tests.support.running import Platform, eventually


@pytest.mark.feature("VOU-64")
async def test_a_card_and_the_codes_of_a_pool_are_stopped_within_seconds(platform: Platform) -> None:
    shop = await rich(platform, "stolen")
    pool(platform, shop, "leaked", "{}")
    whose = {"identifier": "card:stolen", "points": 5}
    path, had = f"members/{shop.member_id('stolen')}", shop.balance("stolen")
    ask(shop, "", whose, "stolen-1")
    done(shop, f"{path}/block", {"reason": "The card was stolen."})
    assert [each["reason"] for each in shop.get(f"/v1/{path}/blocks")["data"]] == ["The card was stolen."]

    def refused() -> bool:
        answer = shop.http.post("/v1/redemptions:quote", json=whose)
        return answer.status_code == httpx.codes.CONFLICT and answer.json()["code"] == "member-blocked"

    await eventually(refused, "nothing of the card pays")
    assert post(shop, "carts", cart_of(shop, "stolen", "stolen-r1", 2_000)).json()["code"] == "member-blocked"
    await eventually(
        lambda: done(shop, "quote", cart_of(shop, "stolen", "stolen-r1", 2_000))["reason"] == "member-blocked",
        "nothing of the card earns",
    )
    await loaded(platform)  # a quote asks the database, those who credit receipts hear of it seconds later
    await platform.publish([shop.purchase("stolen-r2", 2_000, card="stolen")])
    await shop.decided("stolen-r2")
    told = shop.receipt("stolen-r2")
    assert (told["outcome"], told["reason"], shop.balance("stolen")) == ("awaiting_operator", "member-blocked", had - 5)
    listed = platform.run("members", "blocked", "--tenant", shop.slug)["blocks"]
    assert str(shop.member_id("stolen")) in [each["member_id"] for each in listed]
    platform.run("members", "unblock", "card:stolen", "--note", "A new card.", "--tenant", shop.slug)
    await eventually(lambda: not refused(), "it pays again")
    await eventually(lambda: shop.receipt("stolen-r2")["outcome"] == "credited", "what was bought meanwhile is judged")

    code = done(shop, "code-pools/leaked/codes:assign", {"identifier": "card:stolen"})["code"]
    assert done(shop, "code-pools/leaked/state", {"paused": True})["paused"]
    assert reasons(post(shop, "codes:redeem", {"code": code})) == ["paused"]
    assert not done(shop, "code-pools/leaked/state", {"paused": False})["paused"]
    assert done(shop, "codes:validate", {"code": code})["valid"]
