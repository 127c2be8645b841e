"""From a till to the member's page: what earning has done is what the door tells."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import asyncpg
import httpx

from libs.runtime.api_keys import mint
from tests.integration.gateway.scribe import QUERIES
from tests.support.database import ACME
from tests.support.receipts import PROFILES, PURCHASES, WHEN, Record, event, line, member_id, purchase
from tests.support.stack import Stack

PHONE = "+39061234567"


def with_phone() -> Record:
    data = {
        "member_id": str(member_id("1")),
        "identifiers": [{"kind": "card", "value": "1"}, {"kind": "phone", "value": PHONE}],
    }
    return event(PROFILES, "org.pointstream.member.enrolled.v1", "enrol-1", "/acme/pos", WHEN, "1", data)


async def door(stack: Stack) -> httpx.AsyncClient:
    text, key = mint(ACME.tenant_id, "test", ["admin"], WHEN, os.urandom)
    connection = await asyncpg.connect(stack.database.dsn())
    await connection.execute(
        QUERIES["api_key"], key.key_id, key.tenant_id, key.name, key.digest, list(key.scopes), WHEN, None, None
    )
    await connection.close()
    worker = await stack.start_ready("gateway")
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{worker.port}", headers={"Authorization": f"Bearer {text}"}, timeout=60
    )


async def told(client: httpx.AsyncClient, path: str, **params: Any) -> dict[str, Any]:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_what_earning_did_is_what_the_door_tells(stack: Stack) -> None:
    await stack.start_ready()
    await stack.produce([with_phone()])
    await stack.drained(PROFILES)
    await stack.produce(
        [
            purchase("R/1", [line("apples", 450, category="PRODUCE"), line("coffee-500g", 899)]),
            purchase("R-2", 40, time=WHEN + timedelta(minutes=1)),
            purchase(
                "R-3", 500, time=WHEN + timedelta(minutes=2), identifiers=[{"kind": "phone", "value": PHONE}], till="7"
            ),
            purchase("R-4", 700, card="nobody"),
        ]
    )
    await stack.drained(PURCHASES)
    client = await door(stack)
    member = f"/v1/members/{member_id('1')}"

    found = (await told(client, "/v1/members", identifier=f"phone:{PHONE}"))["data"]
    assert [one["member_id"] for one in found] == [str(member_id("1"))]
    shown = await told(client, member)
    assert [(one["kind"], one["masked"]) for one in shown["identifiers"]] == [("card", "••••"), ("phone", "••••")]
    (wallet,) = shown["wallets"]
    assert wallet["available"] == wallet["next_expiry"]["points"] == 42 + 5
    assert wallet["next_expiry"]["last_day"] == "2027-03-31"

    history = await told(client, f"{member}/history")
    # Card and phone are different keys, so receipts may have been taken in any order.
    assert sorted(entry["points"] for entry in history["data"]) == [0, 5, 42]
    for entry in history["data"]:
        receipt = await told(client, entry["receipt"]["href"])
        assert receipt["id"] == entry["receipt"]["id"]
        assert sum(grant["points"] for grant in receipt["points"]) == entry["points"]
        assert PHONE not in str(receipt)
    explained = await told(client, "/v1/receipts/acme/pos/1/1/R%2F1")
    assert {paid["campaign"] for paid in explained["explanation"]["campaigns"]} == {"base", "produce", "coffee"}
    unclaimed = await told(client, "/v1/receipts/acme/pos/1/1/R-4")
    assert (unclaimed["outcome"], unclaimed["member_id"], unclaimed["explanation"]) == ("unclaimed", None, None)

    (equation,) = (await told(client, "/v1/conservation"))["data"]
    assert (equation["issued"], equation["active"], equation["difference"]) == (47, 47, 0)
    await client.aclose()
