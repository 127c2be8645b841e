"""Every process of the running platform is killed while receipts are in flight, and each receipt still counts once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from deploy.embedded.state import SERVICES
from tests.support.receipts import Record
from tests.support.running import Platform, eventually
from tests.support.stack import PATIENCE, until

MEMBERS = 40
BURST = 3_000
REPEATED = 200
IN_FLIGHT = 200
TURNS = 4
"""How often a part is killed at most until it met enough receipts in flight: a busy machine may let all pass before."""
POINTS = 7
VICTIMS = (*SERVICES, "kafka", "postgres")
_DECIDED = "SELECT count(*) FROM earning.inbox WHERE tenant_id = 2"


async def test_each_receipt_is_one_credit_and_one_event_though_every_process_is_killed(platform: Platform) -> None:
    acme = platform.acme
    names = [f"killed-{number}" for number in range(MEMBERS)]
    await platform.publish([acme.enrolment(name) for name in names])
    await acme.enrolled(*names)

    sent: dict[str, str] = {}
    last: list[Record] = []
    for victim in VICTIMS:
        for turn in range(TURNS):
            burst = {f"{victim}-{turn}-{number}": names[number % MEMBERS] for number in range(BURST)}
            fresh = [acme.purchase(number, POINTS * 100, card=name) for number, name in burst.items()]
            in_flight = await strike(platform, victim, fresh, again=last[-REPEATED:])
            sent |= burst
            last = fresh
            if in_flight >= IN_FLIGHT:
                break
        else:
            raise AssertionError(f"{victim} was killed {TURNS} times when there was nothing left to do")

    await eventually(lambda: all(platform.ready().values()), "every part is ready again")
    told = await platform.events(
        "loyalty.points", lambda events: ids_of(events, "credited", sent).keys() == sent.keys()
    )
    for kind in ("evaluated", "credited"):
        ids = ids_of(told, kind, sent)
        assert ids.keys() == sent.keys()
        assert {len(of_receipt) for of_receipt in ids.values()} == {1}, f"one event '{kind}' for each receipt"
    for name, receipts in Counter(sent.values()).items():
        assert acme.balance(name) == receipts * POINTS
        assert acme.member(name)["member_seq"] == receipts
    assert platform.run("verify")["violations"] == 0
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        assert await platform.ask("SELECT current_setting($1)", name) == "on", "nor would a crash of the machine"


async def strike(platform: Platform, victim: str, fresh: list[Record], again: list[Record]) -> int:
    """Kill a part when some of the fresh receipts are decided and some are not; wait until it is back and all are.

    `again` are receipts that were sent before, as by a till that had no answer. Returns how many were in flight.
    """
    operator = await asyncpg.connect(platform.told["postgres"])
    before: int = await operator.fetchval(_DECIDED)
    done, due = before, before + len(fresh)
    publishing = asyncio.create_task(send(platform, again + fresh))
    try:
        async with asyncio.timeout(PATIENCE):
            while done == before:
                await asyncio.sleep(0.005)  # asked without a pause, the database would have no time for the receipts
                done = await operator.fetchval(_DECIDED)
        killed = platform.kill(victim)
    finally:
        operator.terminate()
    await eventually(lambda: platform.process_of(victim) != killed, f"{victim} is started again")
    await publishing

    async def all_decided() -> bool:
        try:
            decided: int = await platform.ask(_DECIDED)
        except (OSError, asyncpg.PostgresError):
            return False
        return decided >= due

    await until(all_decided, f"every receipt is decided after {victim} was killed")
    return due - done


async def send(platform: Platform, records: list[Record], seconds: float = 90) -> None:
    """Publish as a till does: without an answer from the broker it sends everything again."""

    async def answered() -> bool:
        try:
            await platform.publish(records)
        except KafkaError:
            return False
        return True

    await until(answered, "the broker answers", seconds=seconds)


def ids_of(events: list[dict[str, Any]], kind: str, sent: dict[str, str]) -> dict[str, set[str]]:
    """The ids of the events of a kind on each of these receipts."""
    ids: dict[str, set[str]] = {}
    for event in events:
        if event["type"].split(".")[-2] == kind and event["data"].get("receipt_id") in sent:
            ids.setdefault(event["data"]["receipt_id"], set()).add(event["id"])
    return ids
