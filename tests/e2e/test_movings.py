"""Points that go to another member, and members who are one person: asked for over HTTP, decided in a moment."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.lives import returned
from tests.support.running import Door, Platform, eventually


@pytest.mark.feature("AHEAD-8")
async def test_two_members_are_merged_with_a_preview_and_parted_again(platform: Platform) -> None:
    shop, now = platform.initech, platform.now()
    await platform.publish([shop.enrolment("twin-a"), shop.enrolment("twin-b")])
    await shop.enrolled("twin-a", "twin-b")
    one, other = (f"/v1/members/{shop.member_id(name)}" for name in ("twin-a", "twin-b"))
    given = {"wallet": "points", "points": 500, "reason": "goodwill"}
    assert (await asked(shop, f"{other}/adjustments", given))["outcome"] == "adjusted"
    await platform.publish([shop.purchase("twin-1", 40_000, card="twin-a", time=now)])
    await shop.decided("twin-1")
    earned = shop.balance("twin-a")
    assert earned > 0

    gift = {"to_member_id": str(shop.member_id("twin-a")), "wallet": "points", "points": 20, "reason": "gift"}
    assert (await asked(shop, f"{other}/transfers", gift))["words"].startswith("Points went to another member.")
    assert (shop.balance("twin-a"), shop.balance("twin-b")) == (earned + 20, 480)

    seen = shop.get(f"{one}/merge-preview", into=shop.member_id("twin-b"))
    assert seen["obstacle"] is None
    assert [(each["active"] + each["pending"], each["after"]) for each in seen["wallets"]] == [
        (earned + 20, earned + 500)
    ]
    into = {"to_member_id": str(shop.member_id("twin-b")), "reason": "duplicate"}
    merged = await asked(shop, f"{one}:merge", into)
    assert (merged["outcome"], merged["reason"]) == ("merged", "duplicate")
    assert shop.balance("twin-b") == earned + 500
    answer = shop.http.get(one)
    assert (answer.status_code, answer.headers["location"]) == (httpx.codes.PERMANENT_REDIRECT, other)
    assert shop.get("/v1/members", identifier="card:twin-a")["data"][0]["member_id"] == str(shop.member_id("twin-b"))

    # The old card's receipt is the survivor's; a return of what was bought before comes out of the lot that went over.
    late = shop.purchase("twin-2", 10_000, card="twin-a", time=now)
    await platform.publish([late, returned("twin-t", "twin-1", amount=20_000, time=now, source=f"{shop.source}/1")])
    await shop.decided("twin-2", "twin-t")
    after = shop.balance("twin-b")
    (lot,) = (entry for entry in shop.history("twin-b") if entry.get("kind") == "reverse")
    left = earned - lot["amount"]

    assert (await asked(shop, f"{one}:unmerge", {"reason": "mistake"}))["outcome"] == "unmerged"
    await eventually(lambda: shop.status(one) == httpx.codes.OK, "the member stands alone again")
    # Each has their own again; the gift was a gift, and the late receipt was the survivor's.
    assert (shop.balance("twin-a"), shop.balance("twin-b")) == (left + 20, after - left - 20)
    assert shop.get("/v1/members", identifier="card:twin-a")["data"][0]["member_id"] == str(shop.member_id("twin-a"))
    told = [each["type"] for each in await platform.events("loyalty.members") if each["subject"] == one[12:]]
    assert [kind for kind in told if "merged" in kind] == [
        "org.pointstream.member.merged.v1",
        "org.pointstream.member.unmerged.v1",
    ]


async def asked(shop: Door, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for something, and wait for what became of it."""
    return await shop.decision(shop.post(path, body, key=path.replace("/", "-").replace(":", "-"))["receipt"])
