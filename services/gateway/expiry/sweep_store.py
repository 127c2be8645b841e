"""Where what people want of sweeps is written."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import asyncpg

from services.gateway.tenant_store import tenant_transaction


@dataclass(frozen=True, slots=True)
class SweepStore:
    """The gateway's way to write to sweeps."""

    pool: asyncpg.Pool

    def writing(self, tenant_id: int) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """Open one transaction that sees this tenant alone.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        return tenant_transaction(self.pool, tenant_id)
