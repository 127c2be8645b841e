"""Members whom something may spare, in a sweep: locked, caught up by the pure function, and written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.exemptions.rules import LEAD
from libs.ledger.model import Kind, Movement
from libs.lives.life import Life, rows, waivers
from libs.lives.made import Cause
from libs.lives.postgres import Head, load_ledgers, save_waivers
from libs.runtime import sql
from libs.sweeps.preview import SparedShare
from services.expiry.store import Chunk, Lapsed, Sweep

_QUERIES = sql.load("services.expiry", "spared.sql")
_PATIENCE = 600.0
"""Seconds for a statement that reads a whole programme."""


class Waived(NamedTuple):
    """A movement that was made: what lives on of a member; `spread` names the partition of the member's events."""

    member_id: UUID
    spread: int
    movement: Movement


async def spare(
    connection: asyncpg.Connection, chunk: Chunk, cause: Cause, members: Sequence[UUID], now: datetime
) -> tuple[list[Lapsed], list[Waived]]:
    """Let what these members have lapse or live on, as far as something may spare it and nobody else has them in hand.

    The chunk's row is locked; heads are locked first, and lots read later.
    """
    scope = chunk.sweep[:2]
    locked = await connection.fetch(_QUERIES["lock"], *chunk.sweep, list(members))
    if not locked:
        return [], []
    heads = {(*scope, row["member_id"]): Head(row["seq"], row["owing"]) for row in locked}
    lives = [Life(name, ledger) for name, ledger in (await load_ledgers(connection, heads)).items()]
    for life in lives:
        life.catch_up(chunk.boundary, cause)
    saved = rows(lives)
    tables = [saved[name] for name in ("movements", "allocations", "touched", "heads")]
    await connection.execute(_QUERIES["save"], now, *[_json(table) for table in tables])
    if waived := waivers(lives):
        await save_waivers(connection, waived)
    spreads = {row["member_id"]: row["spread"] for row in locked}
    made = [(life, spreads[life.name[2]]) for life in lives]
    return list(_lapsed(made)), list(_waived(made))


def _lapsed(made: Iterable[tuple[Life, int]]) -> Iterable[Lapsed]:
    for life, spread in made:
        for movement in [each.movement for each in life.made if each.movement.kind is Kind.EXPIRE]:
            lots = [part.lot_seq for part in movement.allocations]
            amounts = [part.amount for part in movement.allocations]
            yield Lapsed(
                life.name[2],
                movement.seq,
                spread,
                movement.wallet,
                movement.amount,
                movement.effective_at,
                lots,
                amounts,
            )


def _waived(made: Iterable[tuple[Life, int]]) -> Iterable[Waived]:
    for life, spread in made:
        for each in life.made:
            if each.movement.kind is Kind.WAIVE:
                yield Waived(life.name[2], spread, each.movement)


async def keep_spared(
    connection: asyncpg.Connection, key: tuple[int, int, datetime], spared: Sequence[SparedShare]
) -> None:
    """Store what is spared at a boundary, as of its announcement."""
    if spared:
        await connection.execute(_QUERIES["keep_spared"], *key, _shares(spared))


async def keep_waived(connection: asyncpg.Connection, sweep: Sweep) -> list[SparedShare]:
    """Store what was spared at a boundary, as the ledger has it, and return it."""
    found = await connection.fetch(_QUERIES["waived"], *sweep.key, timeout=_PATIENCE)
    waived = [SparedShare(*row) for row in found]
    await connection.execute(_QUERIES["keep_waived"], *sweep.key, _shares(waived))
    return waived


async def heads_wait(connection: asyncpg.Connection, sweep: Sweep) -> bool:
    """Whether the heads of members do not say yet what the versions of their programme spare at the boundary."""
    return bool(await connection.fetchval(_QUERIES["heads_wait"], *sweep.key, LEAD))


def _shares(shares: Iterable[SparedShare]) -> str:
    return _json([share._asdict() for share in shares])


def _json(value: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(value, default=str).decode()  # keys are UUIDs of a class of their own
