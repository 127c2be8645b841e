"""Limits that members share hold however many workers use them, and are told of at 80 and 100 percent, once."""

from __future__ import annotations

import asyncio
from random import Random
from uuid import UUID

import asyncpg
import pytest

from libs.runtime import stream_store
from services.earning import herald_store, store
from services.earning.verdict import CounterName
from tests.integration.earning.test_herald import Kept, Stage, stage
from tests.support.database import Database
from tests.support.receipts import WHEN

__all__ = ["stage"]
WORKERS, BATCHES, MOST = 6, 12, 400
BUDGET = "flights|ever"
OUTBOX: stream_store.Enqueuing = (WHEN, [], [], [], [], [], [])


class Worker:
    """Takes from a budget in transactions, as batches do: on what it saw, and again with the counter locked."""

    def __init__(self, dsn: str, seed: int, all_saw: asyncio.Barrier) -> None:
        self.dsn, self.random, self.all_saw = dsn, Random(seed), all_saw
        self.member = f"flights|2024-05|{UUID(int=seed)}"
        self.taken = self.refused = 0

    async def run(self) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await self.take(connection, MOST // WORKERS + 20, together=True)
            for _ in range(BATCHES - 1):
                back = self.taken > 20 and self.random.random() < 0.3
                await self.take(connection, -self.random.randint(1, 20) if back else self.random.randint(1, 30))
        finally:
            await connection.close()

    async def take(self, connection: asyncpg.Connection, wanted: int, *, together: bool = False) -> None:
        try:
            await self.batch(connection, wanted, lock=False, together=together)
        except asyncpg.PostgresError as error:
            if error.sqlstate != "PS001":
                raise
            self.refused += 1
            await self.batch(connection, wanted, lock=True)

    async def batch(self, connection: asyncpg.Connection, wanted: int, *, lock: bool, together: bool = False) -> None:
        name: CounterName = (1, 1, BUDGET)
        async with connection.transaction():
            used = (await store.load_counters(connection, [name], lock=lock)).get(name, 0)
            taken = min(wanted, MOST - used)
            if together:
                await self.all_saw.wait()
            await store.end_batch(connection, {name: (taken, MOST), (1, 1, self.member): (1, BATCHES)}, OUTBOX)
        self.taken += taken


async def test_many_workers_use_a_budget_up_to_the_last_and_each_share_is_noted_once(database: Database) -> None:
    all_saw = asyncio.Barrier(WORKERS)
    workers = [Worker(database.dsn("earning"), seed, all_saw) for seed in range(WORKERS)]
    await asyncio.gather(*[worker.run() for worker in workers])
    last = Worker(database.dsn("earning"), WORKERS, all_saw)
    connection = await asyncpg.connect(database.dsn("earning"))
    for wanted in (MOST, -MOST // 2, MOST):
        await last.batch(connection, wanted, lock=True)
    used = {row["counter_key"]: row["used"] for row in await connection.fetch("SELECT * FROM earning.counter")}
    reached = await herald_store.load_reached(connection, 100)
    await connection.close()
    assert sum(worker.refused for worker in workers), "all saw a budget that was not enough for all"
    assert used[BUDGET] == MOST == sum(worker.taken for worker in (*workers, last))
    assert [(each.key, each.share, each.most) for each in reached] == [(BUDGET, 80, MOST), (BUDGET, 100, MOST)]
    assert MOST * 80 // 100 <= reached[0].used <= MOST


async def test_a_reached_limit_is_told_of_with_what_it_says_and_once(stage: Stage) -> None:
    await stage.load()
    await stage.herald.look()
    stage.sender.told()
    uses: dict[CounterName, tuple[int, int]] = {
        (1, 1, "flights|2024-05|store=7"): (85, 100),
        (1, 1, "*coins|2024-W18"): (100, 100),
        (1, 1, "base#discount|ever"): (79, 100),
    }
    async with stage.pool.acquire() as connection, connection.transaction():
        await store.end_batch(connection, uses, OUTBOX)
    stage.sender.lose = True
    await stage.herald.look()
    lost = stage.sender.told()
    await stage.herald.look()
    told = stage.sender.told()
    assert lost == told
    assert await _nothing_more(stage.sender, stage)
    assert [(each["subject"], each["partitionkey"]) for each in told] == [
        ("*", "acme/main/*"),
        ("*", "acme/main/*"),
        ("flights", "acme/main/flights"),
    ]
    assert [each["data"]["share"] for each in told] == [80, 100, 80]
    when = told[2]["data"].pop("reached_at")
    assert when.startswith(WHEN.isoformat()[:19])
    assert told[2]["data"] == {
        "campaign": "flights", "limit": "flights|2024-05|store=7", "unit": "points", "scope": "store", "place": "7",
        "period": "month", "within": "2024-05", "share": 80, "used": 85, "total": 100,
    }  # fmt: skip
    assert (told[0]["data"]["wallet"], told[0]["data"]["period"]) == ("coins", "week")
    async with stage.pool.acquire() as connection, connection.transaction():
        await store.end_batch(connection, {(1, 1, "flights|2024-05|store=7"): (5, 100)}, OUTBOX)
        await store.end_batch(connection, {(1, 1, "flights|2024-05|store=7"): (45, 150)}, OUTBOX)
    await stage.herald.look()
    assert [(each["data"]["share"], each["data"]["total"]) for each in stage.sender.told()] == [(80, 150)]


async def _nothing_more(sender: Kept, stage: Stage) -> bool:
    await stage.herald.look()
    return sender.told() == []


@pytest.mark.parametrize(
    "uses", [{(1, 1, BUDGET): (101, 100)}, {(1, 1, BUDGET): (90, 100), (1, 1, "base|ever"): (11, 10)}]
)
async def test_what_would_pass_a_limit_notes_nothing(
    database: Database, uses: dict[CounterName, tuple[int, int]]
) -> None:
    connection = await asyncpg.connect(database.dsn("earning"))
    with pytest.raises(asyncpg.PostgresError) as refused:
        await store.end_batch(connection, uses, OUTBOX)
    assert refused.value.sqlstate == "PS001"
    assert await herald_store.load_reached(connection, 100) == []
    await connection.close()
