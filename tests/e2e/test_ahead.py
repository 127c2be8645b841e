"""What leads up to a boundary: campaigns in the last days before it, and points that a person lets lapse later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.test_movings import asked
from tests.e2e.test_programme import bought, in_force, send
from tests.support.running import Platform

ROME = ZoneInfo("Europe/Rome")


@pytest.mark.feature("OMNI-8", "XOXO-37")
async def test_a_campaign_runs_in_the_last_days_before_every_boundary(platform: Platform) -> None:
    """It pays while the days last, calendar and member are told of it, and who spends in time loses nothing."""
    shop = platform.acme
    await platform.publish([shop.enrolment("hurried")])
    await shop.enrolled("hurried")
    today = platform.now().astimezone(ROME).date()
    span = {"from": str(today), "to": str(today + timedelta(100))}
    boundary = shop.get("/v1/programme/calendar", **span)["boundaries"][0]
    left = (date.fromisoformat(boundary["last_day"]) - today).days
    campaign = {
        "id": "hurry",
        "name": "Before points lapse",
        "state": "live",
        "when": {"skus": ["hurry-tea"]},
        "effect": {"kind": "fixed", "points": 41},
        "frame": {"before_expiry": {"wallet": "points", "days": left + 2}},
    }
    made = send(shop, "POST", "/v1/campaigns", {"campaign": campaign})
    await in_force(platform, made["version"]["active_from"])
    paid = await bought(platform, shop, "hurry-1", "hurry-tea", card="hurried")
    assert paid["hurry"] == 41
    told = shop.get("/v1/programme/calendar", **span)
    (seen,) = (each for each in told["campaigns"] if each["id"] == "hurry")
    assert seen["days"][0] == {"first_day": str(today), "last_day": boundary["last_day"]}
    assert f"in the last {left + 2} days before points lapse" in seen["words"]
    assert "hurry" in told["boundaries"][0]["campaigns"]

    def lapsing() -> dict[str, Any]:
        told = shop.get(f"/v1/members/{shop.member_id('hurried')}/expiry", lang="en")["wallets"]
        return dict(next(each for each in told if each["wallet"] == "points"))

    at_risk = lapsing()
    assert at_risk["points"] == shop.balance("hurried") > 41
    assert at_risk["keep"][0].startswith(f"Spend {at_risk['points']} points by then")
    assert [each for each in at_risk["keep"] if each.startswith("Before points lapse: 41 points")]
    body = {"identifier": "card:hurried", "points": at_risk["points"]}
    spent = shop.http.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "hurried-in-time"})
    assert spent.is_success, spent.text
    assert (lapsing()["points"], lapsing()["words"]) == (0, ["Nothing lapses as things are."])


@pytest.mark.feature("COM-28")
async def test_a_members_points_are_made_to_lapse_a_boundary_later(platform: Platform) -> None:
    """Seen before by preview and dry run, asked for over HTTP and by command, and each entry tells its new date."""
    shop = platform.initech
    await platform.publish([shop.enrolment("patient")])
    await shop.enrolled("patient")
    await platform.publish([shop.purchase("patient-1", 5_000, card="patient", time=shop.now() - timedelta(minutes=1))])
    await shop.decided("patient-1")
    member = f"/v1/members/{shop.member_id('patient')}"

    def expiry() -> str:
        (wallet,) = [each for each in shop.member("patient")["wallets"] if each["wallet"] == "points"]
        return str(wallet["next_expiry"]["at"])

    first, points = expiry(), shop.balance("patient")
    seen = shop.get(f"{member}/extension-preview", wallet="points", boundaries=1)
    assert (seen["points"], seen["data"][0]["expired_before"], expiry()) == (points, first, first)
    wish = {"wallet": "points", "boundaries": 1, "reason": "goodwill"}
    assert (await asked(shop, f"{member}/extensions", wish))["outcome"] == "adjusted"
    assert expiry() == seen["data"][0]["expires_at"] > first
    assert shop.balance("patient") == points
    assert shop.balance("patient", at=first) == points, "the old boundary takes nothing"

    command = ("extend", "card:patient", "--tenant", "initech", "--boundaries", 1, "--reason", "goodwill")
    planned = platform.run(*command, "--dry-run")
    assert (planned["sent"], planned["movements"][0]["points"]) == (False, points)
    assert platform.run(*command, "--wait")["movements"][0]["amount"] == points
    assert expiry() == planned["movements"][0]["expires_at"] > seen["data"][0]["expires_at"]
    entries = [entry for entry in shop.history("patient") if entry.get("kind") == "waive"]
    assert [entry["words"] for entry in entries] == ["Points got another date"] * 2
    member_id = str(shop.member_id("patient"))
    told = [each for each in await platform.events("loyalty.points") if each.get("subject") == member_id]
    assert sum(each["type"] == "org.pointstream.points.redated.v1" for each in told) == 2
