"""Whose the identifiers are that receipts have shown before."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from libs.runtime import sql
from services.earning.store import IdentifierName

_QUERIES = sql.load("services.earning", "owners.sql")


async def lock_owners(
    connection: asyncpg.Connection, identifiers: Sequence[IdentifierName]
) -> dict[IdentifierName, UUID]:
    """Return the member behind each identifier that has one; nobody gets one of the others before the transaction ends.

    They must have been looked up by some batch before: then each has a row to lock.
    """
    names = sorted(set(identifiers))
    columns = [[name[column] for name in names] for column in range(3)]
    found = await connection.fetch(_QUERIES["lock_owners"], *columns)
    return {tuple(row[:3]): row["member_id"] for row in found if row["member_id"] is not None}
