"""Sweeps against the pure function: what lapses set by set is what `catch_up` says, and the dry run said so before."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from prometheus_client import CollectorRegistry

from libs.ledger.catch_up import catch_up, due
from libs.ledger.evolve import apply_all
from libs.ledger.model import Kind, Movement
from libs.runtime import postgres, sql
from libs.runtime.clock import SystemClock
from libs.runtime.leases import shards_of
from libs.runtime.outbox import unpack
from libs.runtime.settings import PostgresSettings
from libs.sweeps.fates import load_fates
from libs.sweeps.forecast import forecast
from libs.sweeps.preview import Total, preview, totals
from libs.sweeps.report import boundary_report
from services.expiry import store as sweeps
from services.expiry.announcements import WRITER
from services.expiry.crowd import Crowd
from services.expiry.lane import Means
from services.expiry.metrics import ExpiryMetrics
from services.expiry.overseer import Overseer, Rules
from services.expiry.sweeper import Sweeper
from tests.integration.test_rebuild import Life, Owner, assert_sound, lives, store
from tests.support.database import ACME, Database
from tests.support.stack import until

BOUNDARY = datetime(2025, 3, 31, 22, tzinfo=UTC)
LEASES = sql.load("libs.runtime", "leases.sql")
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
OUTBOX = "SELECT topic, events FROM stream.outbox WHERE starts_with(shard, 'expiry/') ORDER BY shard, seq"
STATES = "SELECT boundary, state FROM expiry.sweep WHERE tenant_id = 1 ORDER BY boundary"
ASK = "UPDATE expiry.sweep SET asked = $1, asked_by = 'eva' WHERE tenant_id = 1"
MONTHS_AGO = """
WITH head AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, lapses_at)
    VALUES (1, 1, $1, 2, 0, '2025-03-31T22:00Z')
)
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
VALUES (1, 1, $1, 1, 'points', 10, 10, '2025-01-01', '2025-01-01', '2025-03-31T22:00Z', '2025-01-01', 1, $1),
       (1, 1, $1, 2, 'points', 30, 30, '2025-01-01', '2025-01-01', '2025-06-30T22:00Z', '2025-01-01', 1, $1)
