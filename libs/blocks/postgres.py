"""Blocks in PostgreSQL: put, lifted, listed, where the tenant is seen. Only stores and commands import it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.runtime import sql

_QUERIES = sql.load("libs.blocks", "blocks.sql")
Scope = tuple[int, int]
"""Tenant and programme."""
MOST_SHOWN = 1_000


class Block(NamedTuple):
    """A block of a member, the how manieth it is, and who lifted it with what note, if anybody did."""

    member_id: UUID
    number: int
    reason: str
    blocked_at: datetime
    blocked_by: str
    lifted_at: datetime | None
    lifted_by: str | None
    note: str | None

    @property
    def stands(self) -> bool:
        """Whether it has not been lifted."""
        return self.lifted_at is None


async def block(
    connection: asyncpg.Connection, scope: Scope, member_id: UUID, now: datetime, *, by: str, reason: str
) -> tuple[Block, bool]:
    """Block a member; return the block that stands, and whether it is this one."""
    row = await connection.fetchrow(_QUERIES["block"], *scope, member_id, reason, now, by)
    if row is not None:
        return Block(**row), True
    return (await of_member(connection, scope, member_id))[0], False


async def lift(
    connection: asyncpg.Connection, scope: Scope, member_id: UUID, now: datetime, *, by: str, note: str | None
) -> Block | None:
    """Lift the block of a member; None when nobody has put one."""
    row = await connection.fetchrow(_QUERIES["lift"], *scope, member_id, now, by, note)
    return None if row is None else Block(**row)


async def of_member(connection: asyncpg.Connection, scope: Scope, member_id: UUID) -> list[Block]:
    """Return all blocks of a member, the last first."""
    return [Block(**row) for row in await connection.fetch(_QUERIES["of_member"], *scope, member_id)]


async def standing(connection: asyncpg.Connection, scope: Scope, most: int = MOST_SHOWN) -> list[Block]:
    """Return the blocks that stand in a programme, the last first."""
    return [Block(**row) for row in await connection.fetch(_QUERIES["standing"], *scope, most)]
