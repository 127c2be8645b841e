"""Segments as shops, the office and whoever reads the topics see them: within seconds, and with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.test_quotes import quoted
from tests.e2e.test_tiers import bought
from tests.support.receipts import line
from tests.support.running import Door, Platform, eventually

ROAST = [line("new-roast", 1_000)]


def segments(shop: Door, name: str) -> list[str]:
    found: list[str] = shop.member(name)["segments"]
    return found


async def coffee(platform: Platform, shop: Door, number: str, card: str) -> None:
    beans = [line("beans", 1_000, category="COFFEE")]
    await platform.publish([shop.purchase(number, beans, card=card)])
    await shop.decided(number)


def offered(shop: Door, card: str) -> int:
    """What the new roast would bring to somebody now."""
    return sum(one["points"] for one in quoted(shop, ROAST, card)["points"])


@pytest.mark.feature("COM-15", "VOU-22", "VOU-71")
async def test_two_coffees_make_a_regular_whose_next_purchase_pays_more(platform: Platform) -> None:
    """A segment by visits, favourite, share or tier is entered as things happen, told once, and seen by a campaign."""
    shop = platform.club
    await platform.publish([shop.enrolment("roaster", tier=None)])
    await shop.enrolled("roaster")
    await coffee(platform, shop, "roaster-1", "roaster")
    await coffee(platform, shop, "roaster-2", "roaster")
    await eventually(lambda: segments(shop, "roaster") == ["coffee-regulars"], "a regular")
    assert await bought(platform, shop, "roaster-3", "roaster", 1_000, "new-roast") == 10 + 300
    await eventually(lambda: "saved-up" in segments(shop, "roaster"), "with much to spend")

    member = str(shop.member_id("roaster"))

    def of_member(events: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
        told = [(one["type"].split(".")[3], one["data"]) for one in events if "segment_" in one["type"]]
        return [(kind, data["segment"], data["number"]) for kind, data in told if data["member_id"] == member]

    events = await platform.events("loyalty.members", lambda found: len(of_member(found)) >= 2)
    entered = of_member(events)
    assert entered == [("segment_entered", "coffee-regulars", 1), ("segment_entered", "saved-up", 1)]
    why = shop.get(f"/v1/members/{member}/segments", lang="en")["data"][0]
    assert ("at least 2 purchases in the last 30 days", True, "3") in [
        (each["words"], each["met"], each["there"]) for each in why["conditions"]
    ]


@pytest.mark.feature("VOU-18", "XOXO-52", "COM-7")
async def test_whoever_needs_no_incentive_gets_none_and_each_segment_its_own(
    platform: Platform, tmp_path: Path
) -> None:
    """The same cart is worth three things to three members: a regular, somebody new, and one of the staff."""
    shop = platform.club
    names = ("sipper", "taster", "barista")
    await platform.publish([shop.enrolment(name, tier=None) for name in names])
    await shop.enrolled(*names)
    await coffee(platform, shop, "sipper-1", "sipper")
    await coffee(platform, shop, "sipper-2", "sipper")
    listed = tmp_path / "staff.csv"
    listed.write_text("card\nbarista\n")
    done = platform.run("segments", "import", "staff", listed, "--tenant", shop.slug)
    assert (done["changed"], done["rejected"]) == (1, 0)
    await eventually(lambda: segments(shop, "sipper") == ["coffee-regulars"], "a regular")
    await eventually(lambda: segments(shop, "barista") == ["staff"], "one of the staff")
    assert [offered(shop, name) for name in names] == [310, 60, 10]
    for name, points in zip(names, (310, 60, 10), strict=True):
        assert await bought(platform, shop, f"{name}-9", name, 1_000, "new-roast") == points


@pytest.mark.feature("STAR-3")
async def test_the_office_counts_segments_and_keeps_a_list(platform: Platform) -> None:
    shop = platform.club
    await platform.publish([shop.enrolment("clerk", tier=None)])
    await shop.enrolled("clerk")
    answer = shop.http.post("/v1/segments/staff/members", json={"add": ["card:clerk", "card:nobody"]})
    assert (answer.status_code, answer.json()["unknown"]) == (httpx.codes.OK, ["card:nobody"])
    await eventually(lambda: segments(shop, "clerk") == ["staff"], "one of the staff")

    def counted() -> dict[str, int]:
        return {each["name"]: each["members"] for each in shop.get("/v1/segments")["data"]}

    def by_command() -> dict[str, int]:
        return dict(platform.run("segments", "count", "--tenant", shop.slug)["segments"])

    await eventually(lambda: counted() == by_command(), "door and command count alike, once nobody moves meanwhile")
    of_staff = shop.get("/v1/segments/staff/members", limit=200)["data"]
    assert len(of_staff) == counted()["staff"]
    assert str(shop.member_id("clerk")) in [each["member_id"] for each in of_staff]
    shop.http.post("/v1/segments/staff/members", json={"remove": ["card:clerk"]})
    await eventually(lambda: segments(shop, "clerk") == [], "no longer of the staff")
