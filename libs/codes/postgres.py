"""Pools and their codes in PostgreSQL: made, filled, handed out. Only stores and the command line import it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
import orjson

from libs.codes.keeping import CodeKeeper, Kept
from libs.codes.pattern import Pattern, Random
from libs.codes.rules import PoolRules
from libs.runtime import sql

QUERIES = sql.load("libs.codes", "codes.sql")
Scope = tuple[int, int]
"""Tenant and programme."""


class Pool(NamedTuple):
    """A pool as it stands. `counts` has how many codes are in which state, where that was asked for."""

    pool_id: int
    name: str
    kind: str
    pattern: Pattern | None
    rules: PoolRules
    revision: int
    paused: bool
    codes: int
    exhausted_at: datetime | None
    created_at: datetime
    changed_at: datetime
    counts: Mapping[str, int]


class Want(NamedTuple):
    """A code for a member; `issue` says for what, and gets the same code again."""

    member_id: UUID
    issue: UUID


class Taken(NamedTuple):
    """A code that was handed out, as people are shown it, and until when it counts."""

    code_id: UUID
    code: str
    expires_at: datetime | None


async def make_pool(
    connection: asyncpg.Connection,
    scope: Scope,
    name: str,
    kind: str,
    pattern: Pattern | None,
    rules: PoolRules,
    now: datetime,
) -> int | None:
    """Make a pool, `pattern` being None where its codes are brought along; None when the programme has this name."""
    shape = None if pattern is None else msgspec.json.encode(_shape(pattern)).decode()
    found: int | None = await connection.fetchval(
        QUERIES["make_pool"], *scope, name, kind, shape, msgspec.json.encode(rules).decode(), now
    )
    return found


async def change_pool(
    connection: asyncpg.Connection,
    scope: Scope,
    name: str,
    now: datetime,
    *,
    rules: PoolRules | None = None,
    paused: bool | None = None,
) -> int | None:
    """Change what a pool says, for codes that are out too, or stop or start it; give its revision, None for no pool."""
    text = None if rules is None else msgspec.json.encode(rules).decode()
    found: int | None = await connection.fetchval(QUERIES["change_pool"], *scope, name, text, paused, now)
    return found


async def stop_pool(connection: asyncpg.Connection, scope: Scope, name: str, now: datetime, *, paused: bool) -> bool:
    """Stop a pool or start it, and nothing else; return whether there is one of the name."""
    return await connection.fetchval(QUERIES["stop_pool"], *scope, name, paused, now) is not None


async def load_pool(connection: asyncpg.Connection, scope: Scope, name: str) -> Pool | None:
    """Return a pool, without counts."""
    row = await connection.fetchrow(QUERIES["pool"], *scope, name)
    return None if row is None else pool_of(row)


async def load_pools(
    connection: asyncpg.Connection, tenant_id: int, programme_id: int | None, name: str | None = None
) -> list[Pool]:
    """Return the pools of a programme by name, or one of them, with their counts."""
    rows = await connection.fetch(QUERIES["pools"], tenant_id, programme_id, name)
    return [pool_of(row) for row in rows]


def pool_of(row: Mapping[str, object]) -> Pool:
    """Read a row of `pool` or `pools`."""
    given = dict(row)
    states, many = given.pop("states", None), given.pop("many", None)
    counts: dict[str, int] = dict(zip(states or (), many or (), strict=True))  # type: ignore[call-overload]  # columns
    counts["created"] = int(str(given["codes"])) - sum(counts.values())
    pattern = given["pattern"]
    given["pattern"] = None if pattern is None else pattern_of(str(pattern))
    given["rules"] = rules_of(str(given["rules"]))
    return Pool(**given, counts=counts)  # type: ignore[arg-type]  # columns of the query


def pattern_of(text: str) -> Pattern:
    """Read a pattern as it is stored."""
    return Pattern(**orjson.loads(text))


rules_of = msgspec.json.Decoder(PoolRules).decode


def _shape(pattern: Pattern) -> dict[str, object]:
    return {name: getattr(pattern, name) for name in ("prefix", "alphabet", "length", "group", "checked")}


async def add(
    connection: asyncpg.Connection, tenant_id: int, pool_id: int, codes: Iterable[Kept], now: datetime
) -> set[UUID]:
    """Put codes into a pool and return the ids of those that went in; the others the tenant has already."""
    columns = [list(column) for column in zip(*codes, strict=True)] or [[], []]
    rows = await connection.fetch(QUERIES["add"], tenant_id, pool_id, *columns, now)
    return {row["code_id"] for row in rows}


def made(keeper: CodeKeeper, tenant_id: int, pattern: Pattern, many: int, random: Random) -> list[Kept]:
    """Make so many codes of a pattern as they are stored; it takes a while, and no database."""
    shown = pattern.shown
    return [keeper.close_canonical(tenant_id, code, shown(code)) for code in pattern.generate(many, random)]


async def take(
    connection: asyncpg.Connection, keeper: CodeKeeper, scope: Scope, pool: str, wants: Sequence[Want], now: datetime
) -> dict[UUID, Taken]:
    """Hand codes of a pool out, one for each want, in a transaction of the caller's; give them by issue.

    An issue that had its code before gets the same one. One that is missing in the answer got none: the pool is
    exhausted, stopped, or none of the programme. Codes are assigned, and count for nobody else where the pool says so.
    Whoever locks takes members first, and the outbox afterwards.
    """
    if not wants:
        return {}
    rows = await connection.fetch(
        QUERIES["take"], *scope, pool, [want.member_id for want in wants], [want.issue for want in wants], now
    )
    return {
        row["issue"]: Taken(row["code_id"], keeper.open(scope[0], row["code_id"], row["sealed"]), row["expires_at"])
        for row in rows
    }


async def available(connection: asyncpg.Connection, scope: Scope, pools: Sequence[str]) -> set[str]:
    """Return which of these pools have a code left."""
    rows = await connection.fetch(QUERIES["available"], *scope, list(pools))
    return {row["name"] for row in rows if row["available"]}


async def texts(
    connection: asyncpg.Connection, keeper: CodeKeeper, tenant_id: int, ids: Sequence[UUID]
) -> dict[UUID, str]:
    """Return codes by id as people are shown them, for whoever may see them."""
    rows = await connection.fetch(QUERIES["sealed"], tenant_id, list(ids))
    return {row["code_id"]: keeper.open(tenant_id, row["code_id"], row["sealed"]) for row in rows}