"""


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
    told: set[str] = field(default_factory=set)

    def overseer(self, rules: Rules = RULES) -> Overseer:
        metrics = ExpiryMetrics(CollectorRegistry())
        return Overseer(self.pool, self.clock, SystemClock(), rules, metrics, Crowd(), sweeps.VersionReader())

    def lane(self, holder: str) -> Sweeper:
        metrics = ExpiryMetrics(CollectorRegistry())
        lease = timedelta(seconds=60)
        return Sweeper(
            Means(
                self.pool, self.clock, SystemClock(), metrics, holder, lease, self.lock_bound, self.told.update, Crowd()
            )
        )

    async def sweep(self, lanes: Sequence[Sweeper], boundary: datetime) -> None:
        """Let these lanes work until every chunk is finished."""
        tasks = [asyncio.create_task(lane.run()) for lane in lanes]

        async def finished() -> bool:
            for task in tasks:
                if task.done():
                    task.result()
            return bool(await self.pool.fetchval(FINISHED, boundary) == 0)

        await until(finished, "every chunk is finished")
        for lane in lanes:
            lane.stop()
        await asyncio.gather(*tasks)


@pytest.fixture
async def sweeping(database: Database) -> AsyncIterator[Sweeping]:
    settings = PostgresSettings(dsn=database.dsn("expiry"))
    async with postgres.opened(postgres.pool(settings, "expiry-test")) as pool:
        async with pool.acquire() as connection:
            await connection.execute(LEASES["ensure"], shards_of(WRITER))
        yield Sweeping(pool, SetClock(BOUNDARY + timedelta(minutes=1)))


async def events(connection: asyncpg.Connection, topic: str) -> list[dict[str, Any]]:
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
    foreseen = await forecast_of(sweeping)
    assert foreseen == Counter({(each.wallet, name): getattr(each, name) for each in planned for name in _FORESEEN})

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
        (ledger.member_id, lot.seq, lot.remaining, lot.held)
        for ledger in ledgers
        for lot in ledger.lots
        if lot.remaining
    }
    await assert_sound(superuser)

    async with sweeping.pool.acquire() as connection:
        left = totals(await preview(connection, SCOPE, BOUNDARY))
        (running,) = await sweeps.running(connection)
        done = await sweeps.done(connection, running.sweep)
    assert _sum(done, left) == planned, "the dry run is what was done and what is left to others"
    await assert_reported(superuser, [*plain, *others], expected)
    told = await events(superuser, "loyalty.points")
    assert {(each["data"]["member_id"], each["memberseq"]) for each in told} == {(str(m), seq) for m, seq in made}
    assert len({each["id"] for each in told}) == len(told) == len(made)
    await superuser.close()


async def forecast_of(sweeping: Sweeping) -> Counter[tuple[str, str]]:
    """What a forecast of now says of all that lapses by the boundary, by wallet."""
    sums: Counter[tuple[str, str]] = Counter()
    async with (
        sweeping.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        outlook = await forecast(connection, SCOPE, BOUNDARY - timedelta(days=9), ACME.zone)
    for each in outlook.slices:
        if each.lapses_at is not None and each.lapses_at <= BOUNDARY:
            sums.update({(each.wallet, "points"): each.points, (each.wallet, "lots"): each.lots})
    return sums


async def assert_reported(
    connection: asyncpg.Connection, members: list[Life], swept: dict[UUID, tuple[Movement, ...]]
) -> None:
    """The report of the boundary adds up what the ledger has, and each member is told their own part of it."""
    written = {life.ledger.member_id: [*life.journal, *swept.get(life.ledger.member_id, ())] for life in members}
    sums: Counter[tuple[str, str]] = Counter()
    for journal in written.values():
        for movement in journal:
            put_off = movement.kind is Kind.WAIVE and movement.spared is None
            if movement.kind in _REPORTED and not put_off and movement.effective_at <= BOUNDARY:
                sums[_REPORTED[movement.kind], movement.wallet] += movement.amount
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        report = await boundary_report(connection, SCOPE, BOUNDARY, None)
    assert {(each.what, each.wallet): each.points for each in report.happenings} == sums
    stores = [each for each in report.origins if each.split == "store"]
    assert {("lapsed", each.wallet): each.points for each in stores} == {
        key: points for key, points in sums.items() if key[0] == "lapsed"
    }
    for member, movements in list(swept.items())[:20]:
        fates = await load_fates(connection, SCOPE, member, (BOUNDARY - timedelta(days=30), BOUNDARY), BOUNDARY)
        told = {
            (each.touched.at, each.touched.lot.seq, each.touched.points)
            for each in fates
            if each.touched.what == "lapsed"
        }
        assert told >= {
            (movement.effective_at, part.lot_seq, part.amount)
            for movement in movements
            if movement.kind is Kind.EXPIRE and movement.effective_at > BOUNDARY - timedelta(days=30)
            for part in movement.allocations
        }


async def test_a_person_lets_a_sweep_rest_go_on_and_end(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await store(superuser, lives(120, 13))
    by_hand = sweeping.overseer(replace(RULES, automatic=False))

    async def ask(what: str) -> str:
        await superuser.execute(ASK, what)
        await by_hand.look()
        return str(await superuser.fetchval("SELECT state FROM expiry.sweep WHERE tenant_id = 1"))

    await by_hand.look()
    await by_hand.look()
    assert await superuser.fetchval("SELECT state FROM expiry.sweep WHERE tenant_id = 1") == "announced"
    assert await ask("resume") == "announced"
    assert [await ask("pause"), await ask("run"), await ask("resume"), await ask("run")] == [
        "paused", "paused", "announced", "running",
    ]  # fmt: skip
    async with sweeping.pool.acquire() as connection:
        now = sweeping.clock.now()
        in_hand = await sweeps.claim(connection, "one", now, now + timedelta(days=9_000))
        assert in_hand is not None
        async with connection.transaction():
            assert await sweeps.holds(connection, in_hand)
        assert await ask("pause") == "paused"
        assert await sweeps.claim(connection, "two", now, now) is None
        async with connection.transaction():
            assert not await sweeps.holds(connection, in_hand)
        assert await ask("resume") == "running"
        again = await sweeps.claim(connection, "two", now + timedelta(days=9_001), now)
        assert again is not None
        assert (again.number, again.epoch) == (in_hand.number, in_hand.epoch + 1)
        async with connection.transaction():
            assert not await sweeps.holds(connection, in_hand), "who was given up writes nothing any more"
    assert await ask("cancel") == "cancelled"
    assert [await ask(what) for what in ("pause", "resume", "run")] == ["cancelled"] * 3
    turns = [
        each["type"].split(".")[3] for each in await events(superuser, "loyalty.sweeps") if each["tenant"] == "acme"
    ]
    assert turns == ["announced", "paused", "resumed", "started", "paused", "resumed", "cancelled"]
    await superuser.close()


async def test_boundaries_that_were_missed_are_caught_up_in_order(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await superuser.execute(MONTHS_AGO, UUID(int=7))
    sweeping.clock.instant = BOUNDARY + timedelta(days=200)
    seen = []
    for _ in range(12):
        await sweeping.overseer().look()
        for row in await superuser.fetch(STATES):
            if tuple(row) not in seen:
                seen.append(tuple(row))
            if row["state"] == "running":
                await sweeping.sweep([sweeping.lane("one")], row["boundary"])
    boundaries = [datetime(2025, 3, 31, 22, tzinfo=UTC), datetime(2025, 6, 30, 22, tzinfo=UTC),
                  datetime(2025, 9, 30, 22, tzinfo=UTC)]  # fmt: skip
    assert [boundary for boundary, state in seen if state == "finished"] == boundaries
    moved = await superuser.fetch("SELECT seq, amount, effective_at FROM ledger.movement ORDER BY seq")
    assert [tuple(row) for row in moved] == [(3, 10, boundaries[0]), (4, 30, boundaries[1])]
    await superuser.close()


def _sum(*parts: list[Total]) -> list[Total]:
    wallets = sorted({total.wallet for part in parts for total in part})
    return [
        Total(
            wallet, *(sum(getattr(t, name) for part in parts for t in part if t.wallet == wallet) for name in _NUMBERS)
        )
        for wallet in wallets
    ]


_NUMBERS = ("members", "lots", "points")
_FORESEEN = ("lots", "points")
_REPORTED = {Kind.EXPIRE: "lapsed", Kind.WAIVE: "spared"}
