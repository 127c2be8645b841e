"""The look at the books that the conservation equation is measured by."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from libs.ledger.postgres import Equation, conservation

__all__ = ["Equation"]


async def load_conservation(connection: asyncpg.Connection, now: datetime) -> list[Equation]:
    """Return the conservation equation of every wallet of every tenant."""
    return await conservation(connection, now)
