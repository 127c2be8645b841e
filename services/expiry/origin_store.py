"""Expiry's door to the database for where lots came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.runtime import sql
from libs.sweeps.origins import Mix, Place
from services.expiry.store import Scope

_QUERIES = sql.load("services.expiry", "origins.sql")
_PATIENCE = 600.0
"""Seconds for a statement that may read the heads of a whole programme."""


class Fresh(NamedTuple):
    """A lot of which it is not kept where it came from: what earned it, and the page that tells."""

    member_id: UUID
    lot: int
    wallet: str
    cause: UUID
    page: int | None


class Traced(NamedTuple):
    """A lot, and where it came from."""

    member_id: UUID
    lot: int
    place: int
    where: Place
    mix: int
    campaigns: Mix


async def be_patient(connection: asyncpg.Connection) -> None:
    """Let a transaction be idle for longer than is usual, up to its end."""
    await connection.execute(_QUERIES["patience"])


async def behind(connection: asyncpg.Connection, scope: Scope, after: UUID, most: int) -> dict[UUID, int]:
    """Return members behind `after` to whom something happened since, each with its last movement; in order."""
    return dict(await connection.fetch(_QUERIES["behind"], *scope, after, most, timeout=_PATIENCE))


async def fresh_lots(connection: asyncpg.Connection, scope: Scope, members: Sequence[UUID]) -> list[Fresh]:
    """Return the lots of some members that have something left, and of which it is not kept where they came from."""
    return [Fresh(*row) for row in await connection.fetch(_QUERIES["fresh"], *scope, members)]


async def keep(
    connection: asyncpg.Connection, scope: Scope, members: Mapping[UUID, int], traced: Sequence[Traced]
) -> None:
    """Keep where lots of some members came from, up to a movement of each; what has nothing left is forgotten."""
    places = {each.place: each.where for each in traced}
    mixes = {each.mix: each.campaigns for each in traced}
    if traced:
        partners, stores = [one.partner for one in places.values()], [one.store for one in places.values()]
        await connection.execute(_QUERIES["keep_places"], *scope, list(places), partners, stores)
        rows = [(*scope, number, list(one.campaigns), list(one.weights)) for number, one in mixes.items()]
        await connection.executemany(_QUERIES["keep_mix"], rows)
    columns = [[getattr(each, name) for each in traced] for name in ("member_id", "lot", "place", "mix")]
    await connection.execute(_QUERIES["keep"], *scope, list(members), list(members.values()), *columns)
