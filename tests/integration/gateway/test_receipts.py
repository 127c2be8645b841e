"""Receipts explained, and the conservation of points."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from tests.integration.gateway.scribe import QUERIES, Scribe, decision, receipt
from tests.support.database import ACME, GLOBEX

FRIDAY = datetime(2024, 3, 1, 17, 31, 9, tzinfo=UTC)
PRODUCE = {"line": 1, "sku": "apples", "category": "PRODUCE", "quantity": 3, "amount_minor": 450}
COFFEE = {"line": 2, "sku": "coffee-500g", "category": "GROCERY", "quantity": 1, "amount_minor": 899}


async def explained(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/receipts{path}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_paid_receipt_in_words_and_numbers(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    bought = receipt(1349, PRODUCE, COFFEE)
    await scribe.page([decision("/acme/pos/12/3", "R-1", bought, FRIDAY, member_id=member.member_id, lot=1)])
    told = await explained(client, "/acme/pos/12/3/R-1")
    assert (told["outcome"], told["reason"], told["programme"]) == ("credited", None, "main")
    assert told["member_id"] == str(member.member_id)
    # 13.49 for the whole, 4.50 once more for produce, 25 for coffee: 42.99, rounded down once.
    assert told["points"] == [{"wallet": "points", "points": 42}]
    assert told["lots"] == [
        {"lot": 1, "wallet": "points", "points": 42, "expires_at": "2024-06-30T22:00:00Z", "carried": False}
    ]
    explanation = told["explanation"]
    assert explanation["programme_version"] == 1
    assert explanation["local_time"] == "2024-03-01T18:31:09+01:00"
    assert {paid["campaign"]: paid["points"] for paid in explanation["campaigns"]} == {
        "base": "13.49",
        "produce": "4.5",
        "coffee": "25",
    }
    assert all(paid["arithmetic"] for paid in explanation["campaigns"])
    assert {failed["campaign"]: failed["condition"] for failed in explanation["not_paid"]} == {
        "big-basket": "min_total_minor"
    }
    assert explanation["rounding"] == [
        {"wallet": "points", "mode": "floor", "exact": "42.99", "points": 42, "remainder": "0.99"}
    ]
    assert "42 points" in told["words"]
    assert told["inputs"]["identifiers"] == [{"kind": "card", "masked": "••••3456"}]
    assert [line["sku"] for line in told["inputs"]["lines"]] == ["apples", "coffee-500g"]
    assert "98123456" not in str(told)


NAMES = [
    ("/acme/pos", "R-1", "/acme/pos/R-1"),
    ("/acme/pos/12/3", "a/b c", "/acme/pos/12/3/a%2Fb%20c"),
    ("/acme/pos/12", "ends/", "/acme/pos/12/ends%2F"),
    ("/acme/pos/ü", "ß?#%", "/acme/pos/%C3%BC/%C3%9F%3F%23%25"),
    ("/acme/pos/x%20y", "1", "/acme/pos/x%2520y/1"),
    ("/acme/pos/", "1", "/acme/pos//1"),
]


async def test_any_source_and_id_can_be_asked_for(client: httpx.AsyncClient, scribe: Scribe) -> None:
    for source, event_id, _ in NAMES:
        await scribe.page([decision(source, event_id, receipt(100), FRIDAY, outcome="no_member")])
    for source, event_id, path in NAMES:
        told = await explained(client, path)
        assert (told["source"], told["id"]) == (source, event_id)


@pytest.mark.parametrize(
    ("outcome", "reason", "words"),
    [
        ("unclaimed", None, "Nobody has this identifier yet"),
        ("no_member", None, "names nobody"),
        ("awaiting_operator", "period-closed", "too long after the end of the period"),
        ("awaiting_operator", "no-programme-yet", "before the programme's first version"),
        ("no_points", "a-new-reason", "a-new-reason"),
    ],
)
async def test_what_brought_nothing_says_why(
    client: httpx.AsyncClient, scribe: Scribe, outcome: Any, reason: str | None, words: str
) -> None:
    await scribe.page([decision(ACME.source, "R-2", receipt(100), FRIDAY, outcome=outcome, reason=reason)])
    told = await explained(client, "/acme/pos/R-2")
    assert told["explanation"] is None
    assert told["points"] == []
    assert words in told["words"]


async def test_a_receipt_of_many_on_a_page_is_found(client: httpx.AsyncClient, scribe: Scribe) -> None:
    await scribe.page([decision(ACME.source, f"R-{n}", receipt(n), FRIDAY, outcome="no_member") for n in range(1, 30)])
    assert (await explained(client, "/acme/pos/R-17"))["inputs"]["total_minor"] == 17


async def test_an_unknown_receipt_is_a_problem(client: httpx.AsyncClient) -> None:
    for path in ("/acme/pos/R-none", "/acme", "/", "//", "/%FF/x", "/acme/pos/%FF", "/acme/pos/%00", "/acme/pos/"):
        answer = await client.get(f"/v1/receipts{path}")
        assert answer.status_code == 404, path
        assert answer.json()["code"] in {"receipt-unknown", "not-found"}
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_receipt_of_another_tenant_is_unknown(client: httpx.AsyncClient, scribe: Scribe) -> None:
    theirs = decision("/globex/pos", "R-1", receipt(100), FRIDAY, outcome="no_member", tenant=GLOBEX)
    await scribe.page([theirs], GLOBEX)
    assert (await client.get("/v1/receipts/globex/pos/R-1")).json()["code"] == "receipt-unknown"


async def equation(client: httpx.AsyncClient) -> dict[str, Any]:
    (only,) = (await client.get("/v1/conservation")).json()["data"]
    return {name: value for name, value in only.items() if value and name not in {"programme", "wallet"}}


async def test_all_points_ever_issued_are_found_again(
    client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    assert (await client.get("/v1/conservation")).json()["data"] == []
    member, other = await scribe.member(), await scribe.member()
    await (await scribe.member(GLOBEX)).credit(999, FRIDAY)
    lot = await member.credit(100, FRIDAY)
    await member.move("redeem", ("active", "redeemed"), FRIDAY, [(lot, 30)])
    await member.move("hold", ("active", "held"), FRIDAY, [(lot, 20)])
    await member.move("reverse", ("debt", "reversed"), FRIDAY, [], amount=15)
    old = await other.credit(40, datetime(2023, 7, 1, tzinfo=UTC), expires_at=datetime(2023, 12, 31, 23, tzinfo=UTC))
    await other.credit(60, FRIDAY, active_from=datetime(2024, 4, 1, tzinfo=UTC))
    assert await equation(client) == {
        "issued": 200, "active": 90, "lapsed": 40, "pending": 60, "held": 20, "redeemed": 30,
        "reversed": 15, "debt": 15,
    }  # fmt: skip
    await other.move("expire", ("active", "expired"), datetime(2023, 12, 31, 23, tzinfo=UTC), [(old, 40)])
    assert (await equation(client))["expired"] == 40
    assert "lapsed" not in await equation(client)
    await superuser.execute(QUERIES["spoil"], GLOBEX.tenant_id)
    assert "difference" not in await equation(client)
    await superuser.execute(QUERIES["spoil"], ACME.tenant_id)
    assert (await equation(client))["difference"] == 2
