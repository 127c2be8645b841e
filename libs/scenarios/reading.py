"""How scenarios went, counted in PostgreSQL: for the door and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import asyncpg

from libs.promotions.scenarios import Scenario
from libs.runtime import sql
from libs.scenarios.funnel import Begun, Funnel, Stood, funnel

_QUERIES = sql.load("libs.scenarios", "funnel.sql")


async def load_funnels(
    connection: asyncpg.Connection, scope: tuple[int, int], scenarios: Sequence[Scenario], since: date
) -> list[Funnel]:
    """Count scenarios of a programme exactly, over the steps that came due since a day or will."""
    if not scenarios:
        return []
    stood = [Stood(**row) for row in await connection.fetch(_QUERIES["steps"], *scope, since)]
    goals = [
        [each.name for each in scenarios],
        [each.goal for each in scenarios],
        [each.goal_days for each in scenarios],
    ]
    begun = [Begun(**row) for row in await connection.fetch(_QUERIES["begun"], *scope, since, *goals)]
    return [funnel(each, stood, begun) for each in scenarios]
