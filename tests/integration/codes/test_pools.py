"""Pools in a real database: codes go in once, and each is handed out once, whoever asks at the same time."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from libs.codes import postgres as codes
from libs.codes.keeping import CodeKeeper, Kept
from libs.codes.pattern import Pattern
from libs.codes.postgres import Want
from libs.codes.rules import PoolRules
from tests.support.database import ACME, GLOBEX, Database

KEEPER = CodeKeeper.from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
SCOPE = (ACME.tenant_id, ACME.programme_id)
PATTERN = Pattern("SPRING")


async def pool_of(connection: asyncpg.Connection, scope: tuple[int, int], rules: PoolRules, many: int) -> codes.Pool:
    """A pool with so many codes, made by the command line's role."""
    await codes.make_pool(connection, scope, "spring", "coupon", PATTERN, rules, NOW)
    pool = await codes.load_pool(connection, scope, "spring")
    assert pool is not None
    made = codes.made(KEEPER, scope[0], PATTERN, many, random.Random(3).randbytes)
    assert len(await codes.add(connection, scope[0], pool.pool_id, made, NOW)) == many
    return pool


async def take(dsn: str, wants: list[Want], scope: tuple[int, int] = SCOPE) -> dict[UUID, codes.Taken]:
    """What redemption hands out, in a transaction of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            return await codes.take(connection, KEEPER, scope, "spring", wants, NOW)
    finally:
        await connection.close()


def wanted(*numbers: int) -> list[Want]:
    return [Want(UUID(int=1_000 + number), UUID(int=number)) for number in numbers]


async def test_each_code_goes_in_once_and_out_once(database: Database) -> None:
    operator = await asyncpg.connect(database.dsn("operator"))
    pool = await pool_of(operator, SCOPE, PoolRules(valid_days=30), 30)
    made = codes.made(KEEPER, SCOPE[0], PATTERN, 30, random.Random(3).randbytes)
    fresh = codes.made(KEEPER, SCOPE[0], PATTERN, 5, random.Random(4).randbytes)
    again = await asyncio.gather(*(_add(database.dsn("operator"), pool, made + fresh) for _ in range(3)))
    assert sum(again) == 5, "the same codes at the same time make no second one"

    dsn = database.dsn("redemption")
    several = await asyncio.gather(*(take(dsn, wanted(*range(at, at + 5))) for at in range(0, 40, 5)))
    taken = {issue: each for answer in several for issue, each in answer.items()}
    assert len(taken) == len({each.code for each in taken.values()}) == 35
    assert {each.expires_at for each in taken.values()} == {NOW + timedelta(days=30)}
    assert all(PATTERN.fits(each.code.replace("-", "")) for each in taken.values())
    issue = next(iter(taken))
    assert await take(dsn, wanted(issue.int)) == {issue: taken[issue]}, "an issue keeps its code"
    assert await take(dsn, wanted(99)) == {}
    assert await codes.available(operator, SCOPE, ["spring", "none"]) == set()
    (shown,) = await codes.load_pools(operator, *SCOPE)
    assert (shown.codes, shown.counts, shown.exhausted_at) == (35, {"assigned": 35, "created": 0}, NOW)

    more = codes.made(KEEPER, SCOPE[0], PATTERN, 1, random.Random(5).randbytes)
    await codes.add(operator, SCOPE[0], pool.pool_id, more, NOW)
    assert await codes.available(operator, SCOPE, ["spring"]) == {"spring"}
    await codes.change_pool(operator, SCOPE, "spring", NOW, paused=True)
    assert await codes.available(operator, SCOPE, ["spring"]) == set()
    assert await take(dsn, wanted(99)) == {}
    await codes.change_pool(operator, SCOPE, "spring", NOW, paused=False)
    assert len(await take(dsn, wanted(99))) == 1
    await operator.close()


async def test_a_code_is_one_of_its_tenant(database: Database) -> None:
    operator = await asyncpg.connect(database.dsn("operator"))
    other = (GLOBEX.tenant_id, GLOBEX.programme_id)
    await pool_of(operator, SCOPE, PoolRules(), 3)
    await pool_of(operator, other, PoolRules(), 3)  # the same texts, for the same chance made them
    dsn = database.dsn("redemption")
    ours, theirs = await take(dsn, wanted(1)), await take(dsn, wanted(1), other)
    assert ours.keys() == theirs.keys() == {UUID(int=1)}
    rows = await operator.fetch("SELECT tenant_id, code_id FROM redemption.code WHERE issue IS NOT NULL")
    assert len({row["code_id"] for row in rows}) == 2
    gateway = await asyncpg.connect(database.dsn("gateway"))
    assert await gateway.fetchval("SELECT count(*) FROM redemption.code") == 0
    await gateway.close()
    await operator.close()


async def _add(dsn: str, pool: codes.Pool, made: list[Kept]) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return len(await codes.add(connection, SCOPE[0], pool.pool_id, made, NOW))
    finally:
        await connection.close()
