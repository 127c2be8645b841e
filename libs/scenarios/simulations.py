"""Scenarios that somebody asks to be tried on what happened. Only stores and desks import this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.promotions.scenarios import Scenario
from libs.runtime import sql

_QUERIES = sql.load("libs.scenarios", "simulations.sql")
MOST_OPEN = 5
"""Of a company at once: each reads the events of its days."""
State = Literal["waiting", "running", "done", "failed"]


class Simulation(NamedTuple):
    """A trial: of which days, how it stands, and how scenarios would have gone, by language; None until it is done."""

    simulation_id: UUID
    programme_id: int
    programme: str
    days: int
    state: State
    result: Mapping[str, Sequence[Mapping[str, Any]]] | None
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


async def ask(
    connection: asyncpg.Connection,
    scope: tuple[int, int],
    simulation_id: UUID,
    days: int,
    scenarios: Sequence[Scenario],
    by: str,
    now: datetime,
) -> bool:
    """Ask for scenarios to be tried on the last days; False while too many of the company wait.

    Call it in a transaction: whoever asks at once is counted one after the other.
    """
    await connection.execute(_QUERIES["one_by_one"], scope[0])
    documents = orjson.dumps([each.model_dump(mode="json", exclude_none=True) for each in scenarios]).decode()
    asked = (scope[0], simulation_id, scope[1], days, documents, by, now, MOST_OPEN)
    return await connection.fetchval(_QUERIES["ask"], *asked) is not None


async def newest(connection: asyncpg.Connection, tenant_id: int, most: int) -> list[Simulation]:
    """Return the trials of a company, the newest first."""
    return [_simulation(row) for row in await connection.fetch(_QUERIES["newest"], tenant_id, None, most)]


async def one(connection: asyncpg.Connection, tenant_id: int, simulation_id: UUID) -> Simulation | None:
    """Return one of them."""
    row = await connection.fetchrow(_QUERIES["newest"], tenant_id, simulation_id, 1)
    return None if row is None else _simulation(row)


def _simulation(row: asyncpg.Record) -> Simulation:
    plain = dict(row)
    result = plain.pop("result")
    return Simulation(**plain, result=None if result is None else orjson.loads(result))
