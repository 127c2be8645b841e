"""Steps of scenarios that are no messages, in the database: planned, taken when due, settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from libs.runtime import sql
from libs.scenarios.planning import Act
from services.notifier.acting.orders import Due

_QUERIES = sql.load("services.notifier", "acting.sql")
Scope = tuple[int, int]


async def plan(connection: asyncpg.Connection, acts: Sequence[tuple[Scope, Act]]) -> int:
    """Store steps that wait; those that were there before stay as they are. Returns how many are new."""
    if not acts:
        return 0
    rows = [
        (*scope, act.occasion.member_id, act.occasion.occasion, act.occasion.on, act.scenario.name, act.step.name,
         act.step.action, act.arm, act.began, act.due_at, act.occasion.useful_until)
        for scope, act in acts
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)]
    return len(await connection.fetch(_QUERIES["plan"], *columns))


async def due(connection: asyncpg.Connection, now: datetime, most: int) -> list[tuple[Due, asyncpg.Record]]:
    """Take steps that are due, those that wait for longest first; nobody else has them until the transaction ends."""
    rows = await connection.fetch(_QUERIES["due"], now, most)
    return [(Due(**{name: row[name] for name in Due.__slots__}), row) for row in rows]


async def settle(
    connection: asyncpg.Connection, settled: Sequence[tuple[asyncpg.Record, str | None]], now: datetime
) -> None:
    """Store what became of them: done, or dropped for a reason."""
    rows = [
        (row["tenant_id"], row["programme_id"], row["member_id"], row["occasion"], row["occasion_on"], reason)
        for row, reason in settled
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(_QUERIES["settle"], *columns, now)


async def oldest(pool: asyncpg.Pool, now: datetime) -> float:
    """Return for how many seconds the oldest step that is due has waited; 0 when none is."""
    return float(await pool.fetchval(_QUERIES["oldest"], now))
