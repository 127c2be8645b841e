"""Exchange rates in PostgreSQL: added, never changed. A correction is a later version from the same instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.runtime import sql

_QUERIES = sql.load("libs.programmes")


@dataclass(frozen=True, slots=True)
class Rate:
    """From `valid_from` on, one unit of `currency` is worth `rate_e9` billionths of the programme's."""

    currency: str
    rate_e9: int
    valid_from: datetime


async def add_rates(
    connection: asyncpg.Connection, key: tuple[int, int], rates: Sequence[Rate], now: datetime
) -> list[asyncpg.Record]:
    """Add what is not in force already from the same instant; return what was added, with its versions.

    In the caller's transaction, which is alone with the programme (`libs.programmes.postgres.publishing`), for versions
    are numbered without a gap.
    """
    columns = ([rate.currency for rate in rates], [rate.rate_e9 for rate in rates], [rate.valid_from for rate in rates])
    return list(await connection.fetch(_QUERIES["add_rates"], *key, *columns, now))
