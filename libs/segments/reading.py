"""Segments as people ask for them, and the lists that people keep; in PostgreSQL.

Only stores and the command line import this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.ledger.zones import load_zone
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.document import parse_programme
from libs.runtime import sql
from libs.segments.known import Rules
from libs.segments.lists import UNKNOWN, Entry, entry_of
from libs.segments.postgres import Scope, mark_members
from libs.segments.rules import rules_of

_QUERIES = sql.load("libs.segments", "reading.sql")


class InForce(NamedTuple):
    """The version of a programme that is in force, and its segments as they are decided by."""

    compiled: CompiledProgramme
    rules: Rules


class Membership(NamedTuple):
    """A member of a segment: since when, and by which version that was decided."""

    member_id: UUID
    entered_at: datetime
    version: int


async def in_force(connection: asyncpg.Connection, scope: Scope, now: datetime) -> InForce | None:
    """Return the version in force at an instant; None before the first.

    Raises:
        libs.promotions.document.ProgrammeInvalid: what is stored is none.
    """
    row = await connection.fetchrow(_QUERIES["version"], *scope, now)
    if row is None:
        return None
    compiled = compile_programme(parse_programme(orjson.loads(row["document"])))
    return InForce(compiled, rules_of(compiled.source, load_zone(compiled.source.zone)))


async def load_counts(connection: asyncpg.Connection, scope: Scope) -> dict[str, int]:
    """Return how many members each segment has; a segment without any is missing."""
    return {row["segment"]: row["members"] for row in await connection.fetch(_QUERIES["counts"], *scope)}


async def load_listed(connection: asyncpg.Connection, scope: Scope) -> dict[str, int]:
    """Return how many members stand on each list that is kept, whether or not the programme names it."""
    return {row["list"]: row["members"] for row in await connection.fetch(_QUERIES["listed_counts"], *scope)}


async def count_waiting(connection: asyncpg.Connection, scope: Scope, now: datetime) -> int:
    """Return how many members of a programme wait to be looked at."""
    count: int = await connection.fetchval(_QUERIES["waiting"], *scope, now)
    return count


async def load_members(
    connection: asyncpg.Connection, scope: Scope, segment: str, after: UUID | None, most: int
) -> list[Membership]:
    """Return members of a segment behind one, in the order of their ids."""
    rows = await connection.fetch(_QUERIES["members_of"], *scope, segment, after, most)
    return [Membership(*row) for row in rows]


async def load_segments_of(connection: asyncpg.Connection, scope: Scope, member_id: UUID) -> dict[str, datetime]:
    """Return the segments that a member is in, each with since when."""
    rows = await connection.fetch(_QUERIES["segments_of"], *scope, member_id)
    return {row["segment"]: row["entered_at"] for row in rows}


async def find(connection: asyncpg.Connection, scope: Scope, entries: Sequence[Entry]) -> list[UUID | None]:
    """Return the member whom each entry names; None where there is none."""
    columns = [each.member_id for each in entries], [each.identifier for each in entries]
    return [row["member_id"] for row in await connection.fetch(_QUERIES["find"], *scope, *columns)]


async def change_list(
    connection: asyncpg.Connection,
    now: datetime,
    scope: Scope,
    name: str,
    *,
    add: Sequence[UUID] = (),
    remove: Sequence[UUID] = (),
) -> tuple[int, int]:
    """Put members on a list and take members off it; returns how many were not there, and how many were.

    All of them are looked at, marked in one order, since others mark members too.
    """
    async with connection.transaction():
        added = await connection.fetch(_QUERIES["put"], now, *scope, name, list(dict.fromkeys(add)))
        removed = await connection.fetch(_QUERIES["take_off"], *scope, name, list(remove))
        await mark_members(connection, now, "list", [(*scope, row["member_id"]) for row in (*added, *removed)])
    return len(added), len(removed)


async def change_by_rows(
    connection: asyncpg.Connection,
    now: datetime,
    scope: Scope,
    name: str,
    rows: Sequence[Mapping[str, str] | Rejection],
    names: IdentifierNames | None,
    *,
    remove: bool,
    dry_run: bool,
) -> tuple[int, list[Rejection | None]]:
    """Put whom rows name on a list, or take them off it; returns how many changed, and what is wrong with each row.

    A row is its cells by column. With `dry_run` everybody is looked up and nothing changed.
    """
    read = [row if isinstance(row, Rejection) else entry_of(row, names) for row in rows]
    found = iter(await find(connection, scope, [entry for entry in read if isinstance(entry, Entry)]))
    ids: list[UUID] = []
    faults: list[Rejection | None] = []
    for entry in read:
        member_id = None if isinstance(entry, Rejection) else next(found)
        if member_id is not None:
            ids.append(member_id)
        faults.append(entry if isinstance(entry, Rejection) else UNKNOWN if member_id is None else None)
    if dry_run or not ids:
        return 0, faults
    add, off = ([], ids) if remove else (ids, [])
    return sum(await change_list(connection, now, scope, name, add=add, remove=off)), faults


async def look_again(connection: asyncpg.Connection, scope: Scope | None = None) -> None:
    """Have everybody of a programme looked at again, or of all."""
    if scope is None:
        await connection.execute(_QUERIES["forget_passes"])
    else:
        await connection.execute(_QUERIES["forget_pass"], *scope)
