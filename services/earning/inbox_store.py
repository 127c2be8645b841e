"""What the inbox holds under ids that are in dispute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from libs.runtime import sql

_QUERIES = sql.load("services.earning", "inbox.sql")


async def body_hashes(
    connection: asyncpg.Connection, names: Sequence[tuple[int, UUID]]
) -> Mapping[tuple[int, UUID], int]:
    """Return the digest of the body that was taken in first under each id, given as (tenant, event key)."""
    tenants, keys = [tenant for tenant, _ in names], [key for _, key in names]
    rows = await connection.fetch(_QUERIES["body_hashes"], tenants, keys)
    return {(row["tenant_id"], row["event_key"]): row["body_hash"] for row in rows}
