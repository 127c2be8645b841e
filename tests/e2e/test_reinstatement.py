"""Points that lapsed come back: to a member over HTTP, and above an amount once somebody else has agreed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from tests.support.running import Door, Platform, eventually


async def lost(shop: Door, gifts: dict[str, int]) -> None:
    """Give members points that lapse soon, though not before a slow machine has given them; wait until they have."""
    ends = (shop.now() + timedelta(seconds=30)).isoformat()
    for name, points in gifts.items():
        given = {"wallet": "points", "points": points, "reason": "goodwill", "expires_at": ends}
        taken = shop.post(f"/v1/members/{shop.member_id(name)}/adjustments", given, key=f"lost-{name}")
        assert (await shop.decision(taken["receipt"]))["outcome"] == "adjusted"
    for name in gifts:
        await eventually(partial(_nothing, shop, name), "the points have lapsed")


def _nothing(shop: Door, name: str) -> bool:
    return shop.balance(name) == 0


@pytest.mark.feature("COM-29")
async def test_lapsed_points_come_back_and_many_of_them_when_a_second_person_agrees(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("revenant"), shop.enrolment("phoenix")])
    await shop.enrolled("revenant", "phoenix")
    await lost(shop, {"revenant": 300, "phoenix": 20_000})
    one = f"/v1/members/{shop.member_id('revenant')}"
    body = {"points": 120, "reason": "goodwill"}
    asked, again = (shop.post(f"{one}:reinstate", body, key="revenant-1") for _ in range(2))
    assert (asked["state"], asked["points"]) == ("approved", 120)
    assert again["reinstatement_id"] == asked["reinstatement_id"]
    await eventually(lambda: shop.balance("revenant") == 120, "the points are back")
    (back,) = (entry for entry in shop.history("revenant") if entry.get("kind") == "restore")
    assert back["amount"] == 120

    plan = platform.run(
        "members",
        "reinstate",
        f"{shop.member_id('phoenix')}",
        "--reason",
        "app-outage",
        "--tenant",
        "initech",
        "--dry-run",
    )
    assert (plan["points"], plan["needs_approval"]) == (20_000, True)
    wide = {"members": [{"member": str(shop.member_id("phoenix"))}], "reason": "app-outage"}
    waiting = shop.post("/v1/reinstatements", wide, key="phoenix-1")
    assert waiting["state"] == "awaiting_approval"
    own = shop.http.post(f"/v1/reinstatements/{waiting['reinstatement_id']}:approve")
    assert own.json()["code"] == "second-person-needed"
    assert shop.balance("phoenix") == 0
    agreed = platform.run("reinstatements", "approve", waiting["reinstatement_id"], "--tenant", "initech")
    assert agreed["decided_by"] != agreed["asked_by"]
    await eventually(lambda: shop.balance("phoenix") == 20_000, "the points are back")
    seen = shop.get(f"/v1/reinstatements/{waiting['reinstatement_id']}")
    assert (seen["state"], seen["returned_points"], seen["refused_shares"]) == ("sent", 20_000, 0)
    told = [each for each in await platform.events("loyalty.points") if each["type"].endswith("points.reinstated.v1")]
    assert {each["data"]["points"] for each in told if each["tenant"] == "initech"} >= {120, 20_000}
