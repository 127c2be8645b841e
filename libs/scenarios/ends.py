"""Whether a step of a scenario is still to be taken when its time has come, asked set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from libs.promotions.experiments import CONTROL
from libs.promotions.scenario_steps import Step
from libs.promotions.scenarios import Scenario
from libs.runtime import sql

_QUERIES = sql.load("libs.scenarios", "ends.sql")
Member = tuple[int, int, UUID]
End = Literal["goal_reached", "held_out", "not_meant"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A step under a name of its own, whose it is, and since when; what was done after `until` is not looked at."""

    name: UUID
    member: Member
    scenario: Scenario
    step: Step
    began: datetime
    until: datetime | None = None


async def load_ends(
    connection: asyncpg.Connection, asked: Sequence[Asked], tiers: Mapping[Member, str | None]
) -> Mapping[UUID, End]:
    """Return by name why a step is not taken; those that are taken are not in it."""
    reached: set[UUID] = set()
    for goal in ("earned", "redeemed"):
        rows = [(*each.member, each.began, each.until, each.name) for each in asked if each.scenario.goal == goal]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            reached |= {row["name"] for row in await connection.fetch(_QUERIES[goal], *columns)}
    segments = await load_segments(connection, {each.member for each in asked if each.step.segments})
    found: dict[UUID, End] = {}
    for each in asked:
        step, inside = each.step, segments.get(each.member, frozenset())
        if each.name in reached:
            found[each.name] = "goal_reached"
        elif each.scenario.arm_of(each.member[2]) == CONTROL:
            found[each.name] = "held_out"
        elif (step.tiers and tiers.get(each.member) not in step.tiers) or (
            step.segments and not inside & {*step.segments}
        ):
            found[each.name] = "not_meant"
    return found


async def load_segments(connection: asyncpg.Connection, members: set[Member]) -> dict[Member, frozenset[str]]:
    """Return the segments that members are in; who is in none is not in it."""
    if not members:
        return {}
    columns = [list(column) for column in zip(*sorted(members), strict=True)]
    rows = await connection.fetch(_QUERIES["segments"], *columns)
    return {(row["tenant_id"], row["programme_id"], row["member_id"]): frozenset(row["segments"]) for row in rows}
