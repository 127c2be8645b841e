"""What a purchase would bring, asked of a door on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.integration.gateway.conftest import NOW, MakeKey, SetClock, bearer
from tests.integration.gateway.scribe import QUERIES, Scribe
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.programmes import put_programme, put_rate
from tests.support.stack import until

COFFEE = {"line": 1, "sku": "coffee-500g", "quantity": 1, "amount_minor": 899}
PRODUCE = {"line": 2, "sku": "apples", "category": "PRODUCE", "quantity": 3, "amount_minor": 450}


def cart(*lines: dict[str, Any], card: str | None = None, **changes: Any) -> dict[str, Any]:
    """A body: what a cart holds, and whose it is."""
    data = {
        "currency": "EUR",
        "total_minor": sum(each["amount_minor"] for each in lines),
        "lines": list(lines),
        "identifiers": [] if card is None else [{"kind": "card", "value": card}],
    }
    return {"source": "/acme/pos/1", "data": data} | changes


async def quoted(client: httpx.AsyncClient, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = await client.post("/v1/quote", json=body, **options)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(client: httpx.AsyncClient, body: dict[str, Any]) -> tuple[int, str, list[str]]:
    answer = await client.post("/v1/quote", json=body)
    told = answer.json()
    return answer.status_code, told["code"], [fault["pointer"] for fault in told.get("errors", [])]


async def test_what_a_cart_would_bring(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member(tier="gold")
    await member.identify("card:98123456")
    await member.credit(100, NOW - timedelta(days=1))
    told = await quoted(client, cart(COFFEE, PRODUCE, card="98123456"))
    assert (told["outcome"], told["member_id"], told["tier"]) == ("credited", str(member.member_id), "gold")
    assert told["words"] == "This would bring 42 points."
    (points,) = told["points"]
    assert (points["points"], points["active_from"], points["last_day"]) == (42, "2024-03-02T10:00:00Z", "2024-06-30")
    assert [(line["line"], line["points"]) for line in told["lines"]] == [
        (1, [{"wallet": "points", "points": 8}]),
        (2, [{"wallet": "points", "points": 9}]),
    ]
    assert told["rest"] == [{"wallet": "points", "points": 25}]
    assert {paid["campaign"] for paid in told["explanation"]["campaigns"]} == {"base", "produce", "coffee"}
    (hint,) = told["hints"]
    assert hint["needs"][0]["amount_minor"] == 10_000 - 1_349
    assert hint["words"] == "Spend €86.51 more to get 137 points more."
    (balance,) = told["balances"]
    assert (balance["before"]["available"], balance["after"]["available"]) == (100, 142)


async def test_nothing_is_done(
    client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection
) -> None:  # fmt: skip
    member = await scribe.member()
    await member.identify("card:1")
    await superuser.execute(QUERIES["counter"], ACME.tenant_id, ACME.programme_id, "coffee|ever", 990)
    first = await quoted(client, cart(COFFEE, card="1"))
    assert [cap["after"] for cap in first["explanation"]["caps"]] == ["10"]
    assert await quoted(client, cart(COFFEE, card="1")) == first
    assert await superuser.fetchval(QUERIES["used"], ACME.tenant_id, "coffee|ever") == 990


async def test_guests_are_told_what_a_claim_would_bring(client: httpx.AsyncClient) -> None:
    stranger = await quoted(client, cart(COFFEE, card="nobody"))
    assert (stranger["outcome"], stranger["member_id"], stranger["balances"]) == ("unclaimed", None, None)
    assert stranger["points"][0]["points"] == 33
    assert stranger["words"].startswith("Nobody has this identifier yet.")
    nobody = await quoted(client, cart(COFFEE))
    assert (nobody["outcome"], nobody["points"]) == ("no_member", stranger["points"])


async def test_debt_is_repaid_first(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    lot = await member.credit(20, NOW - timedelta(days=2))
    await member.move("redeem", ("active", "redeemed"), NOW - timedelta(days=1), [(lot, 20)])
    await member.move("reverse", ("debt", "reversed"), NOW - timedelta(hours=1), [], amount=20)
    told = await quoted(client, cart(COFFEE, member_id=str(member.member_id)))
    (balance,) = told["balances"]
    assert balance["before"] == {"available": 0, "spendable": 0, "pending": 0, "debt": 20, "lent": 0}
    assert balance["after"] == {"available": 13, "spendable": 13, "pending": 0, "debt": 0, "lent": 0}


async def test_words_are_in_the_reader_s_language(client: httpx.AsyncClient) -> None:
    body = cart(COFFEE)
    german = await quoted(client, body, headers={"Accept-Language": "de-CH,en;q=0.5"})
    assert german["hints"][0]["words"] == "Noch für 91,01\N{NO-BREAK SPACE}€ einkaufen: das bringt 142 Punkte mehr."
    assert "die Summe des Bons ist zu niedrig" in str(german["explanation"]["not_paid"])
    assert await quoted(client, body, params={"lang": "de"}) == german
    answer = await client.post("/v1/quote", json=body, params={"lang": "de"})
    assert answer.headers["content-language"] == "de"


async def test_a_later_instant(client: httpx.AsyncClient) -> None:
    told = await quoted(client, cart(COFFEE, at="2024-04-05T12:00:00+02:00"))
    assert (told["at"], told["points"][0]["last_day"]) == ("2024-04-05T10:00:00Z", "2024-09-30")
    now = await quoted(client, cart(COFFEE, at="2024-03-02T09:56:00Z"))
    assert now["at"] == "2024-03-02T10:00:00Z"


async def test_another_currency(client: httpx.AsyncClient, database: Database) -> None:
    waits = await quoted(client, cart(COFFEE) | {"data": cart(COFFEE)["data"] | {"currency": "CHF"}})
    assert (waits["outcome"], waits["reason"], waits["points"]) == ("no_member", "no-exchange-rate", [])
    await put_rate(database, "CHF", 1, 2_000_000_000, NOW - timedelta(days=1))

    async def known() -> bool:
        told = await quoted(client, cart(COFFEE) | {"data": cart(COFFEE)["data"] | {"currency": "CHF"}})
        return bool(told["points"])

    await until(known, "the rate is quoted by")
    told = await quoted(client, cart(COFFEE) | {"data": cart(COFFEE)["data"] | {"currency": "CHF"}})
    assert told["points"][0]["points"] == 17 + 25
    assert told["rate"] == {"version": 1, "rate": "2"}


async def test_a_new_version_is_seen_within_seconds(client: httpx.AsyncClient, database: Database) -> None:
    assert (await quoted(client, cart(COFFEE)))["points"][0]["points"] == 33
    document = programme_document(ACME)
    await put_programme(database, document | {"campaigns": document["campaigns"][:1]})  # type: ignore[index]

    async def changed() -> bool:
        told = await quoted(client, cart(COFFEE))
        return bool(told["points"][0]["points"] == 8)

    await until(changed, "the new version is quoted by")


@pytest.mark.parametrize(
    ("body", "status", "code", "pointers"),
    [
        ({}, 422, "request-invalid", ["/body/data"]),
        (cart(COFFEE, extra=1), 422, "request-invalid", ["/body/extra"]),
        (cart(COFFEE, at="2024-03-01T10:00:00Z"), 422, "request-invalid", ["/body/at"]),
        (cart(COFFEE, at="2026-01-01T00:00:00Z"), 422, "request-invalid", ["/body/at"]),
        (cart(COFFEE, at="noon"), 422, "request-invalid", ["/body/at"]),
        (cart(COFFEE, member_id="x"), 422, "request-invalid", ["/body/member_id"]),
        (cart(COFFEE, member_id="0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"), 404, "member-unknown", []),
        (cart(COFFEE, source="/globex/pos/1"), 422, "source-unknown", ["/body/source"]),
        (cart(COFFEE, source=None, programme="other"), 422, "programme-needed", ["/body/programme"]),
        ({"data": {"currency": "EUR", "total_minor": "1"}}, 422, "event-invalid", ["/body/data/total_minor"]),
        ({"data": {"currency": "XXX", "total_minor": 1}}, 422, "event-invalid", ["/body/data/currency"]),
    ],
)
async def test_what_can_not_be_quoted(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, code: str, pointers: list[str]
) -> None:
    assert await refused(client, body) == (status, code, pointers)


async def test_tenants_are_apart(client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey) -> None:
    member = await scribe.member()
    await member.identify("card:1")
    text, _ = await make_key(GLOBEX, "quotes:read")
    body = {"data": cart(COFFEE, card="1")["data"] | {"currency": "USD"}}
    answer = await client.post("/v1/quote", json=body, headers=bearer(text))
    assert (answer.json()["outcome"], answer.json()["programme"]) == ("unclaimed", "main")
    answer = await client.post(
        "/v1/quote", json=body | {"member_id": str(member.member_id)}, headers=bearer(text)
    )  # fmt: skip
    assert answer.json()["code"] == "member-unknown"
    other, _ = await make_key(GLOBEX, "members:read")
    assert (await client.post("/v1/quote", json=body, headers=bearer(other))).status_code == 403


async def test_a_pause_is_no_reason_to_quote_by_old_rules(
    client: httpx.AsyncClient, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some seconds without requests the first one waits for the look."""
    await quoted(client, cart(COFFEE))
    document = programme_document(ACME)
    await put_programme(database, document | {"campaigns": document["campaigns"][:1]})  # type: ignore[index]
    monkeypatch.setattr("services.gateway.running.FRESH", 0.0)
    monkeypatch.setattr("services.gateway.running.STALE", 0.0)
    assert (await quoted(client, cart(COFFEE)))["points"][0]["points"] == 8
