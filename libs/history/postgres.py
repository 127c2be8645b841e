"""The days of members in PostgreSQL: loaded for decisions, made again from what stands, and compared with it.

Only stores and the command line import this module.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.history.counted import ACTIVITY_KIND, Terms, count_decision, count_receipt
from libs.history.days import NO_PARTS, REDEMPTIONS, Counted, MemberDay, MemberDays, Sum
from libs.history.needs import Needs, needs_of, together
from libs.ledger.zones import load_zone
from libs.promotions.document import parse_programme
from libs.promotions.pages import StoredDecision, read_page
from libs.receipts.story import read_story
from libs.runtime import sql

_QUERIES = sql.load("libs.history")
_REBUILD = sql.load("libs.history", "rebuild.sql")
_ROWS = 2_000

Scope = tuple[int, int]
"""Tenant and programme."""


class AskedDays(NamedTuple):
    """A member whose days are asked for; those before `since` come summed up into one."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    since: date


async def load(connection: asyncpg.Connection, asked: Sequence[AskedDays]) -> dict[tuple[int, int, UUID], MemberDays]:
    """Return the days of members; who has none is there too."""
    if not asked:
        return {}
    columns = [[one[column] for one in asked] for column in range(4)]
    rows = await connection.fetch(_QUERIES["days"], *columns)
    found: dict[tuple[int, int, UUID], MemberDays] = {one[:3]: MemberDays() for one in asked}
    for name, days in groupby(rows, key=lambda row: (row["tenant_id"], row["programme_id"], row["member_id"])):
        own = list(days)
        found[name] = _together(own) if own[-1]["other"] else MemberDays(tuple([_day(row) for row in own]))
    return found


def _together(rows: Sequence[asyncpg.Record]) -> MemberDays:
    """The days of a member and of those who were merged into them."""
    sums: dict[date, Sum] = {}
    for one in map(_day, rows):
        sums[one.day] = sums.get(one.day, Sum()).with_more(*one.done)
    return MemberDays(tuple([MemberDay(day, sums[day]) for day in sorted(sums) if not sums[day].empty]))


def _day(row: asyncpg.Record) -> MemberDay:
    parts: Mapping[str, int] = NO_PARTS if row["parts"] is None else orjson.loads(row["parts"])
    return MemberDay(row["day"], Sum(row["visits"], row["spend_minor"], row["points"], parts))


@asynccontextmanager
async def tables(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """The temporary tables that counting needs, for the block; enter it outside any transaction."""
    for step in ("make_counted", "make_days"):
        await connection.execute(_REBUILD[step])
    try:
        yield
    finally:
        for step in ("drop_counted", "drop_days"):
            await connection.execute(_REBUILD[step])


class Rebuilt(NamedTuple):
    """What a rebuild did: receipts and activities that count, days that were wrong and went, days that were put."""

    counted: int
    taken_away: int
    put: int


async def rebuild(connection: asyncpg.Connection, seen: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Make the days of every programme that needs them again, and remove what no programme needs any longer.

    One transaction, on a connection of the operator or a superuser that is in none. Workers may run beside it: those
    that count wait until it is done. Where nothing was wrong nothing is written. `seen` hears how many were counted.
    """
    async with tables(connection), connection.transaction():
        await connection.execute(_REBUILD["settings"])
        await connection.execute(_REBUILD["lock"])
        counted = await _count(connection, seen)
        taken = await connection.execute(_REBUILD["take_away"])
        put = await connection.execute(_REBUILD["put"])
    return Rebuilt(counted, int(taken.split()[-1]), int(put.split()[-1]))


async def differing(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Return up to five places where a stored day is not what stands, each with how many there are in all.

    Within `tables`, in a transaction of one snapshot.
    """
    await _count(connection, lambda _: None)
    return list(await connection.fetch(_REBUILD["differing"]))


async def _count(connection: asyncpg.Connection, seen: Callable[[int], None]) -> int:
    terms = await _terms(connection)
    tenants = sorted({tenant for tenant, _ in terms})
    prefixes = {
        row["source_prefix"]: (row["tenant_id"], row["programme_id"])
        for row in await connection.fetch(_REBUILD["sources"])
    }
    count = 0
    rows: list[tuple[object, ...]] = []
    async for row in connection.cursor(_REBUILD["stories"], tenants, prefetch=_ROWS):
        scope = (row["tenant_id"], row["programme_id"])
        if scope in terms:
            rows += _row(scope, count_receipt(read_story(row["story"]), terms[scope]))
        if len(rows) >= _ROWS:
            count += await _put(connection, rows)
            seen(count)
    async for row in connection.cursor(_REBUILD["pages"], tenants, prefetch=_ROWS // 10):
        rows += _of_page(row, terms, prefixes)
        if len(rows) >= _ROWS:
            count += await _put(connection, rows)
            seen(count)
    count += await _put(connection, rows)
    scopes = [[scope[column] for scope in terms] for column in range(2)]
    await connection.execute(_REBUILD["redemptions"], *scopes, REDEMPTIONS)
    await connection.execute(_REBUILD["add_up"])
    return count


async def _terms(connection: asyncpg.Connection) -> dict[Scope, dict[int, Terms]]:
    """The terms of each version of every programme that needs the history of its members."""
    versions: dict[Scope, dict[int, tuple[str, str]]] = {}
    needs: dict[Scope, list[Needs | None]] = {}
    for row in await connection.fetch(_REBUILD["versions"]):
        scope = (row["tenant_id"], row["programme_id"])
        programme = parse_programme(orjson.loads(row["document"]))
        versions.setdefault(scope, {})[row["version"]] = (programme.zone, programme.currency)
        needs.setdefault(scope, []).append(needs_of(programme))
    terms = {}
    for scope, own in versions.items():
        wanted = together(needs[scope])
        if wanted is not None:
            terms[scope] = {
                number: Terms(load_zone(zone), currency, wanted.by_category, wanted.shares, wanted.costs)
                for number, (zone, currency) in own.items()
            }
    return terms


def _of_page(
    row: asyncpg.Record, terms: Mapping[Scope, Mapping[int, Terms]], prefixes: Mapping[str, Scope]
) -> Iterator[tuple[object, ...]]:
    plain = dict(zip(row["events"] or (), row["programmes"] or (), strict=True))
    for decision in read_page(row["body"]):
        scope: Scope | None = None
        if decision.kind == ACTIVITY_KIND:
            scope = _scope_of(decision, prefixes)
        elif decision.key in plain:
            scope = (row["tenant_id"], plain[decision.key])
        if scope is not None and scope in terms:
            yield from _row(scope, count_decision(decision, terms[scope]))


def _scope_of(decision: StoredDecision, prefixes: Mapping[str, Scope]) -> Scope | None:
    """The programme of an event's source: that of the longest registered prefix that ends at a segment."""
    prefix = decision.source
    while prefix and prefix not in prefixes:
        prefix = prefix.rpartition("/")[0]
    return prefixes.get(prefix)


def _row(scope: Scope, counted: Counted | None) -> Iterator[tuple[object, ...]]:
    if counted is not None:
        parts = orjson.dumps(counted.parts).decode() if counted.parts else None
        yield (*scope, *counted[:5], parts)


async def _put(connection: asyncpg.Connection, rows: list[tuple[object, ...]]) -> int:
    await connection.copy_records_to_table("history_counted", records=rows)
    count = len(rows)
    rows.clear()
    return count
