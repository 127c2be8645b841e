"""Sweeps against the pure function: what lapses set by set is what `catch_up` says, and the dry run said so before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
from prometheus_client import CollectorRegistry

from libs.ledger.catch_up import catch_up, due
from libs.ledger.evolve import apply_all
from libs.runtime import postgres
from libs.runtime.clock import SystemClock
from libs.runtime.outbox import unpack
from libs.runtime.settings import PostgresSettings
from libs.sweeps.preview import Total, preview, totals
from services.expiry import store as sweeps
from services.expiry.announcements import SHARDS
from services.expiry.metrics import ExpiryMetrics
from services.expiry.overseer import Overseer, Rules
from services.expiry.sweeper import Means, Sweeper
from tests.integration.test_rebuild import Life, Owner, assert_sound, lives, store
from tests.support.database import ACME, Database
from tests.support.stack import until

BOUNDARY = datetime(2025, 3, 31, 22, tzinfo=UTC)
SCOPE = (ACME.tenant_id, ACME.programme_id)
RULES = Rules(timedelta(0), timedelta(0), automatic=True, chunk=37, progress_every=timedelta(hours=1))
LOTS = "SELECT member_id, seq, remaining, held FROM ledger.lot WHERE tenant_id = 1 AND remaining > 0"
HEADS = "SELECT member_id, seq, activates_at, lapses_at FROM ledger.member WHERE tenant_id = 1"
EXPIRED = """
SELECT m.member_id, m.seq, m.wallet, m.amount, m.effective_at, array_agg(a.lot_seq ORDER BY a.lot_seq) AS lots,
       array_agg(a.amount ORDER BY a.lot_seq) AS amounts
FROM ledger.movement m JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
WHERE m.cause IN (SELECT cause FROM expiry.sweep) GROUP BY 1, 2, 3, 4, 5
"""
FINISHED = "SELECT count(*) FILTER (WHERE NOT finished) FROM expiry.chunk WHERE boundary = $1"
OUTBOX = "SELECT topic, events FROM stream.outbox WHERE starts_with(shard, 'expiry:') ORDER BY shard, seq"
STATES = "SELECT boundary, state FROM expiry.sweep ORDER BY boundary"


@dataclass
class SetClock:
    """Shows what it is set to."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def at(self, _: datetime) -> datetime:
        return self.instant


@dataclass
class Sweeping:
    """The parts of the service on a database, without a broker."""

    pool: asyncpg.Pool
    clock: SetClock
    lock_bound: float = 0.025

    def overseer(self, rules: Rules = RULES) -> Overseer:
        return Overseer(self.pool, self.clock, SystemClock(), rules, ExpiryMetrics(CollectorRegistry()))

    def lane(self, holder: str) -> Sweeper:
        metrics = ExpiryMetrics(CollectorRegistry())
        lease = timedelta(seconds=30)
        return Sweeper(Means(self.pool, self.clock, SystemClock(), metrics, holder, lease, self.lock_bound))

    async def sweep(self, lanes: Sequence[Sweeper], boundary: datetime) -> None:
        """Let these lanes work until every chunk is finished."""
        tasks = [asyncio.create_task(lane.run()) for lane in lanes]

        async def finished() -> bool:
            for task in tasks:
                if task.done():
                    task.result()
            return await self.pool.fetchval(FINISHED, boundary) == 0

        await until(finished, "every chunk is finished", seconds=30)
        for lane in lanes:
            lane.stop()
        await asyncio.gather(*tasks)


@pytest.fixture
async def sweeping(database: Database) -> AsyncIterator[Sweeping]:
    settings = PostgresSettings(dsn=database.dsn("expiry"))
    async with postgres.opened(postgres.pool(settings, "expiry-test")) as pool:
        async with pool.acquire() as connection:
            await sweeps.make_shards(connection, SHARDS)
        yield Sweeping(pool, SetClock(BOUNDARY + timedelta(minutes=1)))


async def events(pool: asyncpg.Pool, topic: str) -> list[dict[str, Any]]:
    async with pool.acquire() as connection:
        rows = await connection.fetch(OUTBOX)
    packed = [unpack(row["topic"], row["events"]) for row in rows if row["topic"] == topic]
    return [orjson.loads(event.value) for some in packed for event in some]


def ours(lived: list[tuple[Owner, Life]], *, plain: bool) -> list[Life]:
    """The lives of one tenant: of members without an activation that is due by the boundary, or of those with one."""
    found = []
    for owner, life in lived:
        activates_at = due(life.ledger).activates_at
        if owner[0] == ACME.tenant_id and (activates_at is None or activates_at > BOUNDARY) is plain:
            found.append(life)
    return found


async def test_what_lapses_set_by_set_is_what_the_pure_function_says(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    lived = lives(500, 13)
    await store(superuser, lived)
    plain, others = ours(lived, plain=True), ours(lived, plain=False)
    expected = {life.ledger.member_id: catch_up(life.ledger, BOUNDARY, BOUNDARY) for life in plain}
    assert sum(map(len, expected.values())) > 100
    assert others
    async with sweeping.pool.acquire() as connection:
        planned = totals(await preview(connection, SCOPE, BOUNDARY))

    await sweeping.overseer().look()
    await sweeping.overseer().look()
    await sweeping.sweep([sweeping.lane("one"), sweeping.lane("two")], BOUNDARY)

    made = {
        (row["member_id"], row["seq"]): (row["wallet"], row["amount"], row["effective_at"], row["lots"], row["amounts"])
        for row in await superuser.fetch(EXPIRED)
    }
    assert made == {
        (member, m.seq): (
            *(m.wallet, m.amount, m.effective_at),
            *([part.lot_seq for part in m.allocations], [part.amount for part in m.allocations]),
        )
        for member, movements in expected.items()
        for m in movements
    }
    ledgers = [apply_all(life.ledger, expected.get(life.ledger.member_id, ())) for life in (*plain, *others)]
    heads = {row["member_id"]: tuple(row)[1:] for row in await superuser.fetch(HEADS)}
    assert heads == {ledger.member_id: (ledger.seq, *due(ledger)) for ledger in ledgers}
    lots = {tuple(row) for row in await superuser.fetch(LOTS)}
    assert lots == {
        (ledger.member_id, lot.seq, lot.remaining, lot.held) for ledger in ledgers for lot in ledger.lots if lot.remaining
    }
    await assert_sound(superuser)

    async with sweeping.pool.acquire() as connection:
        left = totals(await preview(connection, SCOPE, BOUNDARY))
        (running,) = await sweeps.running(connection)
        done = await sweeps.done(connection, running.sweep)
    assert _sum(done, left) == planned, "the dry run is what was done and what is left to others"
    told = await events(sweeping.pool, "loyalty.points")
    assert {(each["data"]["member_id"], each["memberseq"]) for each in told} == {(str(m), seq) for m, seq in made}
    assert len({each["id"] for each in told}) == len(told) == len(made)
    await superuser.close()


def _sum(*parts: list[Total]) -> list[Total]:
    wallets = sorted({total.wallet for part in parts for total in part})
    return [
        Total(wallet, *(sum(getattr(t, name) for part in parts for t in part if t.wallet == wallet) for name in _NUMBERS))
        for wallet in wallets
    ]


_NUMBERS = ("members", "lots", "points")
