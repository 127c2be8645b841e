"""How far the world was told of programmes, and what there is to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from libs.promotions.switches import OF_CAMPAIGNS, switch_name
from libs.promotions.turns import Outage
from libs.runtime import sql

_QUERIES = sql.load("services.earning", "herald.sql")

Key = tuple[int, int]
"""Tenant and programme, as rows name them."""


class Told(NamedTuple):
    """The last version of a programme that was told of, and up to when its starts and stops were; None: not at all."""

    version: int = 0
    until: datetime | None = None


class Untold(NamedTuple):
    """A version that nobody was told of."""

    version: int
    active_from: datetime
    hash: str
    recorded_at: datetime
    restores: int | None


class News(NamedTuple):
    """All that there may be to tell, by programme."""

    told: dict[Key, Told]
    untold: dict[Key, list[Untold]]
    outages: dict[Key, tuple[Outage, ...]]


class Reached(NamedTuple):
    """A share of a limit that is used by now: of which counter, how many percent, of how much, and how much it was."""

    tenant_id: int
    programme_id: int
    key: str
    share: int
    most: int
    used: int
    reached_at: datetime


async def load_reached(connection: asyncpg.Connection, most: int) -> list[Reached]:
    """Return what of limits was reached and nobody was told of, the first reached first."""
    return [Reached(*row) for row in await connection.fetch(_QUERIES["reached"], most)]


async def save_reached(connection: asyncpg.Connection, now: datetime, told: Sequence[Reached]) -> None:
    """Remember that the world was told of limits."""
    columns = [[one[column] for one in told] for column in range(5)]
    await connection.execute(_QUERIES["reached_told"], now, *columns)


async def load_news(connection: asyncpg.Connection) -> News:
    """Return what was told, versions that were not, and the switches that were turned since or are off."""
    told = {tuple(row[:2]): Told(*row[2:]) for row in await connection.fetch(_QUERIES["told"])}
    news = News(told, {}, {})
    for row in await connection.fetch(_QUERIES["untold"]):
        news.untold.setdefault(tuple(row[:2]), []).append(Untold(*row[2:]))
    for tenant, programme, kind, value, off_at, on_at in await connection.fetch(_QUERIES["outages"], OF_CAMPAIGNS):
        outage = Outage(switch_name(kind, value), off_at, on_at)
        news.outages[tenant, programme] = (*news.outages.get((tenant, programme), ()), outage)
    return news


async def save_told(connection: asyncpg.Connection, key: Key, told: Told) -> None:
    """Remember how far the world was told of a programme."""
    await connection.execute(_QUERIES["tell"], *key, *told)
