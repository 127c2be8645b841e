"""A household spends together on a running platform: by their own words, within limits, and each lot goes home."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.test_redemption import ask
from tests.e2e.test_redemption_ways import rich
from tests.support.running import Door, Platform, eventually
from tests.support.spending import asked


def said(shop: Door, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """A request about a household, which is done."""
    answer = shop.http.post(f"/v1/households{path}", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code in (httpx.codes.OK, httpx.codes.CREATED), answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.feature("AHEAD-13")
async def test_a_household_spends_together_and_each_lot_goes_home(platform: Platform) -> None:
    shop = platform.club
    await rich(platform, shop, "home-mum", "home-dad", "home-kid")
    mum, dad, kid = (str(shop.member_id(f"home-{name}")) for name in ("mum", "dad", "kid"))
    home = said(shop, "", {"identifier": "card:home-mum"}, "home-found")["household_id"]
    for name, role in (("dad", "adult"), ("kid", "child")):
        body = {"identifier": f"card:home-{name}", "role": role, "by_member_id": mum}
        members = said(shop, f"/{home}/invitations", body, f"home-asks-{name}")["members"]
        assert members[-1]["state"] == "invited"
    alone = {"identifier": "card:home-dad", "points": 1, "household": True}
    answer = shop.http.post("/v1/redemptions", json=alone, headers={"Idempotency-Key": "home-too-soon"})
    assert answer.json()["code"] == "household-none", "nobody shares before their own word"

    link = shop.http.post(f"/v1/members/{dad}/pages").json()["path"]
    page = shop.http.get(f"{link}/household?lang=de").text
    assert "Ein Haushalt bittet Sie" in page
    joined = shop.http.post(f"{link}/household?lang=en", data={"do": "accept", "household": home, "key": "k"})
    assert "You are an adult in it." in joined.text
    accepted = platform.run(
        "households", "answer", home, "card:home-kid", "--accept", "--tenant", shop.slug, "--key", "home-kid"
    )
    assert [each["state"] for each in accepted["members"]] == ["joined"] * 3

    has = {name: shop.balance(f"home-{name}") for name in ("mum", "dad", "kid")}
    (purse,) = [each for each in shop.get(f"/v1/members/{dad}/household")["purses"] if each["wallet"] == "points"]
    assert (purse["own"], purse["of_others"]) == (has["dad"], has["mum"] + has["kid"])
    assert purse["may_spend_of_others"] == 500 < purse["of_others"]
    shown = platform.run("households", "show", "card:home-dad", "--tenant", shop.slug)
    assert shown["purses"][0] == purse

    points = has["dad"] + 200
    held = ask(shop, "", {"member_id": dad, "points": points, "hold": True, "household": True}, "home-hold")
    assert {each["owner_id"] for each in held["lots"]} > {None}
    of_others = sum(each["points"] for each in held["lots"] if each["owner_id"] is not None)
    redeemed = ask(shop, f"/{held['redemption_id']}/commit", {}, "home-commit")
    assert (redeemed["points"], shop.balance("home-dad")) == (points, of_others - 200)

    def others() -> int:
        return shop.balance("home-mum") + shop.balance("home-kid")

    assert others() == has["mum"] + has["kid"] - of_others
    history = shop.get(f"/v1/members/{mum}/history")["data"] + shop.get(f"/v1/members/{kid}/history")["data"]
    assert "A member of the household spent what was reserved" in [each["words"] for each in history]

    await platform.publish([
        asked("home-1", shop.member_id("home-kid"), "redeem", points=has["kid"] + 1, household=True,
              source=f"{shop.source}/app", time=shop.now()),
        asked("home-2", shop.member_id("home-dad"), "redeem", points=300, household=True,
              source=f"{shop.source}/app", time=shop.now()),
        asked("home-3", shop.member_id("home-dad"), "redeem", points=1, household=True,
              source=f"{shop.source}/app", time=shop.now()),
    ])  # fmt: skip
    await eventually(lambda: shop.balance("home-dad") == 0, "it is spent by events, as far as the limit lets it")
    assert others() == has["mum"] + has["kid"] - 500
    back = ask(shop, f"/{held['redemption_id']}/cancel", {}, "home-back")
    assert (back["state"], shop.balance("home-dad")) == ("cancelled", points - of_others)
    assert others() == has["mum"] + has["kid"] - 500 + of_others

    mine = shop.balance("home-mum")
    left = said(shop, f"/{home}/departures", {"member_id": mum, "by_member_id": mum}, "home-leaves")
    assert [(each["member_id"], each["role"]) for each in left["members"]] == [(dad, "owner"), (kid, "child")]
    assert shop.balance("home-mum") == mine, "who leaves takes all along"
    kinds = {"founded", "invited", "joined", "role_changed", "left"}

    def of_home(events: list[dict[str, Any]]) -> set[str]:
        mine = [each["type"] for each in events if each["data"].get("household_id") == home]
        return {each.removeprefix("org.pointstream.household.").removesuffix(".v1") for each in mine}

    told = await platform.events("loyalty.members", lambda events: of_home(events) >= kinds)
    assert of_home(told) == kinds
    assert platform.run("verify")["violations"] == 0
