"""Segments in PostgreSQL: who is due for a look, what is known of them, and what became of it.

Only stores, the passes of earning and the command line import this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.history.days import MemberDays
from libs.history.needs import Needs
from libs.history.postgres import AskedDays
from libs.history.postgres import load as load_days
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.lives.postgres import Head, load_ledgers
from libs.promotions.facts import NO_FACTS
from libs.promotions.segments import Balance, windows_of
from libs.runtime import sql
from libs.segments.known import Known, Points, Rules

_QUERIES = sql.load("libs.segments", "segments.sql")

Scope = tuple[int, int]
"""Tenant and programme."""

MemberName = tuple[int, int, UUID]


class Due(NamedTuple):
    """A member to be looked at, and why; None for time alone."""

    name: MemberName
    reason: str | None


@dataclass(frozen=True, slots=True)
class Present:
    """What is known of a member, and the segments as they were decided last."""

    known: Known
    segments: frozenset[str]


class Change(NamedTuple):
    """A member entered a segment or left it, why, and by which version."""

    name: MemberName
    segment: str
    entered: bool
    reason: str
    version: int


class Untold(NamedTuple):
    """An entry or an exit that nobody was told of yet; `number` counts those of the member and segment."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    segment: str
    number: int
    entered: bool
    reason: str
    effective_at: datetime
    version: int


class Pass(NamedTuple):
    """How far everybody was marked for the segments of a version: the digest of these, the last member, the end."""

    rules: str
    version: int
    after: UUID | None
    done: bool


async def take_due(connection: asyncpg.Connection, now: datetime, scopes: Sequence[Scope], most: int) -> list[Due]:
    """Return members who must be looked at by now, and lock their looks: first those of whom something was heard."""
    programmes = _columns(scopes, 2)
    rows = await connection.fetch(_QUERIES["due_urgent"], now, *programmes, most)
    if len(rows) < most:
        rows += await connection.fetch(_QUERIES["due_by_time"], now, *programmes, most - len(rows))
    return [Due((row["tenant_id"], row["programme_id"], row["member_id"]), row["reason"]) for row in rows]


async def load(
    connection: asyncpg.Connection, names: Sequence[MemberName], rules: Rules, now: datetime
) -> dict[MemberName, Present]:
    """Return what is known of members of one programme, as far as its segments ask; who is not enrolled is left out."""
    rows = await connection.fetch(_QUERIES["members"], *_columns(names, 3))
    found = [(row["tenant_id"], row["programme_id"], row["member_id"]) for row in rows]
    days = await _days(connection, found, rules, now)
    points, owing = await _points(connection, found, rules)
    if points:
        kept = [name for name, row in zip(found, rows, strict=True) if row["kept"]]
        points |= await _spared(connection, kept, now)
    return {
        name: Present(
            Known(
                enrolled_on=rules.day(row["enrolled_at"]),
                days=days.get(name, MemberDays()),
                tier=row["tier"],
                levels={} if row["levels"] is None else orjson.loads(row["levels"]),
                lists=frozenset(row["lists"] or ()),
                points=tuple(points.get(name, ())),
                owing=frozenset(owing.get(name, ())),
                attributes=NO_FACTS if row["attributes"] is None else orjson.loads(row["attributes"]),
                birthday=None if row["birthday"] is None else divmod(row["birthday"], 100),
            ),
            frozenset(row["segments"] or ()),
        )
        for name, row in zip(found, rows, strict=True)
    }


async def _days(
    connection: asyncpg.Connection, names: Sequence[MemberName], rules: Rules, now: datetime
) -> dict[MemberName, MemberDays]:
    windows = windows_of(rules.segments)
    if not windows:
        return {}
    since = Needs(windows).since(rules.day(now))
    return await load_days(connection, [AskedDays(*name, since) for name in names])


async def _points(
    connection: asyncpg.Connection, names: Sequence[MemberName], rules: Rules
) -> tuple[dict[MemberName, list[Points]], dict[MemberName, list[str]]]:
    points: dict[MemberName, list[Points]] = {}
    owing: dict[MemberName, list[str]] = {}
    if any(isinstance(one, Balance) for one in rules.criteria):
        columns = _columns(names, 3)
        for tenant, programme, member, *lots in await connection.fetch(_QUERIES["points"], *columns):
            points.setdefault((tenant, programme, member), []).append(Points(*lots))
        for tenant, programme, member, wallet in await connection.fetch(_QUERIES["owing"], *columns):
            owing.setdefault((tenant, programme, member), []).append(wallet)
    return points, owing


