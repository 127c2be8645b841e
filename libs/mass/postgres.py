"""Mass messages in PostgreSQL, for whoever makes, looks at and steers them. Only stores and commands import this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.mass.counts import Became, Count
from libs.mass.states import ALLOWED, DONE, Action, State, after_go_ahead, after_sending, named_in, occasion_of
from libs.mass.wanted import Wanted
from libs.runtime import sql

_QUERIES = sql.load("libs.mass", "mass.sql")
_PATIENCE = 120.0
"""Seconds for what asks about many members."""
MOST_MEMBERS = 100_000
"""How many members may be named one by one."""

Scope = tuple[int, int]
Steered = Literal["done", "own", "otherwise", "unknown"]


class NameTaken(ValueError):
    """The name stands for another mass message."""


class Seen(NamedTuple):
    """A mass message as it stands. `named` is how many members were named one by one."""

    programme_id: int
    mass_id: UUID
    programme: str
    name: str
    wanted: Wanted
    state: State
    made_by: str
    made_at: datetime
    counted: int
    counted_at: datetime | None
    members: int | None
    starts_at: datetime | None
    sent_by: str | None
    sent_at: datetime | None
    approval_above: int | None
    decided_by: str | None
    decided_at: datetime | None
    begins_at: datetime | None
    laid: int
    laid_at: datetime | None
    ended_at: datetime | None
    named: int


async def is_known(connection: asyncpg.Connection, scope: Scope, mass_id: UUID, digest: bytes) -> bool:
    """Whether it was made before; `digest` tells a repeat from another one.

    Raises:
        NameTaken: the id stands for another one.
    """
    known = await connection.fetchrow(_QUERIES["known"], scope[0], mass_id)
    if known is not None and (known["programme_id"], bytes(known["digest"])) != (scope[1], digest):
        raise NameTaken("the name stands for another mass message")
    return known is not None


async def make(
    connection: asyncpg.Connection,
    scope: Scope,
    named: tuple[UUID, bytes],
    wanted: Wanted,
    members: Sequence[UUID],
    by: str,
    now: datetime,
) -> None:
    """Store a mass message by its id and digest, unless it is there; the notifier counts it. Call it in a transaction.

    Raises:
        NameTaken: the id stands for another one.
    """
    mass_id, digest = named
    document = orjson.dumps(wanted.model_dump(mode="json", exclude_defaults=True)).decode()
    made = await connection.fetchval(
        _QUERIES["make"], *scope, mass_id, digest, wanted.name, document, wanted.starts_at, by, now
    )
    if made is None:
        await is_known(connection, scope, mass_id, digest)
    elif members:
        await connection.execute(_QUERIES["name_members"], *scope, mass_id, list(members), timeout=_PATIENCE)


async def load(
    connection: asyncpg.Connection,
    tenant_id: int,
    programme_id: int | None = None,
    *,
    before: tuple[datetime, UUID] | None = None,
    most: int = 50,
) -> list[Seen]:
    """Return mass messages, the newest first; those behind an instant and an id."""
    rows = await connection.fetch(_QUERIES["load"], tenant_id, programme_id, *(before or (None, None)), None, most)
    return [_seen(row) for row in rows]


async def load_one(connection: asyncpg.Connection, tenant_id: int, mass_id: UUID) -> Seen | None:
    """Return one by its id."""
    row = await connection.fetchrow(_QUERIES["load"], tenant_id, None, None, None, mass_id, 1)
    return None if row is None else _seen(row)


async def counts(connection: asyncpg.Connection, scope: Scope, mass_id: UUID) -> list[Count]:
    """Return what was found for members when they were counted."""
    return [Count(*row) for row in await connection.fetch(_QUERIES["counts"], *scope, mass_id)]


async def became(connection: asyncpg.Connection, tenant_id: int, seen: Seen) -> list[Became]:
    """Return how its deliveries stand."""
    occasions = [occasion_of(seen.mass_id, form.name) for form in seen.wanted.forms()]
    rows = await connection.fetch(_QUERIES["became"], tenant_id, seen.programme_id, occasions, timeout=_PATIENCE)
    found = []
    for occasion, *others in rows:
        named = named_in(occasion)
        assert named is not None
        found.append(Became(named[1], *others))
    return found


async def steer(
    connection: asyncpg.Connection,
    scope: Scope,
    mass_id: UUID,
    action: Action,
    by: str,
    now: datetime,
    approval_above: int | None = None,
) -> Steered:
    """Do something with a mass message; asking again for what is done changes nothing. Call it in a transaction.

    `approval_above` is the programme's bound at present, for `send`. Who sent one does not approve it (`own`).
    """
    found = await connection.fetchrow(_QUERIES["lock"], *scope, mass_id)
    if found is None:
        return "unknown"
    if found["state"] not in ALLOWED[action]:
        return "done" if found["state"] in DONE[action] else "otherwise"
    name = (*scope, mass_id)
    if action == "send":
        state = after_sending(found["members"], approval_above, found["starts_at"], now)
        await connection.execute(_QUERIES["sent"], *name, state, by, now, approval_above)
    elif action in ("approve", "refuse"):
        if found["sent_by"] == by:
            return "own"
        state = after_go_ahead(found["starts_at"], now) if action == "approve" else "refused"
        await connection.execute(_QUERIES["decided"], *name, state, by, now)
    elif action == "count":
        await connection.execute(_QUERIES["forget_counts"], *name)
        await connection.execute(_QUERIES["recount"], *name)
    else:
        states = {"pause": "paused", "resume": after_go_ahead(found["starts_at"], now), "cancel": "cancelled"}
        await connection.execute(_QUERIES["steered"], *name, states[action], now)
    return "done"


def _seen(row: asyncpg.Record) -> Seen:
    return Seen(**{**row, "wanted": Wanted.model_validate_json(row["wanted"])})
