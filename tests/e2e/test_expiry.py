"""Points lapse together at the boundary, to the instant, and the dry run of the sweep says what lapses."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.running import COMMAND, Platform

BLINK = timedelta(microseconds=1)


def lapsing(platform: Platform, boundary: str) -> dict[str, int]:
    """What the dry run of the grocer's sweep says of its points."""
    told: dict[str, Any] = platform.run("sweep", "plan", "--tenant", "acme", "--boundary", boundary)
    (points,) = [total for total in told["totals"] if total["wallet"] == "points"] or [{}]
    return {name: points.get(name, 0) for name in ("members", "lots", "points")}


def quarters(since: str) -> list[str]:
    """The instants at which the next quarters end in Rome, as the command knows them."""
    asked = ("boundaries", "--zone", "Europe/Rome", "--period", "quarter", "--from", since, "--count", "3", "--json")
    done = subprocess.run([COMMAND, *asked], capture_output=True, check=True, timeout=60)
    return [each["instant"] for each in json.loads(done.stdout)["boundaries"]]


@pytest.mark.feature("OMNI-1", "OMNI-2", "OMNI-4")
async def test_all_points_of_all_members_lapse_together_at_the_end_of_a_quarter(platform: Platform) -> None:
    """Two members earn at different times; one instant, known before, ends all of it, and a dry run counts it."""
    shop = platform.acme
    await platform.publish([shop.enrolment("early"), shop.enrolment("late")])
    await shop.enrolled("early", "late")
    first = shop.purchase("together-1", 1_000, card="early", time=shop.now() - timedelta(minutes=9))
    await platform.publish([first])
    await shop.decided("together-1")
    (wallet,) = [each for each in shop.member("early")["wallets"] if each["wallet"] == "points"]
    boundary = wallet["next_expiry"]["at"]
    before = lapsing(platform, boundary)

    await platform.publish(
        [shop.purchase("together-2", 2_000, card="early"), shop.purchase("together-3", 4_000, card="late")]
    )
    await shop.decided("together-2", "together-3")
    earned = {name: shop.balance(name) for name in ("early", "late")}
    after = lapsing(platform, boundary)
    assert min(earned.values()) > 0
    assert after["lots"] - before["lots"] == 2
    assert after["members"] - before["members"] == 1
    assert after["points"] - before["points"] == sum(earned.values()) - wallet["available"]

    instant = datetime.fromisoformat(boundary)
    assert boundary in quarters(f"{shop.now():%Y-%m-%d}")
    for name, points in earned.items():
        assert shop.balance(name, at=(instant - BLINK).isoformat()) == points
        assert shop.balance(name, at=instant.isoformat()) == 0
