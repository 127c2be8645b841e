"""What the members of an experiment's arms did, counted by PostgreSQL from their days.

Only stores and the command line import this module.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import asyncpg

from libs.experiments.results import Done, Results, counted_until, results
from libs.history.counted import business_day
from libs.history.days import DISCOUNTS, GIFT, WALLET
from libs.promotions.experiments import Experiment
from libs.runtime import sql

_QUERIES = sql.load("libs.experiments", "results.sql")


async def load_results(
    connection: asyncpg.Connection, scope: tuple[int, int], experiment: Experiment, zone: ZoneInfo, now: datetime
) -> Results:
    """Count what the members of each arm did up to `now`; `scope` is tenant and programme."""
    today = business_day(now, zone)
    until = counted_until(experiment, today)
    done = {} if until is None else await _count(connection, scope, experiment, until, now)
    return results(experiment, today, done)


async def _count(
    connection: asyncpg.Connection, scope: tuple[int, int], experiment: Experiment, until: date, now: datetime
) -> dict[str, Done]:
    borders = [0, *experiment.ends[:-1]]
    asked = *scope, experiment.first_day, until, borders, experiment.name
    given: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in await connection.fetch(_QUERIES["given"], *asked):
        given[row["arm"]][row["what"]] = row["much"]
    found = {}
    for row in await connection.fetch(_QUERIES["arms"], *asked, now):
        found[experiment.arms[row["arm"] - 1].name] = Done(
            row["members"],
            row["seen"],
            row["buyers"],
            row["purchases"],
            row["spend_minor"],
            int(row["spend_squares"]),
            _beginning(given[row["arm"]], WALLET),
            given[row["arm"]].get(DISCOUNTS, 0),
            _beginning(given[row["arm"]], GIFT),
        )
    return found


def _beginning(given: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): much for name, much in given.items() if name.startswith(prefix) and much}
