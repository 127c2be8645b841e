"""Kinds of points side by side: when each can be spent, and when it lapses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.lives import activity
from tests.support.receipts import line
from tests.support.running import Door, Platform, eventually


@pytest.mark.feature("COM-21")
async def test_points_coins_and_miles_of_one_order(platform: Platform) -> None:
    """Points are there at once, coins when the parcel is, miles never lapse; each has a date of its own."""
    shop = platform.initech
    await platform.publish([shop.enrolment("kinds")])
    await shop.enrolled("kinds")
    order = [line("flight", 8_000, category="TRAVEL"), line("bag", 1_000)]
    await platform.publish([shop.purchase("kinds-1", order, card="kinds", channel="web")])
    await shop.decided("kinds-1")

    wallets = shop_wallets(shop, "kinds")
    assert {name: (each["scale"], each["available"], each["pending"]) for name, each in wallets.items()} == {
        "points": (0, 270, 0),
        "coins": (0, 0, 9),
        "miles": (2, 100_00, 0),
    }
    (waiting,) = wallets["coins"]["activations"]
    assert datetime.fromisoformat(waiting["at"]) - shop.now() > timedelta(days=29), "at the latest after thirty days"

    arrived = activity(
        "kinds-parcel",
        "delivered",
        card="kinds",
        receipt_number="kinds-1",
        store="1",
        time=shop.now(),
        source=f"{shop.source}/1",
    )
    await platform.publish([arrived])
    told = await shop.decision(f"/v1/receipts{shop.source}/1/kinds-parcel")
    assert told["outcome"] == "activated"
    wallets = shop_wallets(shop, "kinds")
    assert (wallets["coins"]["available"], wallets["coins"]["pending"]) == (9, 0)
    this_year = shop.now().year
    assert wallets["coins"]["next_expiry"]["last_day"] == f"{this_year + 1}-12-31"
    assert wallets["points"]["next_expiry"]["last_day"] < wallets["coins"]["next_expiry"]["last_day"]
    assert wallets["miles"]["next_expiry"] is None
    assert {entry["wallet"] for entry in shop.history("kinds")} == {"points", "coins", "miles"}


@pytest.mark.feature("VOU-43")
async def test_points_are_gone_when_their_date_is_there(platform: Platform) -> None:
    """Nothing has to run for it: what is told is right at every instant, and whatever is written next records it."""
    shop = platform.initech
    await platform.publish([shop.enrolment("dated")])
    await shop.enrolled("dated")
    await platform.publish([shop.purchase("dated-1", 1_000, card="dated")])
    await shop.decided("dated-1")
    ends = platform.now() + timedelta(seconds=30)  # enough for a slow machine to give them
    just_before = (ends - timedelta(microseconds=1)).isoformat()
    gift: dict[str, Any] = {"wallet": "points", "points": 45, "reason": "birthday", "expires_at": ends.isoformat()}
    member = f"/v1/members/{shop.member_id('dated')}"
    await shop.decision(shop.post(f"{member}/adjustments", gift, key="dated-gift")["receipt"])

    (wallet,) = [each for each in shop.member("dated", at=just_before)["wallets"] if each["wallet"] == "points"]
    assert (wallet["available"], wallet["spendable"], wallet["next_expiry"]["points"]) == (75, 75, 45)
    assert datetime.fromisoformat(wallet["next_expiry"]["at"]) == ends
    before = [entry["seq"] for entry in shop.history("dated")]
    await eventually(lambda: platform.now() >= ends, "the date is there")
    wallet = shop_wallets(shop, "dated")["points"]
    assert (wallet["available"], wallet["spendable"]) == (30, 30)
    refused = {"wallet": "points", "points": -31, "reason": "too-much"}
    told = await shop.decision(shop.post(f"{member}/adjustments", refused, key="dated-31")["receipt"])
    assert (told["outcome"], told["reason"]) == ("refused", "not-enough-points"), "nobody spends them any more"

    await platform.publish([shop.purchase("dated-2", 1_000, card="dated")])
    await shop.decided("dated-2")
    recorded = [entry for entry in shop.history("dated") if entry.get("seq", 0) > max(before)]
    (lapsed,) = [entry for entry in recorded if entry["kind"] == "expire"]
    assert (lapsed["points"], datetime.fromisoformat(lapsed["effective_at"])) == (-45, ends)
    assert shop.balance("dated") == 60
    assert (shop.balance("dated", at=just_before), shop.balance("dated", at=ends.isoformat())) == (75, 30)

    (lot,) = shop.receipt("dated-1")["lots"]
    quarter = datetime.fromisoformat(lot["expires_at"])
    assert shop.balance("dated", at=(quarter - timedelta(microseconds=1)).isoformat()) == 60
    assert shop.balance("dated", at=quarter.isoformat()) == 0, "so it goes with the points of receipts, on their date"


def shop_wallets(shop: Door, name: str) -> dict[str, dict[str, Any]]:
    """A member's wallets by name."""
    return {each["wallet"]: each for each in shop.member(name)["wallets"]}
