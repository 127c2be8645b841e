"""Whose the identifiers are that receipts have shown before, who else stands behind a receipt, and what waits for whom.

The first two are learnt from a receipt's story, when receipts and members are locked already: too late for the order of
locks. So nobody waits here. What is busy repeats the batch, which lets go of everything else and begins again in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from libs.lives.life import MemberName
from libs.runtime import sql
from services.earning.store import IdentifierName

_QUERIES = sql.load("services.earning", "owners.sql")


async def lock_owners(
    connection: asyncpg.Connection, identifiers: Sequence[IdentifierName]
) -> dict[IdentifierName, UUID]:
    """Return the member behind each identifier that has one; nobody gets one of the others before the transaction ends.

    They must have been looked up by some batch before: then each has a row to lock.

    Raises:
        asyncpg.SerializationError: somebody else holds one of them; the batch is to be repeated.
    """
    names = set(identifiers)
    found = await connection.fetch(_QUERIES["lock_owners"], *_columns(list(names)))
    if len(found) < len(names):
        raise asyncpg.SerializationError("an identifier that a story shows is locked by somebody else")
    return {tuple(row[:3]): row["member_id"] for row in found if row["member_id"] is not None}


async def lock_late(connection: asyncpg.Connection, members: Sequence[MemberName]) -> None:
    """Lock members of whom only a story tells, as far as there are such.

    Raises:
        asyncpg.SerializationError: somebody else holds one of them; the batch is to be repeated.
    """
    if await connection.fetchval(_QUERIES["lock_late"], *_columns(list(set(members)))):
        raise asyncpg.SerializationError("a member whom a story names is locked by somebody else")


async def unclaimed_of(
    connection: asyncpg.Connection, identifiers: Sequence[IdentifierName]
) -> list[tuple[int, int, UUID]]:
    """Return tenant, programme and key of the receipts that wait for somebody with one of these identifiers."""
    if not identifiers:
        return []
    return [tuple(row) for row in await connection.fetch(_QUERIES["unclaimed"], *_columns(identifiers))]


def _columns(names: Sequence[tuple[int, int, object]]) -> list[list[object]]:
    return [[name[column] for name in names] for column in range(3)]
