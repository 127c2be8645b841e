"""The topic of balances filled again, and everything beside the movements computed again."""

from __future__ import annotations

import json
from typing import Any

import orjson

from tests.support.database import ACME
from tests.support.pointstream import Pointstream
from tests.support.receipts import PROFILES, PURCHASES, enrolment, member_id, purchase
from tests.support.stack import Stack

BALANCES = "loyalty.balances"


async def last_balances(stack: Stack) -> dict[str, Any]:
    return {record.key.decode(): orjson.loads(record.value) for record in await stack.read(BALANCES)}


async def some_members(stack: Stack, count: int) -> None:
    await stack.start_ready(POINTSTREAM_EARNING__BALANCES__ON="false")  # records are counted below
    cards = [str(number) for number in range(count)]
    await stack.produce([enrolment(card) for card in cards])
    await stack.drained(PROFILES)
    await stack.produce([purchase(f"R{card}", 100 * (int(card) + 1), card=card) for card in cards])
    await stack.drained(PURCHASES)


async def test_everybody_has_a_last_record(stack: Stack, pointstream: Pointstream) -> None:
    await some_members(stack, 30)
    told = await pointstream.run("republish", "balances", "--tenant", "acme")
    assert told["balances"] == 30
    found = await last_balances(stack)
    assert len(found) == 30
    for number in range(30):
        event = found[f"acme/main/{member_id(str(number))}"]
        (wallet,) = event["data"]["wallets"]
        assert (wallet["available"], event["memberseq"]) == (number + 1, 1)
    before = len(await stack.read(BALANCES))
    assert (await pointstream.run("republish", "balances", "--tenant", "globex"))["balances"] == 0
    one = member_id("7")
    assert (await pointstream.run("republish", "balances", "--member", one))["balances"] == 1
    assert len(await stack.read(BALANCES)) == before + 1
    assert (await pointstream.run("republish", "balances", "--resume"))["balances"] == 30, "nothing was left behind"

    ordered = sorted(member_id(str(number)) for number in range(30))
    stopped_behind = json.dumps([ACME.tenant_id, ACME.programme_id, str(ordered[19])])
    (pointstream.folder / "data" / "intake" / "republish-all.json").write_text(stopped_behind)
    before = len(await stack.read(BALANCES))
    assert (await pointstream.run("republish", "balances", "--resume"))["balances"] == 10
    records = await stack.read(BALANCES)
    assert len(records) == before + 10


async def test_what_follows_from_movements_is_made_again(stack: Stack, pointstream: Pointstream) -> None:
    await some_members(stack, 10)
    kept = "SELECT member_id, seq, remaining, held, pending FROM ledger.lot ORDER BY 1, 2"
    before = [tuple(row) for row in await stack.fetch(kept)]
    await stack.fetch("UPDATE ledger.lot SET remaining = 0, pending = true")
    told = await pointstream.run("db", "rebuild")
    assert told["members"] == 10
    assert [tuple(row) for row in await stack.fetch(kept)] == before
