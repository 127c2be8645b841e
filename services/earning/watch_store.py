"""What a worker says of what it judges by, for whoever waits until a new version is in force everywhere."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from libs.judging.postgres import Digests
from libs.runtime import sql

_QUERIES = sql.load("services.earning", "watch.sql")


async def say_loaded(connection: asyncpg.Connection, instance: str, loaded: Digests, wall: datetime) -> None:
    """Tell whoever waits for it what this worker judges by; `wall` is what the machine's clock shows."""
    await connection.execute(_QUERIES["say_loaded"], instance, *loaded, wall)
