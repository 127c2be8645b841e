"""All SQL of mass messages in the notifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from libs.mass.counts import Count
from libs.mass.states import State, occasion_of
from libs.mass.wanted import Wanted
from libs.runtime import sql

_QUERIES = sql.load("services.notifier", "mass.sql")
OURS = "pointstream"
"""Who makes those that follow from the programme; they are sent as soon as they are counted."""
Database: TypeAlias = asyncpg.Connection | asyncpg.Pool


class Mass(NamedTuple):
    """A mass message that is under way. `named` says that its members were named one by one."""

    tenant_id: int
    programme_id: int
    mass_id: UUID
    state: State
    wanted: Wanted
    starts_at: datetime | None
    counted: int
    count_after: UUID
    approval_above: int | None
    decided_by: str | None
    begins_at: datetime | None
    laid: int
    lay_after: UUID
    laid_at: datetime | None
    paced_at: datetime | None
    paced_laid: int
    named: bool
    made_by: str

    @property
    def scope(self) -> tuple[int, int]:
        """Tenant and programme."""
        return self.tenant_id, self.programme_id

    @property
    def key(self) -> tuple[int, int, UUID]:
        """Its name, as rows have it."""
        return self.tenant_id, self.programme_id, self.mass_id

    @property
    def occasions(self) -> list[str]:
        """The occasions of its deliveries, one a variant."""
        return _occasions(self.mass_id, self.wanted)


class Known(NamedTuple):
    """How a mass message stands, and what it is."""

    state: State
    wanted: Wanted


async def begin(connection: asyncpg.Connection, now: datetime) -> None:
    """Let those begin whose hour has come, and let go on what was held; call it in a transaction."""
    await connection.execute(_QUERIES["begin"], now)
    for row in await connection.fetch(_QUERIES["pace"], now):
        occasions = _occasions(row["mass_id"], Wanted.model_validate_json(row["wanted"]))
        await connection.execute(_QUERIES["release"], row["tenant_id"], row["programme_id"], occasions, now)


async def under_way(database: Database) -> list[Mass]:
    """Return those that are being counted or sent, the oldest first."""
    rows = await database.fetch(_QUERIES["under_way"])
    return [Mass(**{**row, "wanted": Wanted.model_validate_json(row["wanted"])}) for row in rows]


async def load_known(database: Database, mass_ids: Sequence[UUID]) -> Mapping[tuple[int, int, UUID], Known]:
    """Return mass messages by tenant, programme and id."""
    rows = await database.fetch(_QUERIES["masses"], mass_ids)
    return {
        (row["tenant_id"], row["programme_id"], row["mass_id"]): Known(
            row["state"], Wanted.model_validate_json(row["wanted"])
        )
        for row in rows
    }


async def members_of(database: Database, mass: Mass, after: UUID, most: int) -> list[UUID]:
    """Return whom it is for, behind a member, in the order of their ids."""
    if mass.wanted.everyone:
        rows = await database.fetch(_QUERIES["of_everyone"], *mass.scope, after, most)
    elif mass.wanted.segments:
        rows = await database.fetch(_QUERIES["of_segments"], *mass.scope, after, list(mass.wanted.segments), most)
    else:
        rows = await database.fetch(_QUERIES["of_named"], *mass.scope, after, mass.mass_id, most)
    return [row["member_id"] for row in rows]


async def add_counted(
    connection: asyncpg.Connection,
    mass: Mass,
    members: Sequence[UUID],
    counts: Sequence[Count],
    now: datetime,
    *,
    last: bool,
) -> bool:
    """Add a portion to the count; False when it is not this worker's to add. Call it in a transaction."""
    upto = members[-1] if members else mass.count_after
    added = await connection.fetchval(_QUERIES["counted"], *mass.key, mass.count_after, len(members), upto, last, now)
    if added is not None and counts:
        columns = [list(column) for column in zip(*counts, strict=True)]
        await connection.execute(_QUERIES["add_counts"], *mass.key, *columns)
    return added is not None


async def add_laid(
    connection: asyncpg.Connection, mass: Mass, members: Sequence[UUID], now: datetime, *, last: bool
) -> bool:
    """Say that the deliveries of these members are laid down; False when it is not this worker's to do."""
    upto = members[-1] if members else mass.lay_after
    added = await connection.fetchval(_QUERIES["laid"], *mass.key, mass.lay_after, len(members), upto, last, now)
    return added is not None


async def outgrown(database: Database, mass: Mass) -> None:
    """Let a second person look at it: it is for more members than one may write to."""
    await database.execute(_QUERIES["outgrown"], *mass.key)


async def in_hand(database: Database, mass: Mass, most: int) -> int:
    """Return how many of its deliveries lie before the lanes; counted up to `most`."""
    found: int = await database.fetchval(_QUERIES["in_hand"], *mass.scope, mass.occasions, most)
    return found


async def finish(database: Database, mass: Mass, now: datetime) -> bool:
    """End it if nothing of it is under way any more."""
    return await database.fetchval(_QUERIES["finish"], *mass.key, mass.occasions, now) is not None


def _occasions(mass_id: UUID, wanted: Wanted) -> list[str]:
    return [occasion_of(mass_id, form.name) for form in wanted.forms()]
