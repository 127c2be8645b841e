"""Expiry's door to the database for where lots came from and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.runtime import sql
from libs.sweeps.origins import Mix, Place
from services.expiry.store import Scope

_QUERIES = sql.load("services.expiry", "origins.sql")


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


class Ending(NamedTuple):
    """What becomes of a lot, or of a part of it, of somebody of whom it is told alone."""

    member_id: UUID
    lot: int
    lapses_at: datetime | None
    free: int
    held: int
    spared: int
    repays: int


async def be_patient(connection: asyncpg.Connection) -> None:
    """Let a transaction be idle for longer than is usual, up to its end."""
    await connection.execute(_QUERIES["patience"])


async def fresh_lots(connection: asyncpg.Connection, scope: Scope, members: Sequence[UUID]) -> list[Fresh]:
    """Return the lots of some members that have something left, and of which it is not kept where they came from."""
    return [Fresh(*row) for row in await connection.fetch(_QUERIES["fresh"], *scope, members)]


async def apart(connection: asyncpg.Connection, scope: Scope, members: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the heads of those of whom it is told one by one."""
    return list(await connection.fetch(_QUERIES["apart"], *scope, members))


async def keep(
    connection: asyncpg.Connection,
    scope: Scope,
    members: Sequence[UUID],
    months: Sequence[tuple[datetime, date]],
    traced: Sequence[Traced],
    endings: Sequence[Ending],
    now: datetime,
    until: datetime,
) -> None:
    """Keep what members have as they are in this snapshot, and bring the sums in line with it."""
    places = {each.place: each.where for each in traced}
    mixes = {each.mix: each.campaigns for each in traced}
    if traced:
        partners, stores = [one.partner for one in places.values()], [one.store for one in places.values()]
        await connection.execute(_QUERIES["keep_places"], *scope, list(places), partners, stores)
        rows = [(*scope, number, list(one.campaigns), list(one.weights)) for number, one in mixes.items()]
        await connection.executemany(_QUERIES["keep_mix"], rows)
    starts, firsts = zip(*months, strict=True)
    columns = [[getattr(each, name) for each in traced] for name in ("member_id", "lot", "place", "mix")]
    columns += [[getattr(each, name) for each in endings] for name in Ending._fields]
    await connection.execute(_QUERIES["hashes"])
    await connection.execute(_QUERIES["keep"], *scope, members, starts, firsts, *columns, until, now)


async def forget_empty(connection: asyncpg.Connection, scope: Scope) -> None:
    """Drop sums of nothing."""
    await connection.execute(_QUERIES["forget_empty"], *scope)
