"""Who belongs to households, in PostgreSQL."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.lives.life import MemberName
from libs.runtime import sql
from services.redemption.households.membership import Roster, Seat, changes

_QUERIES = sql.load("services.redemption", "households.sql")


class Kept(NamedTuple):
    """A household as it is kept, with its programme."""

    programme_id: int
    roster: Roster


async def load(connection: asyncpg.Connection, tenant_id: int, household_id: UUID, *, lock: bool) -> Kept | None:
    """Return a household of the tenant; with `lock` it is this transaction's until its end."""
    row = await connection.fetchrow(_QUERIES["lock_roster" if lock else "roster"], tenant_id, household_id)
    if row is None:
        return None
    seats = await connection.fetch(_QUERIES["seats"], tenant_id, household_id)
    roster = Roster(household_id, row["founded_at"], tuple(Seat(**dict(each)) for each in seats), row["dissolved_at"])
    return Kept(row["programme_id"], roster)


async def belongs_to(connection: asyncpg.Connection, name: MemberName) -> UUID | None:
    """Return the household that a member belongs to."""
    found: UUID | None = await connection.fetchval(_QUERIES["belongs"], *name)
    return found


async def invitations(connection: asyncpg.Connection, name: MemberName) -> list[asyncpg.Record]:
    """Return the invitations that wait for a member's word."""
    return list(await connection.fetch(_QUERIES["invitations"], *name))


async def save(connection: asyncpg.Connection, tenant_id: int, before: Kept | None, after: Kept) -> None:
    """Save a household as it is now.

    Raises:
        asyncpg.UniqueViolationError: somebody belongs to another household since.
    """
    one = after.roster
    if before is None or before.roster.dissolved_at != one.dissolved_at:
        await connection.execute(
            _QUERIES["save_household"], tenant_id, one.household_id, after.programme_id, one.founded_at,
            one.dissolved_at,
        )  # fmt: skip
    for _, seat in changes(None if before is None else before.roster, one):
        await connection.execute(
            _QUERIES["save_seat"], tenant_id, after.programme_id, seat.named, one.household_id, seat.invited_at,
            seat.role, seat.state, seat.invited_by, seat.answered_at, seat.ended_at,
        )  # fmt: skip
