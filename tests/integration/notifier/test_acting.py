"""Steps of scenarios that are no messages, on a real database: they wait, are asked for once, and end with the goal."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord

from libs.promotions.scenarios import Scenario
from libs.runtime import sql
from libs.scenarios.reading import load_funnels
from services.notifier.acting.doer import Doer
from services.notifier.programmes import Programmes
from tests.integration.notifier.conftest import BOUNDARY, SEED, Notifying
from tests.integration.notifier.test_scenarios import EARNED

GIFTS: dict[str, Any] = {
    "name": "gifts",
    "trigger": {"kind": "activity", "activity": "review"},
    "goal": "earned",
    "arms": [{"name": "control", "per_mille": 300}, {"name": "given", "per_mille": 700}],
    "steps": [
        {"name": "points", "points": {"points": 50}},
        {"name": "cake", "reward": {"reference": "cake"}, "after_hours": 24},
        {"name": "tell", "webhook": {"data": {"wave": 1}}, "tiers": ["gold"]},
        {"name": "mark", "tag": {"attribute": "reviewer"}},
    ],
}


def doer(notifying: Notifying) -> Doer:
    return Doer(notifying.pool, notifying.programmes, notifying.clock, notifying.metrics, lambda shards: None)


def review(notifying: Notifying, number: int, **more: Any) -> bytes:
    data = {
        "activity_source": "/acme/app", "activity_id": f"r{number}", "activity": "review",
        "member_id": UUID(int=number), "outcome": "no_points", "points": 0, "campaigns": [], **more,
    }  # fmt: skip
    return notifying.event("activity.evaluated", number, data)


async def stand(notifying: Notifying) -> Counter[tuple[str, str, str | None]]:
    rows = await notifying.superuser.fetch("SELECT step, state, reason FROM notifier.scenario_act")
    return Counter((row["step"], row["state"], row["reason"]) for row in rows)


async def test_steps_are_taken_once_and_end_with_the_goal(notifying: Notifying) -> None:
    everybody = range(1, 41)
    arms = [Scenario.model_validate(GIFTS).arm_of(UUID(int=number)) for number in everybody]
    given, held = arms.count("given"), arms.count("control")
    await notifying.superuser.execute(SEED, len(everybody), BOUNDARY)
    await notifying.superuser.execute("UPDATE ledger.member SET tier = 'gold' WHERE spread <= 20")
    await notifying.programme(scenarios=[GIFTS])
    reviews = [review(notifying, number) for number in everybody]
    await notifying.hear([*reviews, *reviews], "loyalty.points")
    await notifying.hear([review(notifying, 1, outcome="refused")], "loyalty.points")
    await doer(notifying).look()
    gold = arms[:20].count("given")
    assert await stand(notifying) == {
        ("points", "done", None): given, ("points", "dropped", "held_out"): held,
        ("mark", "done", None): given, ("mark", "dropped", "held_out"): held,
        ("tell", "done", None): gold, ("tell", "dropped", "not_meant"): given - gold,
        ("tell", "dropped", "held_out"): held, ("cake", "waiting", None): 40,
    }  # fmt: skip
    assert len(await notifying.events("loyalty.activities")) == given
    assert len(await notifying.events("loyalty.profiles")) == given
    acted = [each["data"] for each in await notifying.events()]
    assert Counter(each["action"] for each in acted) == {"points": given, "tag": given, "webhook": gold}
    assert {each["arm"] for each in acted} == {"given"}

    back = [number for number, arm in zip(everybody, arms, strict=True) if arm == "given"][:5]
    for number in back:
        await notifying.superuser.execute(EARNED, UUID(int=number), notifying.clock.now() + timedelta(hours=3))
    notifying.clock.instant += timedelta(hours=25)
    await notifying.hear(reviews, "loyalty.points")
    await doer(notifying).look()
    found = await stand(notifying)
    assert {state: count for state, count in found.items() if state[0] == "cake"} == {
        ("cake", "done", None): given - 5,
        ("cake", "dropped", "goal_reached"): 5,
        ("cake", "dropped", "held_out"): held,
    }
    rewards = [each["data"] for each in await notifying.events("loyalty.rewards")]
    assert {(each["reference"], each["campaign"]) for each in rewards} == {("cake", "scenario:gifts")}
    assert len(rewards) == given - 5
    gifts = [Scenario.model_validate(GIFTS)]
    (counted,) = await load_funnels(notifying.superuser, (1, 1), gifts, notifying.clock.now().date() - timedelta(9))
    assert (counted.begun, counted.won) == (40, 5)
    assert counted.steps[0].all == {"sent": given, "held_out": held}


@pytest.mark.parametrize("why", ["too_late", "not_told", "member_left"])
async def test_what_makes_no_sense_any_more_is_left(notifying: Notifying, why: str) -> None:
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    scenario = {**GIFTS, "arms": [], "steps": [{"name": "points", "points": {"points": 50}, "after_hours": 24}]}
    await notifying.programme(scenarios=[scenario])
    await notifying.hear([review(notifying, 1)], "loyalty.points")
    if why == "not_told":
        await notifying.programme(scenarios=[{**scenario, "state": "paused"}])
    if why == "member_left":
        await notifying.superuser.execute("UPDATE ledger.member SET merged = true")
    notifying.clock.instant += timedelta(hours=24 + (72 if why == "too_late" else 1))
    await doer(notifying).look()
    assert await stand(notifying) == {("points", "dropped", why): 1}
    assert await notifying.events("loyalty.activities") == []


async def test_a_worker_that_does_not_know_a_scenario_yet_looks_again(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await notifying.programme()
    other = Programmes(notifying.pool, notifying.clock)
    await other.refresh()
    await notifying.programme(scenarios=[{**GIFTS, "arms": [], "steps": GIFTS["steps"][:1]}])
    await notifying.hear([review(notifying, 1)], "loyalty.points")
    await Doer(notifying.pool, other, notifying.clock, notifying.metrics, lambda shards: None).look()
    assert await stand(notifying) == {("points", "done", None): 1}


async def test_two_workers_take_different_steps(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 3, BOUNDARY)
    await notifying.programme(scenarios=[{**GIFTS, "arms": [], "steps": GIFTS["steps"][:1]}])
    await notifying.hear([review(notifying, number) for number in (1, 2, 3)], "loyalty.points")
    async with notifying.pool.acquire() as other, other.transaction():
        held = await other.fetch("SELECT FROM notifier.scenario_act WHERE member_id = $1 FOR UPDATE", UUID(int=2))
        assert len(held) == 1
        assert await doer(notifying).work() == 2
    assert await doer(notifying).work() == 1
    assert len(await notifying.events("loyalty.activities")) == 3


async def test_what_waits_is_found_by_an_index(notifying: Notifying) -> None:
    """However much waits: the plan reads the steps that are due in their order, and sorts nothing."""
    query = sql.load("services.notifier", "acting.sql")["due"]
    await notifying.superuser.execute("SET enable_seqscan = off")
    rows = await notifying.superuser.fetch(f"EXPLAIN {query}", notifying.clock.now(), 500)
    plan = "\n".join(row[0] for row in rows)
    assert "due_at_idx" in plan
    assert "Sort" not in plan


async def test_what_only_scenarios_wait_for_is_read_once_one_does(notifying: Notifying) -> None:
    """By the header alone, as long as no programme has such a scenario; a version that is news counts at once."""
    kind = [("ce_type", b"org.pointstream.activity.evaluated.v1")]
    records = [
        ConsumerRecord("loyalty.points", 0, at, 1_700_000_000_000, 0, b"k", value, None, 0, 0, kind)
        for at, value in enumerate([review(notifying, 1), b"no event at all"])
    ]
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await notifying.programme()
    await notifying.intake.take("loyalty.points", records)
    outcomes = ("not_told", "rejected", "queued")
    seen = [notifying.metrics.events.labels("loyalty.points", each)._value.get() for each in outcomes]
    assert seen == [2, 0, 0]
    notifying.clock.instant += timedelta(seconds=1)
    await notifying.programme(scenarios=[GIFTS], known=False)
    await notifying.intake.take("loyalty.points", records[:1])
    assert sum((await stand(notifying)).values()) == len(GIFTS["steps"])
