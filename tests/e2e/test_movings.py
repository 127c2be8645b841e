"""Points that go to another member, and members who are one person: asked for over HTTP, decided in a moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.lives import returned
from tests.support.running import Door, Platform, eventually


@pytest.mark.feature("AHEAD-8")
async def test_two_members_are_merged_with_a_preview_and_parted_again(platform: Platform) -> None:
    shop, now = platform.initech, platform.now()
    await platform.publish([shop.enrolment("peer-a"), shop.enrolment("peer-b")])
    await shop.enrolled("peer-a", "peer-b")
    one, other = (f"/v1/members/{shop.member_id(name)}" for name in ("peer-a", "peer-b"))
    given = {"wallet": "points", "points": 500, "reason": "goodwill"}
    assert (await asked(shop, f"{other}/adjustments", given))["outcome"] == "adjusted"
    await platform.publish([shop.purchase("peer-1", 40_000, card="peer-a", time=now)])
    await shop.decided("peer-1")
    earned = shop.balance("peer-a")
    assert earned > 0

    gift = {"to_member_id": str(shop.member_id("peer-a")), "wallet": "points", "points": 20, "reason": "gift"}
    assert (await asked(shop, f"{other}/transfers", gift))["words"].startswith("Points went to another member.")
    assert (shop.balance("peer-a"), shop.balance("peer-b")) == (earned + 20, 480)

    seen = shop.get(f"{one}/merge-preview", into=shop.member_id("peer-b"))
    assert seen["obstacle"] is None
    assert [(each["active"] + each["pending"], each["after"]) for each in seen["wallets"]] == [
        (earned + 20, earned + 500)
    ]
    into = {"to_member_id": str(shop.member_id("peer-b")), "reason": "duplicate"}
    merged = await asked(shop, f"{one}:merge", into)
    assert (merged["outcome"], merged["reason"]) == ("merged", "duplicate")
    assert shop.balance("peer-b") == earned + 500
    answer = shop.http.get(one)
    assert (answer.status_code, answer.headers["location"]) == (httpx.codes.PERMANENT_REDIRECT, other)
    assert shop.get("/v1/members", identifier="card:peer-a")["data"][0]["member_id"] == str(shop.member_id("peer-b"))

    # The old card's receipt is the survivor's; a return of what was bought before comes out of the lot that went over.
    late = shop.purchase("peer-2", 10_000, card="peer-a", time=now)
    await platform.publish([late, returned("peer-t", "peer-1", amount=20_000, time=now, source=f"{shop.source}/1")])
    await shop.decided("peer-2", "peer-t")
    after = shop.balance("peer-b")
    (lot,) = (entry for entry in shop.history("peer-b") if entry.get("kind") == "reverse")
    left = earned - lot["amount"]

    assert (await asked(shop, f"{one}:unmerge", {"reason": "mistake"}))["outcome"] == "unmerged"
    await eventually(lambda: shop.status(one) == httpx.codes.OK, "the member stands alone again")
    # Each has their own again; the gift was a gift, and the late receipt was the survivor's.
    assert (shop.balance("peer-a"), shop.balance("peer-b")) == (left + 20, after - left - 20)
    assert shop.get("/v1/members", identifier="card:peer-a")["data"][0]["member_id"] == str(shop.member_id("peer-a"))
    told = [each["type"] for each in await platform.events("loyalty.members") if each["subject"] == one[12:]]
    assert [kind for kind in told if "merged" in kind] == [
        "org.pointstream.member.merged.v1",
        "org.pointstream.member.unmerged.v1",
    ]


@pytest.mark.feature("AHEAD-5")
async def test_lots_live_through_whatever_happens_to_them(platform: Platform) -> None:
    """Bought under rules of before, given back in part, spent, given away, merged: each point knows its lot."""
    shop, now = platform.initech, platform.now()
    bought = now - timedelta(days=2)
    await platform.publish([shop.enrolment("heir-a"), shop.enrolment("heir-b")])
    await shop.enrolled("heir-a", "heir-b")
    await platform.publish(
        [shop.purchase("heir-1", 30_000, card="heir-a", time=bought), shop.purchase("heir-2", card="heir-a", time=now)]
    )
    await shop.decided("heir-1", "heir-2")
    (old, new), one, other = (
        lots(shop, "heir-a"),
        *(f"/v1/members/{shop.member_id(name)}" for name in ("heir-a", "heir-b")),
    )
    assert old["points"] == 320, "a point for every 1.00, and 20 above 100.00, as it was then"
    assert new["points"] == 30, "three for every 1.00, as it is now"

    await platform.publish([returned("heir-t", "heir-1", amount=10_000, time=now, source=f"{shop.source}/1")])
    await shop.decided("heir-t")
    first = spend(shop, "heir-a", 10, "heir-first")
    assert [(each["lot"], each["points"]) for each in first["lots"]] == [(old["lot"], 10)]
    gift = {"to_member_id": str(shop.member_id("heir-b")), "wallet": "points", "points": 50, "reason": "gift"}
    assert (await asked(shop, f"{one}/transfers", gift))["outcome"] == "transferred"
    assert left(shop, "heir-a") == [
        (160, old["earned_at"], old["expires_at"]),
        (30, new["earned_at"], new["expires_at"]),
    ]
    assert left(shop, "heir-b") == [(50, old["earned_at"], old["expires_at"])]

    into = {"to_member_id": str(shop.member_id("heir-b")), "reason": "duplicate"}
    assert (await asked(shop, f"{one}:merge", into))["outcome"] == "merged"
    second = spend(shop, "heir-a", 200, "heir-second")
    assert second["member_id"] == other[12:], "who was merged is found where the points are"
    assert sum(each["points"] for each in second["lots"]) == 200
    assert {each["earned_at"] for each in second["lots"]} == {old["earned_at"]}
    assert left(shop, "heir-b") == [
        (10, old["earned_at"], old["expires_at"]),
        (30, new["earned_at"], new["expires_at"]),
    ]
    answer = shop.http.post(
        f"/v1/redemptions/{first['redemption_id']}/cancel", json={}, headers={"Idempotency-Key": "heir-cancel"}
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    assert answer.json()["restored"] == 10
    assert sum(points for points, earned_at, _ in left(shop, "heir-b") if earned_at == old["earned_at"]) == 20
    assert shop.balance("heir-b") == 50, "what came back went on to whom they were merged into"
    assert platform.run("verify")["violations"] == 0


def lots(shop: Door, name: str) -> list[dict[str, Any]]:
    """All that a member can spend, by lot; they add up to the balance."""
    body = {"member_id": str(shop.member_id(name)), "wallet": "points", "points": shop.balance(name)}
    told: list[dict[str, Any]] = shop.http.post("/v1/redemptions:quote", json=body).json()["lots"]
    assert sum(each["points"] for each in told) == shop.balance(name)
    return told


def left(shop: Door, name: str) -> list[tuple[int, str, str]]:
    """What is left of each lot, and its dates."""
    return [(each["points"], each["earned_at"], each["expires_at"]) for each in lots(shop, name)]


def spend(shop: Door, name: str, points: int, key: str) -> dict[str, Any]:
    """Redeem points at once."""
    body = {"member_id": str(shop.member_id(name)), "wallet": "points", "points": points}
    answer = shop.http.post("/v1/redemptions", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def asked(shop: Door, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for something, and wait for what became of it."""
    return await shop.decision(shop.post(path, body, key=path.replace("/", "-").replace(":", "-"))["receipt"])
