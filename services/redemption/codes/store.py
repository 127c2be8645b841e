"""What codes need of PostgreSQL while they are redeemed. Every statement is about one tenant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.codes.pattern import Pattern
from libs.codes.postgres import pattern_of, rules_of
from libs.codes.rules import Asker, Code, PoolRules
from libs.runtime import sql

_QUERIES = sql.load("services.redemption", "codes.sql")
_MINUTE = timedelta(minutes=1)


class FoundCode(NamedTuple):
    """A code with its pool, as it stands; `row` has what answers tell of it."""

    tenant: str
    programme: str
    programme_id: int
    pool: str
    pool_id: int
    kind: str
    rules: PoolRules
    paused: bool
    code: Code
    row: asyncpg.Record


class Misses(NamedTuple):
    """How often somebody tried what is no code, and since when."""

    tries: int
    since: datetime


async def see(connection: asyncpg.Connection, tenant_id: int) -> None:
    """Let the transaction see the members of a tenant."""
    await connection.execute(_QUERIES["set_tenant"], tenant_id)


async def find(connection: asyncpg.Connection, tenant_id: int, code_id: UUID, *, lock: bool) -> FoundCode | None:
    """Return a code of the tenant; with `lock` it is this transaction's until its end."""
    row = await connection.fetchrow(_QUERIES["lock_code" if lock else "look_at_code"], tenant_id, code_id)
    if row is None:
        return None
    code = Code(row["code_id"], row["state"], row["uses"], row["member_id"], row["expires_at"])
    return FoundCode(
        row["tenant"], row["programme"], row["programme_id"], row["pool"], row["pool_id"], row["kind"],
        rules_of(row["rules"]), row["paused"], code, row,
    )  # fmt: skip


async def asker(connection: asyncpg.Connection, tenant_id: int, found: FoundCode, member_id: UUID | None) -> Asker:
    """Return who shows a code; whoever is no member of its programme is nobody."""
    if member_id is None:
        return Asker()
    row = await connection.fetchrow(_QUERIES["asker"], tenant_id, found.programme_id, member_id, found.pool_id)
    return Asker() if row is None else Asker(member_id, row["tier"], row["used"])


async def change(
    connection: asyncpg.Connection, tenant_id: int, code_id: UUID, state: str, by: int, redeemed_at: datetime | None
) -> None:
    """Save what became of a code by one redemption more or less."""
    await connection.execute(_QUERIES["use_code"], tenant_id, code_id, state, by, redeemed_at)


async def mark(
    connection: asyncpg.Connection,
    tenant_id: int,
    code_id: UUID,
    state: str,
    *,
    published: datetime | None = None,
    voided: datetime | None = None,
) -> None:
    """Save that a code was published or made void."""
    await connection.execute(_QUERIES["mark_code"], tenant_id, code_id, state, published, voided)


async def keep_use(connection: asyncpg.Connection, tenant_id: int, *values: object) -> None:
    """Keep a redemption: use, code, pool, member, reference, store, currency, total, discount, when."""
    await connection.execute(_QUERIES["keep_use"], tenant_id, *values)


async def use(connection: asyncpg.Connection, tenant_id: int, use_id: UUID) -> dict[str, Any] | None:
    """Return a redemption of a code."""
    row = await connection.fetchrow(_QUERIES["use"], tenant_id, use_id)
    return None if row is None else dict(row)


async def return_use(connection: asyncpg.Connection, tenant_id: int, use_id: UUID, now: datetime) -> None:
    """Save that a redemption was undone."""
    await connection.execute(_QUERIES["return_use"], tenant_id, use_id, now)


async def shapes(connection: asyncpg.Connection, tenant_id: int) -> list[Pattern]:
    """Return what the generated codes of a tenant look like."""
    return [pattern_of(row["pattern"]) for row in await connection.fetch(_QUERIES["shapes"], tenant_id)]


async def misses(connection: asyncpg.Connection, tenant_id: int, who: list[str], since: datetime) -> dict[str, Misses]:
    """Return how often each of them tried what is no code since an instant."""
    rows = await connection.fetch(_QUERIES["misses"], tenant_id, who, since)
    return {row["who"]: Misses(row["misses"], row["since"]) for row in rows}


async def count_miss(
    connection: asyncpg.Connection, tenant_id: int, who: list[str], now: datetime, window: timedelta
) -> None:
    """Count a try that hit nothing, for each of them."""
    minute = now.replace(second=0, microsecond=0)
    await connection.execute(_QUERIES["count_miss"], tenant_id, who, minute, minute - window - _MINUTE)


async def forget_misses(pool: asyncpg.Pool, before: datetime) -> None:
    """Forget tries that no longer count."""
    await pool.execute(_QUERIES["forget_misses"], before)


async def exhausted(pool: asyncpg.Pool) -> int:
    """Return how many pools of all tenants have no code left."""
    return int(await pool.fetchval(_QUERIES["exhausted"]))


async def mark_exhausted(
    pool: asyncpg.Pool | asyncpg.Connection, tenant_id: int, programme_id: int, name: str, now: datetime
) -> None:
    """Save that a pool has no code left, if that is so."""
    await pool.execute(_QUERIES["mark_exhausted"], tenant_id, programme_id, name, now)


async def programme_of(connection: asyncpg.Connection, tenant_id: int, programme_id: int) -> tuple[str, str]:
    """Return the slugs of a programme and its tenant."""
    row = await connection.fetchrow(_QUERIES["programme_of"], tenant_id, programme_id)
    return row["programme"], row["tenant"]
