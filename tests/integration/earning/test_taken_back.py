"""What is taken back while others come: R-7, and the budget that returns give back while others use it."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.integration.earning.test_crash import share
from tests.integration.earning.test_lives import outcomes
from tests.support.invariants import verified
from tests.support.lives import returned
from tests.support.loads import COFFEE, COFFEE_LIMIT, enrol
from tests.support.receipts import WHEN, line, purchase
from tests.support.stack import Stack

LEFT = "SELECT coalesce(sum(remaining), 0)::bigint FROM ledger.lot"
USED = "SELECT coalesce(sum(used), 0)::bigint FROM earning.counter"


async def test_each_purchase_is_returned_twice_at_once(stack: Stack) -> None:
    """R-7: one of two whole returns takes everything back, and the other finds nothing left."""
    await enrol(stack, [str(n) for n in range(80)])
    workers = await share(stack)
    await stack.produce(purchase(f"R-{n}", card=f"{n % 80}") for n in range(500))
    await stack.drained()
    twice = [returned(f"{side}-{n}", f"R-{n}")._replace(key=b"%d" % n) for n in range(500) for side in "ab"]
    twice = [record._replace(key=record.key + b"-%d" % (at % 2)) for at, record in enumerate(twice)]
    await stack.produce(twice)
    await stack.drained(seconds=120)
    found = await outcomes(stack)
    told = Counter(found[f"{side}-{n}"][0] for n in range(500) for side in "ab")
    assert told["reversed"] == 500
    assert sum(told.values()) - told["reversed"] == 500
    assert set(told) <= {"reversed", "unchanged", "no_points"}
    for n in range(500):
        assert [found[f"{side}-{n}"][0] for side in "ab"].count("reversed") == 1
    assert (await stack.fetch(LEFT))[0][0] == 0
    assert all(worker.metric("loyalty_receipts_total", outcome="reversed") > 0 for worker in workers)
    await verified(stack)


async def test_returns_give_a_shared_budget_back_while_others_use_it(stack: Stack) -> None:
    """Forty packets have the 25 points at a time; a hundred and twenty are sold, and every other one comes back."""
    await enrol(stack, [str(n) for n in range(60)])
    workers = await share(stack)
    seen: list[int] = []
    done = asyncio.Event()

    async def look() -> None:
        while not done.is_set():
            seen.append((await stack.fetch(USED))[0][0])
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    for turn in range(4):
        sold = range(turn * 30, turn * 30 + 30)
        await stack.produce(
            record
            for n in sold
            for record in (
                purchase(f"R-{n}", [line(COFFEE, 0)], card=f"{n % 60}"),
                *([returned(f"T-{n}", f"R-{n}", time=WHEN)._replace(key=b"%d" % n)] if n % 2 else []),
            )
        )
    await stack.drained(seconds=120)
    done.set()
    await looking
    used, left = (await stack.fetch(USED))[0][0], (await stack.fetch(LEFT))[0][0]
    assert used == left
    assert 0 < max(seen) <= COFFEE_LIMIT
    assert left <= 60 * 25
    assert (await stack.fetch("SELECT count(*) FROM earning.inbox"))[0][0] == 180
    assert all(worker.metric("loyalty_receipts_total") > 0 for worker in workers)
    await verified(stack)
