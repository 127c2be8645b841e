"""From an event to a message that was handed over: once, true at the moment, with its reasons kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from libs.catalogue.postgres import put_reward
from libs.catalogue.reward import parse_reward
from services.notifier.programmes import Programmes
from tests.integration.notifier.conftest import BOUNDARY, NOON, SEED, Notifying
from tests.support.rewards import MUG

SPEND = "UPDATE ledger.lot SET remaining = 0 WHERE member_id = $1"


async def test_a_reminder_becomes_a_mail_once(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 3, BOUNDARY)
    await notifying.programme()
    await notifying.people([1, 2, 3], {"email": "m{n}@example.com"})
    told = [notifying.reminder(number, points=1) for number in (1, 2, 3)]
    await notifying.hear([*told, told[0]])
    await notifying.hear(told)
    await notifying.superuser.execute(SPEND, UUID(int=3))
    await notifying.send()
    await notifying.hear(told)
    await notifying.send()

    letters = notifying.channels["email"].letters
    assert sorted((each.address, "20 points" in each.content.text) for each in letters) == [
        ("m1@example.com", False),
        ("m2@example.com", True),
    ], "the points are those of now"
    rows = await notifying.rows("member_id, channel, state, reason, place")
    found = {(row["member_id"].int, row["channel"]): (row["state"], row["reason"]) for row in rows}
    assert found == {
        (1, "push"): ("suppressed", "no_address"),
        (1, "email"): ("handed", None),
        (2, "push"): ("suppressed", "no_address"),
        (2, "email"): ("handed", None),
        (3, "push"): ("suppressed", "nothing_lapses"),
    }
    events = await notifying.events()
    kinds = sorted((each["data"]["member_id"][-1], each["type"].split(".")[3]) for each in events)
    assert kinds == [
        ("1", "queued"), ("1", "queued"), ("1", "sent"), ("1", "suppressed"),
        ("2", "queued"), ("2", "queued"), ("2", "sent"), ("2", "suppressed"),
        ("3", "queued"), ("3", "suppressed"),
    ]  # fmt: skip


async def test_an_event_is_judged_by_the_rules_in_force_at_it(notifying: Notifying) -> None:
    """Whoever takes it in, and whoever sends it, has read them by then, however young they are."""
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await notifying.programme({"notices": []})
    await notifying.people([1], {"email": "m{n}@example.com"})
    sender = Programmes(notifying.pool, notifying.clock)
    await sender.refresh()
    await notifying.programme({"notices": [{"message": "points_credited", "channels": ["email"]}]}, known=False)
    await notifying.hear([_credited(notifying, "early")], "loyalty.points")
    assert await notifying.rows() == [], "as old as the last look, so that nobody looks again"

    notifying.clock.instant += timedelta(seconds=1)
    await notifying.hear([_credited(notifying, "late")], "loyalty.points")
    notifying.programmes = sender
    await notifying.send("email")
    assert [tuple(row) for row in await notifying.rows("occasion, state")] == [("late", "handed")]


async def test_who_joins_is_welcomed_and_told_of_the_way_of_an_order(notifying: Notifying) -> None:
    """In the member's language, by the reward's own title; what only the office does with an order tells nobody."""
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await put_reward(notifying.superuser, (1, 1), parse_reward({**MUG, "reference": "mug"}), 1, "test", NOON)
    told = ("welcome", "order_moved", "reward_in_reach")
    await notifying.programme({"notices": [{"message": name, "channels": ["email"]} for name in told]})
    await notifying.people([1], {"email": "m{n}@example.com"}, language="de")
    now = notifying.clock.now()
    joined = notifying.event("member.joined", 1, {"member_id": UUID(int=1), "enrolled_at": now})
    late = notifying.event("member.joined", 2, {"member_id": UUID(int=2), "enrolled_at": now - timedelta(days=3)})
    await notifying.hear([joined, joined, late], "loyalty.members")
    order = {
        "member_id": UUID(int=1), "order_id": UUID(int=9), "reference": "mug", "reward_kind": "merchandise",
        "category": "home", "quantity": 2, "points": 600,
    }  # fmt: skip
    moves = (("redeemed", "ordered"), ("advanced", "approved"), ("advanced", "shipped"), ("fulfilled", "delivered"))
    await notifying.hear(
        [notifying.event(f"reward.{kind}", 1, {**order, "state": state}, id=state) for kind, state in moves],
        "loyalty.rewards",
    )
    wish = {"member_id": UUID(int=1), "reference": "mug", "points": 300, "spendable": 310}
    await notifying.hear([notifying.event("reward.reached", 1, wish)], "loyalty.rewards")
    await notifying.send("email")
    assert {each.content.title for each in notifying.channels["email"].letters} == {
        "Willkommen bei Acme Club",
        "Ihre Bestellung: Ein Becher",
        "Unterwegs: Ein Becher",
        "Zugestellt: Ein Becher",
        "Jetzt in Reichweite: Ein Becher",
    }
    assert len(await notifying.rows()) == 5


def _credited(notifying: Notifying, name: str) -> bytes:
    now = notifying.clock.now()
    data = {
        "member_id": UUID(int=1), "wallet": "points", "points": 10, "lot": 1, "receipt_source": "/pos/1",
        "receipt_id": name, "earned_at": now, "active_from": now, "programme_version": 1,
    }  # fmt: skip
    return notifying.event("points.credited", 1, data, id=name)
