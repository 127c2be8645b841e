"""What comes to pass with members starts campaigns by itself, and what they told of themselves is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.test_tiers import bought
from tests.support.lives import activity
from tests.support.receipts import PROFILES, Record, event
from tests.support.running import Door, Platform, eventually


def enrolled(shop: Door, card: str, *, ago: int = 0, **told: Any) -> Record:
    """The enrolment of a member with a card, so many days ago, and what they tell of themselves."""
    member = str(shop.member_id(card))
    data = {"member_id": member, "identifiers": [{"kind": "card", "value": card}]} | told
    kind, at = "org.pointstream.member.enrolled.v1", shop.now() - timedelta(days=ago)
    return event(PROFILES, kind, f"enrol-{card}", shop.source, at, member, data)


def has(shop: Door, card: str) -> int:
    """What a member has, who may have nothing yet."""
    return sum(each["available"] for each in shop.member(card)["wallets"])


@pytest.mark.feature("COM-33", "STAR-12")
async def test_enrolling_and_reaching_a_level_are_rewarded_at_once_and_once(platform: Platform) -> None:
    """Only who was invited; nobody asks for it, and who sends the enrolment again gets nothing more."""
    shop = platform.club
    invited = enrolled(shop, "invited", attributes={"invited": True, "city": "rome"})
    await platform.publish([invited, enrolled(shop, "stranger", attributes={"invited": False})])
    await shop.enrolled("invited", "stranger")
    await eventually(lambda: has(shop, "invited") == 25, "the invited are welcome")
    await platform.publish([invited])
    assert await bought(platform, shop, "invited-1", "invited", 10_000) == 100, "silver by it"
    await eventually(lambda: has(shop, "invited") == 25 + 100 + 70, "silver is rewarded")
    assert await bought(platform, shop, "stranger-1", "stranger", 10_000) == 100
    assert await bought(platform, shop, "stranger-2", "stranger", 10_000) == 150, "silver by now"
    assert shop.balance("stranger") == 250

    welcome, reached = [
        shop.get(entry["receipt"]["href"])
        for entry in reversed(shop.history("invited"))
        if entry["receipt"]["kind"] == "activity.recorded"
    ]
    assert [one["campaign"] for one in welcome["explanation"]["campaigns"]] == ["joined"]
    assert [one["reference"] for one in welcome["explanation"]["granted"]] == ["welcome"]
    assert reached["inputs"]["data"] == {"of": "status/silver", "level": "silver"}
    rules = {rule["campaign"]: rule["sentence"] for rule in shop.get("/v1/programme/rules", lang="de")["rules"]}
    assert rules["silver-reached"].startswith("70 Punkte zum Erreichen der Stufe Silver")


@pytest.mark.feature("VOU-38", "VOU-39")
async def test_birthdays_and_anniversaries_bring_more_on_their_day(platform: Platform) -> None:
    shop, cake = platform.club, "cake"
    today = f"{shop.now():%m-%d}"
    other = f"{shop.now() + timedelta(days=100):%m-%d}"
    await platform.publish(
        [
            enrolled(shop, "born", birthday=today),
            enrolled(shop, "faithful", ago=365, birthday=other),
            enrolled(shop, "unknown"),
        ]
    )
    await shop.enrolled("born", "faithful", "unknown")
    brought = {
        card: await bought(platform, shop, f"{card}-1", card, 1_000, cake) for card in ("born", "faithful", "unknown")
    }
    assert brought == {"born": 310, "faithful": 410, "unknown": 10}
    why = {each["campaign"]: each["condition"] for each in shop.receipt("unknown-1")["explanation"]["not_paid"]}
    assert why["birthday"] == "member.birthday:unknown"


@pytest.mark.feature("STAR-7", "STAR-8")
async def test_solving_a_quiz_and_taking_part_in_a_contest_bring_points(platform: Platform) -> None:
    """A wrong answer brings nothing, a third quiz of the day nothing more, and a contest counts once."""
    shop = platform.club
    await platform.publish([enrolled(shop, "clever")])
    await shop.enrolled("clever")
    done = [("q-1", "quiz-answered", True), ("q-2", "quiz-answered", False), ("q-3", "quiz-answered", True)]
    done += [("q-4", "quiz-answered", True), ("c-1", "contest-entered", True), ("c-2", "contest-entered", True)]
    brought, at_once = {}, shop.now()  # all on one day, whenever the test runs
    for name, what, solved in done:
        said: dict[str, Any] = {
            "card": "clever",
            "time": at_once,
            "source": f"{shop.source}/1",
            "data": {"solved": solved},
        }
        await platform.publish([activity(f"clever-{name}", what, **said)])
        decision = await shop.decision(f"/v1/receipts{shop.source}/1/clever-{name}")
        brought[name] = sum(each["points"] for each in decision["points"])
    assert brought == {"q-1": 15, "q-2": 0, "q-3": 15, "q-4": 0, "c-1": 5, "c-2": 0}
    assert has(shop, "clever") == 35
