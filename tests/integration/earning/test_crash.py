"""Workers are killed where it hurts, and every receipt still becomes points exactly once."""

from __future__ import annotations

import asyncio
import random
import signal

import pytest

from libs.runtime.failpoint import POINTS as FAIL_POINTS
from tests.support.invariants import CONSUMER, durable, exactly_once
from tests.support.loads import TENANTS, enrol, two_tenants
from tests.support.receipts import PROFILES, PURCHASES, enrolment, member_id
from tests.support.stack import PATIENCE, Stack, Worker, until

SMALL_BATCHES = {"POINTSTREAM_EARNING__LOOP__BATCH": "60"}
OWNED = """
SELECT count(*) AS parts, coalesce(sum(next_offset), 0)::bigint AS done FROM stream.position
WHERE consumer = $1 AND owner = $2
"""
ENROLLED = """
SELECT (SELECT coalesce(sum(next_offset), 0)::bigint FROM stream.position WHERE consumer = 'earning.profiles') AS done,
       (SELECT count(*) FROM ledger.member) AS known
"""
UNPUBLISHED = "SELECT coalesce(sum(next_seq - 1 - published_seq), 0)::bigint FROM stream.outbox_shard"


async def owned(stack: Stack, instance: str) -> tuple[int, int]:
    """How many partitions a worker holds, and how far it has come with them."""
    row = (await stack.fetch(OWNED, CONSUMER, f"earning-{instance}"))[0]
    return row["parts"], row["done"]


async def share(stack: Stack) -> tuple[Worker, Worker]:
    """Start two workers, and wait until each holds half of the partitions."""
    workers = stack.start(instance="one"), stack.start(instance="two")

    async def halves() -> bool:
        return [(await owned(stack, name))[0] for name in ("one", "two")] == [6, 6]

    await until(halves, "two workers hold half of the partitions each")
    for worker in workers:
        await until(lambda worker=worker: asyncio.to_thread(worker.ready), f"{worker.name} is ready")  # type: ignore[misc]
    return workers


async def struck_at(stack: Stack, instance: str, offset: int) -> None:
    """Wait until a worker has consumed so many records."""

    async def reached() -> bool:
        return (await owned(stack, instance))[1] >= offset

    await until(reached, f"{instance} has consumed {offset} records", seconds=120)


@pytest.mark.parametrize(
    ("receipts", "seed"), [(30_000, 20170101), pytest.param(300_000, 7, marks=pytest.mark.slow)], ids=["30k", "300k"]
)
async def test_killed_in_mid_stream(stack: Stack, receipts: int, seed: int) -> None:
    """R-1: each of two workers is killed at a random place of its share, with records of its own still to come.

    What is to come then is sent later, so that no worker is too fast for whoever kills it.
    """
    load = two_tenants(receipts, members=500, seed=seed, coffees=40)
    await enrol(stack, load.cards)
    workers = dict(zip(("one", "two"), await share(stack), strict=True))
    chance = random.Random(seed)
    half = receipts // 2
    strikes = {
        "one": chance.randint(half // 10, half * 3 // 10),
        "two": chance.randint(half * 4 // 10, half * 6 // 10),
    }
    first, second, third, fourth = load.parts(4)
    for (name, offset), part in zip(strikes.items(), ((*first, *second), third), strict=True):
        producing = asyncio.create_task(stack.produce(part))
        await struck_at(stack, name, offset)
        workers[name].kill()
        done, known, lots = await durable(stack)
        assert done == known == lots
        workers[name] = stack.start(instance=name)
        await producing
    await stack.produce(fourth)
    await stack.drained(seconds=PATIENCE + receipts / 100)
    await exactly_once(stack, load)


DEATHS = {point: f"{point}:3" for point in FAIL_POINTS} | {
    "after-outbox-read": "after-outbox-read:1",  # reached once, by who comes after a worker that left events behind
    "after-send": "after-send:2",
}
LEAVES_EVENTS = {"after-commit", "after-outbox-read", "after-send"}


async def test_stopped_dead_at_every_point(stack: Stack) -> None:
    """R-3: one worker after another dies, each at another line; what each leaves is whole, and the next goes on."""
    load = two_tenants(6_000, members=200, seed=3, coffees=40)
    await enrol(stack, load.cards)
    await stack.produce(load.records)
    for point, death in DEATHS.items():
        await die(stack, point, death, len(load.records))
    assert DEATHS.keys() == set(FAIL_POINTS)
    await stack.start_ready()
    await stack.drained()
    proof = await exactly_once(stack, load)
    assert proof.repeats > 0, "what was sent before the mark must have come again"


@pytest.mark.slow
@pytest.mark.parametrize("point", FAIL_POINTS)
async def test_stopped_dead_at(stack: Stack, point: str) -> None:
    """R-3, the long form: each line with a load of its own, and all invariants after it."""
    load = two_tenants(4_000, members=200, seed=5, coffees=20)
    await enrol(stack, load.cards)
    await stack.produce(load.records)
    if point == "after-outbox-read":
        await die(stack, "after-commit", DEATHS["after-commit"], len(load.records))
    await die(stack, point, DEATHS[point], len(load.records))
    await stack.start_ready()
    await stack.drained()
    proof = await exactly_once(stack, load)
    assert proof.repeats > 0 or point != "after-send", "what was sent before the mark must have come again"


async def die(stack: Stack, point: str, death: str, receipts: int) -> None:
    """Run a worker to its death, and see what it left: no position ahead of its effects, work still to do."""
    worker = stack.start(POINTSTREAM_FAIL_POINT=death, **SMALL_BATCHES)
    assert await asyncio.to_thread(worker.process.wait, PATIENCE) == -signal.SIGKILL, worker.tail()
    done, known, lots = await durable(stack)
    assert done == known == lots, point
    assert done < receipts, f"{point}: no work was left to be struck"
    left = (await stack.fetch(UNPUBLISHED))[0][0]
    assert left > 0 or point not in LEAVES_EVENTS, point


async def test_killed_while_enrolling(stack: Stack) -> None:
    """R-3 for the topic of profiles: nobody is enrolled twice or forgotten, and receipts find everybody."""
    load = two_tenants(400, members=300, seed=11)
    enrolments = [enrolment(card, source=tenant.source) for tenant in TENANTS for card in load.cards]
    await stack.produce(enrolments)
    for death in ("after-save:2", "after-commit:2"):
        worker = stack.start(POINTSTREAM_FAIL_POINT=death, **SMALL_BATCHES)
        assert await asyncio.to_thread(worker.process.wait, PATIENCE) == -signal.SIGKILL, worker.tail()
        done, known = (await stack.fetch(ENROLLED))[0]
        assert done == known < len(enrolments), death
    await stack.start_ready()
    await stack.drained(PROFILES)
    rows = await stack.fetch("SELECT tenant_id, member_id, identifier FROM members.identifier")
    assert {tuple(row) for row in rows} == {
        (tenant.tenant_id, member_id(card, tenant.source), f"card:{card}") for tenant in TENANTS for card in load.cards
    }
    assert (await stack.fetch("SELECT count(*) FROM earning.inbox"))[0][0] == len(enrolments)
    await stack.produce(load.records)
    await stack.drained(PURCHASES)
    await exactly_once(stack, load, enrolled=len(enrolments))
