"""Balances on their topic: everybody's last one is the ledger's, whoever tells it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from tests.integration.earning.test_lives import HOUR, play, points
from tests.support.lives import adjusted, returned
from tests.support.pointstream import Pointstream
from tests.support.receipts import POINTS, PROFILES, PURCHASES, WHEN, Record, enrolment, member_id, purchase
from tests.support.stack import Stack, Worker, until

BALANCES = "loyalty.balances"
QUICKLY = {"POINTSTREAM_EARNING__BALANCES__WINDOW": "PT0.2S"}


async def last(stack: Stack) -> dict[str, tuple[int, Any]]:
    """Of each member the last balance that was told: by which movement, and the wallets."""
    events = [orjson.loads(record.value) for record in await stack.read(BALANCES)]
    return {event["data"]["member_id"]: (event["memberseq"], event["data"]["wallets"]) for event in events}


async def heads(stack: Stack) -> dict[str, int]:
    rows = await stack.fetch("SELECT member_id, seq FROM ledger.member WHERE seq > 0")
    return {str(row["member_id"]): row["seq"] for row in rows}


async def told_all(stack: Stack) -> None:
    async def done() -> bool:
        told = await last(stack)
        return {member: told.get(member, (0,))[0] for member in await heads(stack)} == await heads(stack)

    await until(done, "every last movement is in a balance")


async def some_life(stack: Stack, cards: int) -> None:
    await play(stack, *(enrolment(str(card)) for card in range(cards)))
    await play(stack, *(purchase(f"R-{card}", 1_000 + 100 * card, card=str(card)) for card in range(cards)))
    one = member_id("1")
    await play(stack, adjusted("A-1", one, -8, time=WHEN + HOUR), adjusted("A-2", one, 3, time=WHEN + HOUR))
    await play(stack, returned("T-1", "R-1", time=WHEN + 2 * HOUR), returned("T-2", "R-2", time=WHEN + 2 * HOUR))


async def test_balances_are_told_and_equal_the_ledger(stack: Stack, pointstream: Pointstream) -> None:
    worker = await stack.start_ready(**QUICKLY)
    await some_life(stack, 20)
    await stack.produce([Record(POINTS, b"card:77", b"{}"), Record(POINTS, b"\xff", b"")])
    await told_all(stack)
    told = await last(stack)
    for card in range(20):
        wallets = told[str(member_id(str(card)))][1]
        assert sum(each["available"] - each["debt"] for each in wallets) == await points(stack, str(card))
    assert all(record.key and record.key.decode().rpartition("/")[2] in told for record in await stack.read(BALANCES))
    await until(lambda: _caught_up(worker), "the feed has read all")
    assert (await pointstream.run("republish", "balances"))["balances"] == 20
    assert await last(stack) == told


async def _caught_up(worker: Worker) -> bool:
    return worker.metric("loyalty_balances_behind_records") == 0 < worker.metric("loyalty_balances_told_total")


async def test_a_window_holds_no_more_than_it_may_and_the_next_goes_on(stack: Stack) -> None:
    small = {"POINTSTREAM_EARNING__BALANCES__MOST_MEMBERS": "7", "POINTSTREAM_EARNING__BALANCES__MOST_RECORDS": "20"}
    worker = await stack.start_ready(**QUICKLY, **small)
    await some_life(stack, 40)
    worker.kill()
    await stack.start_ready(instance="two", **QUICKLY, **small)
    await play(stack, purchase("R-more", 4_000, card="3"))
    await told_all(stack)


async def test_it_can_be_switched_off_and_goes_on_where_it_was(stack: Stack) -> None:
    worker = await stack.start_ready(POINTSTREAM_EARNING__BALANCES__ON="false")
    await some_life(stack, 5)
    assert (await last(stack), worker.stop()) == ({}, 0)
    await stack.start_ready(**QUICKLY)
    await told_all(stack)
    assert await stack.lag(PROFILES, "earning.profiles") == await stack.lag(PURCHASES, "earning.purchases") == 0


async def test_trouble_of_the_feed_is_nobody_elses(stack: Stack) -> None:
    """Nobody may read the debts: balances can't be told, points go on."""
    await stack.fetch("ALTER TABLE ledger.debt RENAME COLUMN amount TO amounts")
    worker = await stack.start_ready(**QUICKLY)
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", 1_000))
    await until(lambda: _logged(worker, "balances.interrupted"), "the feed is interrupted")
    assert (await points_alone(stack), await last(stack)) == (10, {})
    await until(lambda: asyncio.to_thread(worker.ready), "the worker is ready all the same")
    await stack.fetch("ALTER TABLE ledger.debt RENAME COLUMN amounts TO amount")
    await told_all(stack)


async def points_alone(stack: Stack) -> int:
    found: int = (await stack.fetch("SELECT sum(remaining)::int FROM ledger.lot"))[0][0]
    return found


async def _logged(worker: Worker, what: str) -> bool:
    return what in worker.log.read_text()