async def _spared(
    connection: asyncpg.Connection, names: Sequence[MemberName], now: datetime
) -> dict[MemberName, list[Points]]:
    """What members may spend whose points something spares at boundaries, whether or not that is written down yet."""
    ledgers = await load_ledgers(connection, {name: Head(0, owing=False) for name in names})
    return {
        name: [
            Points(lot.wallet, lot.free, lot.active_from, lot.expires_at)
            for lot in apply_all(ledger, catch_up(ledger, now, now)).lots
            if lot.free
        ]
        for name, ledger in ledgers.items()
    }


async def save(
    connection: asyncpg.Connection,
    now: datetime,
    changes: Sequence[Change],
    due_at: Sequence[tuple[MemberName, datetime]],
) -> None:
    """Save entries and exits, each with the event to be told of it, and when members must be looked at again."""
    entered = [change for change in changes if change.entered]
    left = [change for change in changes if not change.entered]
    if entered:
        rows = [(*change.name, change.segment, change.version) for change in entered]
        await connection.execute(_QUERIES["enter"], now, *_columns(rows, 5))
    if left:
        await connection.execute(_QUERIES["leave"], *_columns([(*each.name, each.segment) for each in left], 4))
    if changes:
        told = [(*each.name, each.segment, each.entered, each.reason, each.version) for each in changes]
        await connection.execute(_QUERIES["log"], now, *_columns(told, 7))
    if due_at:
        await connection.execute(_QUERIES["looked"], *_columns([(*name, at) for name, at in due_at], 4))


async def forget(connection: asyncpg.Connection, names: Sequence[MemberName]) -> None:
    """Look at members no more: their programme has no segments."""
    if names:
        await connection.execute(_QUERIES["forget"], *_columns(names, 3))


async def mark_ids(
    connection: asyncpg.Connection, now: datetime, reason: str, scopes: Sequence[Scope], ids: Sequence[UUID]
) -> None:
    """Have members looked at at once of whom something was heard: whoever bears these ids in these programmes."""
    if scopes and ids:
        await connection.execute(_QUERIES["mark_ids"], now, reason, *_columns(scopes, 2), list(ids))


async def mark_members(connection: asyncpg.Connection, now: datetime, reason: str, names: Iterable[MemberName]) -> None:
    """Have members looked at at once."""
    wanted = list(dict.fromkeys(names))
    if wanted:
        await connection.execute(_QUERIES["mark_members"], now, reason, *_columns(wanted, 3))


async def load_passes(connection: asyncpg.Connection) -> dict[Scope, Pass]:
    """Return how far everybody was marked, by programme."""
    return {(row[0], row[1]): Pass(*row[2:]) for row in await connection.fetch(_QUERIES["passes"])}


async def begin_pass(connection: asyncpg.Connection, scope: Scope, rules: str, version: int) -> None:
    """Begin to mark everybody of a programme, for the segments with this digest."""
    await connection.execute(_QUERIES["begin_pass"], *scope, rules, version)


async def step_pass(connection: asyncpg.Connection, now: datetime, scope: Scope, after: UUID | None, most: int) -> bool:
    """Mark the next members of a programme and note how far that came; tell whether that was all."""
    async with connection.transaction():
        last = await connection.fetchval(_QUERIES["mark_range"], now, *scope, after, most)
        await connection.execute(_QUERIES["move_pass"], *scope, last or after, last is None)
    return last is None


async def load_untold(connection: asyncpg.Connection, most: int) -> list[Untold]:
    """Return entries and exits that nobody was told of yet, the oldest first."""
    return [Untold(*row) for row in await connection.fetch(_QUERIES["untold"], most)]


async def save_told(connection: asyncpg.Connection, now: datetime, told: Sequence[Untold]) -> None:
    """Note that these were told of."""
    if told:
        await connection.execute(_QUERIES["told"], now, *_columns([each[:5] for each in told], 5))


async def load_waiting(connection: asyncpg.Connection, now: datetime, most: int) -> tuple[int, datetime | None]:
    """Return how many wait for a look, counting no further than about `most`, and since when the first urgent one."""
    row = await connection.fetchrow(_QUERIES["waiting"], now, most)
    return row["members"], row["urgent_since"]


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]
