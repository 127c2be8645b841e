"""Whether a step of a scenario is still to be taken when its time has come, asked set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.promotions.experiments import CONTROL
from libs.promotions.scenarios import Scenario, Step
from libs.runtime import sql
from services.notifier.deliveries import Delivery
from services.notifier.domain import Untrue
from services.notifier.scenarios import BEGAN
from services.notifier.truth import Standing

_QUERIES = sql.load("services.notifier", "goals.sql")


@dataclass(frozen=True, slots=True)
class Asked:
    """A delivery that is a step of a scenario."""

    delivery: Delivery
    scenario: Scenario
    step: Step


async def load_ends(
    connection: asyncpg.Connection, asked: Sequence[Asked], standing: Standing
) -> Mapping[UUID, Untrue]:
    """Return by delivery why a step is not taken; those that are taken are not in it."""
    reached: set[UUID] = set()
    for goal in ("earned", "redeemed"):
        rows = [
            (*each.delivery.member, datetime.fromisoformat(each.delivery.facts[BEGAN]), each.delivery.delivery_id)
            for each in asked
            if each.scenario.goal == goal
        ]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            reached |= {row["delivery_id"] for row in await connection.fetch(_QUERIES[goal], *columns)}
    segments = await _segments(connection, [each.delivery for each in asked if each.step.segments])
    found: dict[UUID, Untrue] = {}
    for each in asked:
        delivery, step = each.delivery, each.step
        tier = standing.tiers.get(delivery.member)
        if delivery.delivery_id in reached:
            found[delivery.delivery_id] = Untrue("goal_reached")
        elif each.scenario.arm_of(delivery.member_id) == CONTROL:
            found[delivery.delivery_id] = Untrue("held_out")
        elif (step.tiers and tier not in step.tiers) or (
            step.segments and not segments.get(delivery.delivery_id, frozenset()) & {*step.segments}
        ):
            found[delivery.delivery_id] = Untrue("not_meant")
    return found


async def _segments(connection: asyncpg.Connection, deliveries: Sequence[Delivery]) -> dict[UUID, frozenset[str]]:
    if not deliveries:
        return {}
    columns = [list(column) for column in zip(*[(*each.member, each.delivery_id) for each in deliveries], strict=True)]
    rows = await connection.fetch(_QUERIES["segments"], *columns)
    return {row["delivery_id"]: frozenset(row["segments"]) for row in rows}
