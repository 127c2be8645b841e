"""Receipts that wait, with the reason and the way on; and exchange rates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx

from tests.integration.gateway.scribe import QUERIES, Scribe, decision, receipt
from tests.support.database import ACME, GLOBEX, SeededTenant

FRIDAY = datetime(2024, 3, 1, tzinfo=UTC)


async def walk(client: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    """Everything of a list, in pages of two."""
    answer = await client.get(path, params={"limit": 2, **params})
    found: list[dict[str, Any]] = []
    while True:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body["data"]
        if not body["has_more"]:
            return found
        answer = await client.get(answer.links["next"]["url"])


async def test_what_waits_for_a_decision_comes_newest_first(
    client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    known = decision(ACME.source, "R-1", receipt(100, currency="CHF"), FRIDAY, outcome="awaiting_operator")
    await scribe.page([known])
    for minutes, key in ((0, known.key), (2, known.key), (1, known.key), (1, known.key)):
        at = FRIDAY + timedelta(minutes=minutes)
        await superuser.execute(QUERIES["parked"], ACME.tenant_id, ACME.programme_id, at, key)
    await superuser.execute(QUERIES["parked"], GLOBEX.tenant_id, GLOBEX.programme_id, FRIDAY, known.key)
    found = await walk(client, "/v1/parked")
    assert [one["recorded_at"][14:16] for one in found] == ["02", "01", "01", "00"]
    first = found[0]
    assert (first["reason"], first["currency"], first["store"], first["number"]) == (
        "no-exchange-rate", "CHF", "12", "000123",
    )  # fmt: skip
    assert "no rate is known" in first["words"]
    assert first["way_on"].startswith("Record a rate")
    assert (await client.get(first["receipt"]["href"])).status_code == 200


async def test_what_waits_for_an_owner_comes_by_number(
    client: httpx.AsyncClient, superuser: asyncpg.Connection
) -> None:
    async def put(tenant: SeededTenant, number: str, *identifiers: str) -> None:
        await superuser.execute(
            QUERIES["unclaimed"], tenant.tenant_id, tenant.programme_id, list(identifiers), number, FRIDAY
        )

    for number in ("5", "1", "3", "3", "2"):
        await put(ACME, number, "card:1")
    await put(ACME, "4")
    await put(GLOBEX, "0")
    found = await walk(client, "/v1/parked", waits_for="claim")
    assert [one["number"] for one in found] == ["1", "2", "3", "3", "4", "5"]
    assert [one["reason"] for one in found if one["number"] in "45"] == ["no_member", "unclaimed"]
    assert all("laim" in one["way_on"] for one in found)
    assert "card" not in str(found)


async def test_a_cursor_of_one_list_is_none_of_the_other(
    client: httpx.AsyncClient, superuser: asyncpg.Connection
) -> None:
    for number in "12":
        await superuser.execute(QUERIES["unclaimed"], ACME.tenant_id, ACME.programme_id, [], number, FRIDAY)
    cursor = (await client.get("/v1/parked?waits_for=claim&limit=1")).json()["next_cursor"]
    for path in ("/v1/parked", "/v1/rates", "/v1/parked?waits_for=claim&programme=main"):
        answer = await client.get(path, params={**httpx.URL(path).params, "cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")
    assert (await client.get("/v1/parked?waits_for=nothing")).json()["code"] == "request-invalid"


async def test_rates_come_by_currency_with_the_newest_version_first(
    client: httpx.AsyncClient, superuser: asyncpg.Connection
) -> None:
    for tenant, currency, version, rate in (
        (ACME, "USD", 1, 920_000_000),
        (ACME, "CHF", 1, 1_052_500_000),
        (ACME, "CHF", 2, 1_000_000_000),
        (ACME, "JPY", 1, 6_100_001),
        (GLOBEX, "EUR", 1, 1_090_000_000),
    ):
        await superuser.execute(QUERIES["rate"], tenant.tenant_id, tenant.programme_id, currency, version, rate, FRIDAY)
    found = await walk(client, "/v1/rates")
    assert [(one["currency"], one["version"], one["rate"]) for one in found] == [
        ("CHF", 2, "1"),
        ("CHF", 1, "1.0525"),
        ("JPY", 1, "0.006100001"),
        ("USD", 1, "0.92"),
    ]
    assert {one["into"] for one in found} == {"EUR"}
    assert [one["version"] for one in await walk(client, "/v1/rates", currency="CHF")] == [2, 1]
    assert await walk(client, "/v1/rates", programme="none") == []
