"""What more than one store asks of the ledger as a whole, and how what follows from its movements is made again.

Only stores and the command line import this module.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.runtime import sql

_QUERIES = sql.load("libs.ledger")
_REBUILD = sql.load("libs.ledger", "rebuild.sql")


class Equation(NamedTuple):
    """All the points of a wallet that were ever issued, and where they are: `difference` is 0, or something is broken.

    `lapsed` is the part of `active` whose date has passed, and whose expiry is not yet written.
    """

    tenant: str
    programme: str
    wallet: str
    issued: int
    active: int
    pending: int
    held: int
    lapsed: int
    redeemed: int
    expired: int
    reversed: int
    transferred: int
    adjusted: int
    written_off: int
    debt: int
    difference: int


async def conservation(connection: asyncpg.Connection, at: datetime) -> list[Equation]:
    """Return the equation of each wallet of every tenant that the connection may see, as of an instant.

    It reads the whole ledger.
    """
    return [Equation(*row) for row in await connection.fetch(_QUERIES["conservation"], at)]


class MemberKey(NamedTuple):
    """The place of a member in the order in which members are rebuilt."""

    tenant_id: int
    programme_id: int
    member_id: UUID


START = MemberKey(0, 0, UUID(int=0))
"""Before the first member."""


class RebuiltRange(NamedTuple):
    """A range of members that was rebuilt: the last of them, and how many members and movements it has."""

    last: MemberKey
    members: int
    movements: int


async def count_members(connection: asyncpg.Connection) -> int:
    """Return how many members there are to rebuild, of all tenants that the connection may see."""
    return int(await connection.fetchval(_REBUILD["members"]))


async def rebuild(
    connection: asyncpg.Connection, after: MemberKey = START, members: int = 2_000
) -> RebuiltRange | None:
    """Compute again, from the movements alone, all that is stored beside them for the next members `after` a place.

    That is `remaining`, `held`, `pending`, `now_active_from` and `now_expires_at` of lots, the debts, and `seq`,
    `activates_at`, `lapses_at` and `owing` of heads. One call is one transaction, on a connection of the operator or a
    superuser that is in none. It locks the heads as writers do, so workers may run beside it, and writes only what
    differs. Call it with the `last` of the former answer until it answers None; whoever keeps that place may go on from
    there later.

    Raises:
        asyncpg.CheckViolationError: the movements themselves are broken: a lot would have less than nothing left. The
            range stays as it was.
    """
    async with connection.transaction():
        await connection.execute(_REBUILD["settings"])
        found = await connection.fetchrow(_REBUILD["next_range"], *after, members)
        if found is None:
            return None
        last = MemberKey(found["tenant_id"], found["programme_id"], found["member_id"])
        for step in ("lots", "forget_debts", "debts"):
            await connection.execute(_REBUILD[step], *after, *last)
        movements = await connection.fetchval(_REBUILD["heads"], *after, *last)
    return RebuiltRange(last, found["members"], movements)
