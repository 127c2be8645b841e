"""Carts as earning buys them for receipts, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.runtime import sql
from services.earning.carts import Became

_QUERIES = sql.load("services.earning", "carts.sql")


async def buy(
    connection: asyncpg.Connection, wanted: Sequence[tuple[int, UUID, UUID | None]], now: datetime
) -> list[Became]:
    """Buy carts for their receipts, in order; each by tenant, cart and the member whose receipt it is, if known.

    The transaction holds these members. A cart is bought once, here or by nobody.
    """
    columns = [list(column) for column in zip(*wanted, strict=True)]
    return [Became(row["became"], row["whose"]) for row in await connection.fetch(_QUERIES["buy"], *columns, now)]
