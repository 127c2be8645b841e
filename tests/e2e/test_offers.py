"""What members hear of concerns them, and does not come too often."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from tests.e2e.test_messages import enrolment, messages
from tests.e2e.test_programme import loaded
from tests.e2e.test_scenarios import LIKED, wishes
from tests.support.running import Platform, eventually


@pytest.mark.feature("VOU-20")
async def test_an_offer_goes_to_whom_it_concerns_and_not_too_often(platform_in_2017: Platform) -> None:
    """To whoever buys coffee and wants to hear of such things, once a week; nobody else hears of it."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    base, *_ = LIKED["campaigns"]
    coffee = {**base, "id": "coffee", "name": "A point more for coffee", "when": {"categories": ["COFFEE"]}}
    step = {"name": "offer", "message": "ideas", "purpose": "marketing", "channels": ["inbox"]}
    scenario = {"name": "roast", "trigger": {"kind": "purchase", "campaign": "coffee"}, "steps": [step]}
    weekly = {"purpose": "marketing", "most": 1, "hours": 24 * 7}
    said = {**LIKED["messages"], "quiet": {"since": "00:00", "until": "00:00"}, "caps": [weekly]}
    rules = {**LIKED, "version": 29, "messages": said, "campaigns": [base, coffee], "scenarios": [scenario]}
    await platform.put_version(shop, rules, timedelta(hours=1))
    await loaded(platform)
    wanted = {"cleo": ("COFFEE", "inbox"), "dora": ("TEA", "inbox"), "emil": ("COFFEE", "email")}
    people = []
    for name, (_, channel) in wanted.items():
        enrolled = enrolment(shop, name)
        event = orjson.loads(enrolled.value)
        event["data"]["consents"] = wishes(channel)
        people.append(enrolled._replace(value=orjson.dumps(event)))
    await platform.publish(people)
    await shop.enrolled(*wanted)

    async def buy(turn: int) -> None:
        for name, (kind, _) in wanted.items():
            lines = [{"sku": kind, "category": kind, "quantity": 1, "amount_minor": 900}]
            await platform.publish([shop.purchase(f"roast-{name}-{turn}", lines, card=name)])
            await shop.decided(f"roast-{name}-{turn}")

    def told() -> dict[str, list[tuple[str, str | None]]]:
        return {name: [(each["state"], each["reason"]) for each in messages(shop, name)] for name in wanted}

    sent, unwanted = ("handed", None), ("suppressed", "no_consent")
    await buy(1)
    first = {"cleo": [sent], "dora": [], "emil": [unwanted]}
    await eventually(lambda: told() == first, "whoever buys coffee and agreed hears of coffee", seconds=120)
    await buy(2)
    second = {"cleo": [("suppressed", "cap_reached"), sent], "dora": [], "emil": [unwanted, unwanted]}
    await eventually(lambda: told() == second, "the second one would be too much, and too late in a week", seconds=120)
    assert [each["state"] for each in shop.get(f"/v1/members/{shop.member_id('cleo')}/inbox")["data"]] == ["unread"]
