"""The gateway's door to the database for what is heard of messages, and for what was captured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.deliveries import own
from libs.deliveries import postgres as deliveries
from libs.deliveries.own import Shown
from libs.deliveries.told import Captured
from libs.runtime.seal import Seal
from services.gateway.tenant_store import tenant_transaction


async def tell(pool: asyncpg.Pool, tenant_id: int, heard: Sequence[deliveries.Heard], now: datetime) -> None:
    """Keep what was heard of messages."""
    if heard:
        async with tenant_transaction(pool, tenant_id) as connection:
            await deliveries.hear(connection, tenant_id, heard, now)


async def captured(
    pool: asyncpg.Pool, tenant_id: int, seal: Seal, *, most: int, channel: str | None = None
) -> list[Captured]:
    """Return what was captured, the newest first."""
    async with tenant_transaction(pool, tenant_id, reading=True) as connection:
        return await deliveries.captured(connection, tenant_id, seal, most=most, channel=channel)


async def letters(
    pool: asyncpg.Pool, scope: tuple[int, int], seal: Seal, span: tuple[datetime, datetime], most: int, behind: int
) -> list[Captured]:
    """Return letters of a programme that were captured from one instant and until another, the newest first."""
    tenant_id, programme_id = scope
    async with tenant_transaction(pool, tenant_id, reading=True) as connection:
        return await deliveries.captured(
            connection, tenant_id, seal, most=most, channel="file", since=span[0], until=span[1], behind=behind,
            programme_id=programme_id,
        )  # fmt: skip


async def one_captured(pool: asyncpg.Pool, tenant_id: int, seal: Seal, delivery_id: UUID) -> Captured | None:
    """Return one message that was captured."""
    async with tenant_transaction(pool, tenant_id, reading=True) as connection:
        found = await deliveries.captured(connection, tenant_id, seal, most=1, delivery_id=delivery_id)
    return found[0] if found else None


async def own_captured(
    pool: asyncpg.Pool, tenant_id: int, seal: Seal, *, most: int, letter_id: UUID | None = None
) -> list[Shown]:
    """Return letters to people of the company that were captured, the newest first, or one."""
    async with tenant_transaction(pool, tenant_id, reading=True) as connection:
        return await own.captured(connection, tenant_id, seal, most=most, letter_id=letter_id)
