"""Messages that propose something to one member: products by what they buy, and rewards that their points reach."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from libs.catalogue.postgres import put_reward
from tests.integration.notifier.conftest import BOUNDARY, SEED, Notifying
from tests.integration.notifier.test_acting import review
from tests.support.rewards import reward_of

DAY = """
INSERT INTO earning.member_day (tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
VALUES (1, 1, $1, $2, 1, 900, 9, jsonb_build_object($3::text, 900))
"""
PROPOSALS = [
    {"name": "coffee", "title": "Harvest from Ethiopia", "categories": ["COFFEE"], "price_minor": 599},
    {"name": "tea", "title": "First flush", "categories": ["TEA"]},
]
SCENARIO: dict[str, Any] = {
    "name": "ideas",
    "title": "For you",
    "trigger": {"kind": "activity", "activity": "review"},
    "steps": [{"name": "now", "message": "ideas", "channels": ["email"], "purpose": "service"}],
}


async def test_each_member_is_proposed_what_suits_them(notifying: Notifying) -> None:
    everybody = (1, 2, 3)
    await notifying.superuser.execute(SEED, len(everybody), BOUNDARY)  # 10, 20 and 30 points
    for number, part in ((1, "category:COFFEE"), (2, "category:TEA")):
        await notifying.superuser.execute(DAY, UUID(int=number), date(2026, 11, 30), part)
    for reference, points in (("A cup", 20), ("A pot", 30)):
        name = reference.lower().replace(" ", "-")
        reward = reward_of(
            "merchandise", reference=name, texts={"en": {"title": reference}}, stock="unlimited",
            prices=[{"name": "points", "points": points}],
        )  # fmt: skip
        await put_reward(notifying.superuser, (1, 1), reward, 1, "test", notifying.clock.now())
    await notifying.programme(messages={"proposals": PROPOSALS}, scenarios=[SCENARIO])
    await notifying.people(everybody, {"email": "m{n}@example.com"})
    await notifying.hear([review(notifying, number) for number in everybody], "loyalty.points")
    await notifying.send("email")
    said = {each.address: each.content.text for each in notifying.channels["email"].letters}
    found = {
        address: [word for word in ("Harvest from Ethiopia", "First flush", "A cup", "A pot") if word in text]
        for address, text in said.items()
    }
    assert found == {
        "m1@example.com": ["Harvest from Ethiopia"],
        "m2@example.com": ["First flush", "A cup"],
        "m3@example.com": ["A cup", "A pot"],
    }
