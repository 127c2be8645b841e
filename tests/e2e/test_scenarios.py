"""Scenarios as members live them: a series of messages that begins with points and ends when the member comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.test_messages import enrolment, messages
from tests.e2e.test_programme import loaded
from tests.support.running import Door, Platform, eventually

STEP = {"purpose": "service", "channels": ["email"]}
RULES: dict[str, Any] = {
    "version": 30,
    "zone": "Europe/Rome",
    "currency": "EUR",
    "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    "campaigns": [
        {"id": "base", "name": "A point for every 1.00", "state": "live",
         "effect": {"kind": "per_amount", "points": 1, "per_minor": 100}},
        {"id": "mug", "name": "A mug", "state": "live", "when": {"min_total_minor": 10_000},
         "effect": {"kind": "reward", "reference": "mug"}},
    ],
    "scenarios": [
        {"name": "thanks", "title": "Come again", "trigger": {"kind": "points_credited"}, "goal": "earned",
         "steps": [
             {"name": "now", "message": "points_credited", **STEP},
             {"name": "day", "message": "come_again", "after_hours": 24, **STEP},
         ]},
        {"name": "present", "trigger": {"kind": "reward_granted", "reference": "mug"},
         "steps": [{"name": "now", "message": "reward_granted", **STEP}]},
    ],
}  # fmt: skip


def stands(shop: Door, name: str) -> dict[str, tuple[str, str | None]]:
    """How the steps of a member's scenarios stand, by scenario and step."""
    return {
        "/".join(each["occasion"].split("/")[1:3]): (each["state"], each["reason"])
        for each in messages(shop, name)
        if each["occasion"].startswith("scenario/")
    }


@pytest.mark.feature("STAR-23", "STAR-24", "VOU-72")
async def test_a_series_begins_with_points_and_ends_with_the_next_purchase(platform_in_2017: Platform) -> None:
    """Thanks at once, and an invitation the day after, but for whom has been back by then."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    await platform.put_version(shop, RULES, timedelta(hours=1))
    await loaded(platform)
    await platform.publish([enrolment(shop, "ida"), enrolment(shop, "otto")])
    await shop.enrolled("ida", "otto")
    await platform.publish(
        [shop.purchase("series-1", 15_000, card="ida"), shop.purchase("series-2", 15_000, card="otto")]
    )
    sent, waits = ("handed", None), ("waiting", None)
    begun = {"thanks/now": sent, "thanks/day": waits, "present/now": sent}
    await eventually(lambda: stands(shop, "ida") == begun and stands(shop, "otto") == begun, "it begins", seconds=120)

    await platform.publish([shop.purchase("series-3", 500, card="ida")])
    await shop.decided("series-3")
    platform.run("clock", (platform.now() + timedelta(hours=25)).isoformat())
    await eventually(lambda: stands(shop, "otto")["thanks/day"] == sent, "who stayed away", seconds=120)

    def day() -> tuple[int, int]:
        step = shop.get("/v1/scenarios")["data"][0]["steps"][1]
        return step["sent"], step["goal_reached"]

    await eventually(lambda: day() == (2, 1), "ida's first series ended with what she bought, which began another")
    assert shop.get("/v1/scenarios")["data"][1]["steps"][0]["sent"] == 2
