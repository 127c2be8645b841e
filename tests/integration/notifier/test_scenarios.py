"""Scenarios on a real database: steps wait for their time, end with the goal, and leave the control group alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.promotions.scenarios import Scenario
from libs.scenarios.reading import load_funnels
from tests.integration.notifier.conftest import BOUNDARY, SEED, Notifying

EARNED = """
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        recorded_at, policy_version, cause)
SELECT 1, 1, $1, 2, 'points', 5, 5, $2, $2, $2, 1, $1
"""
LAST_CHANCE: dict[str, Any] = {
    "name": "last_chance",
    "title": "Come and see us",
    "trigger": {"kind": "before_expiry", "wallet": "points"},
    "goal": "earned",
    "arms": [{"name": "control", "per_mille": 300}, {"name": "told", "per_mille": 700}],
    "steps": [
        {"name": "now", "message": "come_back", "purpose": "service", "channels": ["email"]},
        {"name": "again", "message": "come_back", "purpose": "service", "channels": ["email"], "after_hours": 48},
        {"name": "gold", "message": "come_back", "purpose": "service", "channels": ["email"], "tiers": ["gold"]},
    ],
}


async def test_a_series_ends_with_its_goal(notifying: Notifying) -> None:
    scenario = Scenario.model_validate(LAST_CHANCE)
    everybody = range(1, 41)
    told = [number for number in everybody if scenario.arm_of(UUID(int=number)) == "told"]
    held = [number for number in everybody if number not in told]
    assert 20 <= len(told) < 36
    await notifying.superuser.execute(SEED, len(everybody), BOUNDARY)
    await notifying.programme(scenarios=[LAST_CHANCE])
    await notifying.people(everybody, {"email": "m{n}@example.com"})
    await notifying.hear([notifying.reminder(number) for number in everybody] * 2)
    await notifying.send("email")

    async def stand(step: str) -> dict[tuple[str, str | None], list[int]]:
        rows = await notifying.rows("member_id, state, reason", f"occasion LIKE 'scenario/last_chance/{step}/%'")
        found: dict[tuple[str, str | None], list[int]] = {}
        for row in rows:
            found.setdefault((row["state"], row["reason"]), []).append(row["member_id"].int)
        return found

    assert await stand("now") == {("handed", None): told, ("suppressed", "held_out"): held}
    assert await stand("gold") == {("suppressed", "not_meant"): told, ("suppressed", "held_out"): held}
    assert await stand("again") == {("waiting", None): [*everybody]}
    letters = [each for each in notifying.channels["email"].letters if each.content.title == "Come and see us"]
    assert len(letters) == len(told)

    back, away = told[:5], told[5:]
    for number in back:
        await notifying.superuser.execute(EARNED, UUID(int=number), notifying.clock.now() + timedelta(hours=3))
    notifying.clock.instant += timedelta(hours=49)
    await notifying.send("email")
    assert await stand("again") == {
        ("handed", None): away,
        ("suppressed", "goal_reached"): back,
        ("suppressed", "held_out"): held,
    }
    await notifying.hear([notifying.reminder(number) for number in everybody])
    assert len(await notifying.rows("1", "occasion LIKE 'scenario/%'")) == 3 * len(everybody)

    (found,) = await load_funnels(notifying.superuser, (1, 1), [scenario], notifying.clock.now().date() - timedelta(9))
    assert (found.begun, found.won) == (40, 5)
    assert {arm.name: (arm.begun, arm.won) for arm in found.arms} == {
        "control": (len(held), 0),
        "told": (len(told), 5),
    }
    (_, second, _) = found.steps
    assert second.arms == {
        "control": {"held_out": len(held)},
        "told": {"sent": len(away), "goal_reached": 5, "seen": 0},
    }


async def test_what_happens_twice_at_once_begins_twice(notifying: Notifying) -> None:
    """A step never has more members than the scenario began for: both are counted by what happened."""
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    twice = {**LAST_CHANCE, "arms": [], "goal": None}
    await notifying.programme(scenarios=[twice])
    await notifying.hear([notifying.reminder(1, step="3d"), notifying.reminder(1, step="1d")])
    since = notifying.clock.now().date() - timedelta(9)
    (found,) = await load_funnels(notifying.superuser, (1, 1), [Scenario.model_validate(twice)], since)
    assert (found.begun, [sum(step.all.values()) for step in found.steps]) == (2, [2, 2, 2])


async def test_a_scenario_that_is_paused_sends_nothing_more(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await notifying.programme(scenarios=[{**LAST_CHANCE, "arms": [], "goal": None}])
    await notifying.people([1], {"email": "m{n}@example.com"})
    await notifying.hear([notifying.reminder(1)])
    await notifying.programme(scenarios=[{**LAST_CHANCE, "arms": [], "state": "paused"}])
    await notifying.send("email")
    rows = await notifying.rows("state, reason", "occasion LIKE 'scenario/%/now/%'")
    assert [tuple(row) for row in rows] == [("suppressed", "not_told")]


async def test_months_are_there_as_far_ahead_as_scenarios_plan(notifying: Notifying) -> None:
    """What came before its month was made moves there, whosever it is; nothing stays in the rest."""
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    far = {"name": "year", "message": "come_back", "purpose": "service", "channels": ["email"], "after_hours": 24 * 366}
    await notifying.programme(scenarios=[{**LAST_CHANCE, "arms": [], "goal": None, "steps": [far]}])
    await notifying.hear([notifying.reminder(1)])
    assert await notifying.superuser.fetchval("SELECT count(*) FROM notifier.delivery_rest") == 2, "nobody has looked"
    keeper = notifying.keeper()
    await keeper.look()
    assert keeper.trouble is None
    assert await notifying.superuser.fetchval("SELECT count(*) FROM notifier.delivery_rest") == 0
    lies = "SELECT tableoid::regclass::text, occasion_on FROM notifier.delivery ORDER BY occasion_on"
    assert [row[0] for row in await notifying.superuser.fetch(lies)] == [
        "notifier.delivery_2026_12",
        "notifier.delivery_2028_01",
    ]
    forced = "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname LIKE 'delivery_%' AND relkind = 'r'"
    assert await notifying.superuser.fetchval(forced) is True
    await notifying.programme()
    await keeper.look()
    assert keeper.trouble is None, "fewer are needed, and none goes"
