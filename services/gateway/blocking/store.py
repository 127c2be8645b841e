"""Blocks as the gateway puts and lifts them, under the row-level security of the caller's tenant."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from libs.blocks import postgres
from libs.blocks.postgres import Block
from services.gateway.store import Member
from services.gateway.tenant_store import tenant_transaction


class Blocks(NamedTuple):
    """Where blocks are put and lifted."""

    pool: asyncpg.Pool

    async def block(self, tenant_id: int, member: Member, now: datetime, by: str, reason: str) -> Block:
        """Block a member, and return the block that stands."""
        async with tenant_transaction(self.pool, tenant_id) as connection:
            scope = (tenant_id, member.programme_id)
            return (await postgres.block(connection, scope, member.member_id, now, by=by, reason=reason))[0]

    async def lift(self, tenant_id: int, member: Member, now: datetime, by: str, note: str | None) -> Block | None:
        """Lift the block of a member; None when there is none."""
        async with tenant_transaction(self.pool, tenant_id) as connection:
            scope = (tenant_id, member.programme_id)
            return await postgres.lift(connection, scope, member.member_id, now, by=by, note=note)

    async def of_member(self, tenant_id: int, member: Member) -> list[Block]:
        """Return the blocks of a member, the last first."""
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            return await postgres.of_member(connection, (tenant_id, member.programme_id), member.member_id)

    async def standing(self, tenant_id: int, programme_id: int) -> list[Block]:
        """Return the blocks that stand in a programme, the last first."""
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            return await postgres.standing(connection, (tenant_id, programme_id))
