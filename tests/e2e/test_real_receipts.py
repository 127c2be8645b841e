"""Acceptance on a year of real grocery receipts: what the platform gives is what the rules say, to the point."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.embedded.receipts import member_of
from tests.e2e.by_hand import baskets, points_by_household
from tests.support.running import Platform, running

Baskets = list[list[dict[str, Any]]]


FIRST_DAYS, CHRISTMAS = datetime(2017, 1, 7, tzinfo=UTC), datetime(2017, 12, 15, tzinfo=UTC)


def test_the_first_days_of_2017_bring_each_household_what_the_rules_say(platform_in_2017: Platform) -> None:
    receipts = baskets(until=FIRST_DAYS)
    by_hand = points_by_household(receipts)
    assert len(receipts) > 2_000

    played = play(platform_in_2017, len(receipts), raw_dates=True)

    assert played["points"] == by_hand.total()
    assert balances(platform_in_2017, receipts) == by_hand
    check_books(platform_in_2017, by_hand.total())


@pytest.mark.slow
def test_the_whole_of_2017_brings_each_household_what_the_rules_say() -> None:
    receipts = baskets()
    by_hand = points_by_household(receipts)
    with running("--clock", "2018-01-01T12:00:00Z") as platform_in_2018:
        played = play(platform_in_2018, len(receipts), raw_dates=True)

        assert played["points"] == by_hand.total()
        assert balances(platform_in_2018, receipts) == by_hand
        check_books(platform_in_2018, by_hand.total())


@pytest.mark.feature("STAR-11")
async def test_thousands_of_regular_buyers_need_nobody_to_look_after_them(platform: Platform) -> None:
    receipts = baskets(since=CHRISTMAS)
    by_hand = points_by_household(receipts)
    assert len({lines[0]["household_id"] for lines in receipts}) > 1_500

    played = play(platform, len(receipts))

    assert played["points"] == by_hand.total()
    assert balances(platform, receipts) == by_hand
    events = await platform.events("loyalty.points", lambda events: len(decisions(events)) >= len(receipts))
    assert {decision["data"]["outcome"] for decision in decisions(events)} <= {"credited", "no_points"}
    assert platform.run("verify")["violations"] == 0


def play(platform: Platform, count: int, *, raw_dates: bool = False) -> dict[str, Any]:
    """Play the next receipts, and wait for their points."""
    options = ["--raw-dates"] if raw_dates else []
    played: dict[str, Any] = platform.run("demo", "receipts", "--count", count, "--wait", *options)
    assert played["receipts"] == count
    return played


def balances(platform: Platform, receipts: Baskets) -> Counter[int]:
    """What the API tells of each household that has a receipt among these; those without points are left out."""
    households = {lines[0]["household_id"] for lines in receipts}
    told = {household: platform.demo.get(f"/v1/members/{member_of(household)}") for household in households}
    return +Counter({household: member["wallets"][0]["available"] for household, member in told.items()})


def check_books(platform: Platform, points: int) -> None:
    """Every invariant holds, and all points issued are still there."""
    (equation,) = platform.demo.get("/v1/conservation")["data"]
    assert (equation["issued"], equation["active"], equation["difference"]) == (points, points, 0)
    assert platform.run("verify")["violations"] == 0


def decisions(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The decisions on the demo's own receipts, whose numbers begin with a B, once each."""
    kind = "org.pointstream.purchase.evaluated.v1"
    found = [each for each in events if each["tenant"] == "demo" and each["type"] == kind]
    return list({each["id"]: each for each in found if each["data"]["receipt_id"].startswith("B")}.values())
