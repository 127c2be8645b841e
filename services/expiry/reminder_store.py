"""Expiry's door to the database for reminders: steps that came due, and the chunks in which members are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.runtime import sql
from libs.sweeps.losing import Asked, Loss, TierLoss, losses
from libs.sweeps.reminders import Key, Step
from services.expiry.store import Scope

_QUERIES = sql.load("services.expiry", "reminders.sql")
_PATIENCE = 600.0
"""Seconds for a statement that reads the heads of a whole programme."""


@dataclass(frozen=True, slots=True)
class ReminderChunk:
    """Members of a step behind `after`, up to `last`, as held under `epoch`."""

    tenant_id: int
    programme_id: int
    wallet: str
    boundary: datetime
    step: str
    number: int
    after: UUID
    last: UUID
    epoch: int

    @property
    def key(self) -> tuple[Any, ...]:
        """Its name, as rows have it."""
        return self.tenant_id, self.programme_id, self.wallet, self.boundary, self.step, self.number


class Telling(NamedTuple):
    """What is told of a step, whoever it is told to."""

    tenant: str
    programme: str
    wallet: str
    boundary: datetime
    step: str
    days: int
    due_at: datetime
    local_date: date
    zone: str
    version: int
    worth: tuple[int, int] | None
    asked: Asked


async def known(connection: asyncpg.Connection, scope: Scope, after: datetime) -> set[Key]:
    """Return the steps due behind an instant of which something is written down."""
    return {tuple(row) for row in await connection.fetch(_QUERIES["known"], *scope, after)}


async def start(
    connection: asyncpg.Connection,
    scope: Scope,
    step: Step,
    worth: tuple[int, int] | None,
    size: int,
    now: datetime,
) -> bool:
    """Let a step run: cut the members into chunks of `size`. False when it is there already."""
    members = await connection.fetchval(
        _QUERIES["cut"], *scope, step.wallet, step.boundary, step.name, size, timeout=_PATIENCE
    )
    return await _open(connection, scope, step, worth, "running", now, members)


async def skip(connection: asyncpg.Connection, scope: Scope, step: Step, now: datetime) -> bool:
    """Write a step down as skipped. False when it is there already."""
    return await _open(connection, scope, step, None, "skipped", now, 0)


async def _open(
    connection: asyncpg.Connection,
    scope: Scope,
    step: Step,
    worth: tuple[int, int] | None,
    state: str,
    now: datetime,
    members: int,
) -> bool:
    whom = (step.audience.min_points, list(step.audience.tiers), list(step.audience.segments))
    made = await connection.fetchval(
        _QUERIES["open"], *scope, *step.key, step.days, step.due_at, max(step.since, now), step.local_date, step.zone,
        step.version, *whom, *(worth or (None, None)), state, now, members,
    )  # fmt: skip
    return made is not None


async def end_overtaken(connection: asyncpg.Connection, now: datetime) -> int:
    """Stop what runs though it is of no use any more, and return how many steps that were."""
    return len(await connection.fetch(_QUERIES["end_overtaken"], now))


async def end_told(connection: asyncpg.Connection, now: datetime) -> int:
    """End the steps of which everybody is told, and return how many there were."""
    return len(await connection.fetch(_QUERIES["end_told"], now))


async def running(connection: asyncpg.Connection) -> int:
    """Return how many steps run."""
    return int(await connection.fetchval(_QUERIES["running"]))


async def claim(
    connection: asyncpg.Connection, holder: str, wall: datetime, lease_until: datetime
) -> ReminderChunk | None:
    """Take a chunk that nobody works on; None when there is none."""
    row = await connection.fetchrow(_QUERIES["claim"], holder, wall, lease_until)
    return None if row is None else ReminderChunk(**row)


async def hold(connection: asyncpg.Connection, chunk: ReminderChunk, now: datetime) -> Telling | None:
    """Lock a chunk and return what it is of; None when it is not ours any more, or of no use."""
    row = await connection.fetchrow(_QUERIES["hold"], *chunk.key, chunk.epoch, now)
    if row is None:
        return None
    worth = None if row["worth_points"] is None else (row["worth_points"], row["worth_minor"])
    asked = Asked(chunk.wallet, row["since"], chunk.boundary, row["min_points"], row["tiers"], row["segments"])
    about = (row["days"], row["due_at"], row["local_date"], row["zone"], row["programme_version"])
    return Telling(row["tenant"], row["programme"], chunk.wallet, chunk.boundary, chunk.step, *about, worth, asked)


async def losing(connection: asyncpg.Connection, chunk: ReminderChunk, asked: Asked) -> list[Loss]:
    """Return the members of a chunk to be told, with what they lose."""
    return await losses(connection, (chunk.tenant_id, chunk.programme_id), asked, chunk.after, chunk.last)


async def finish_chunk(connection: asyncpg.Connection, chunk: ReminderChunk, told: Sequence[TierLoss]) -> None:
    """Note that everybody of a chunk is told; its row is locked."""
    sums = orjson.dumps([one._asdict() for one in told]).decode()
    await connection.execute(_QUERIES["finish_chunk"], *chunk.key, sums)
