"""What and how a member buys, told from the decisions on their receipts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.promotions.pages import StoredDecision
from libs.receipts.story import Content, LineReturned, Return, Story, Void
from services.gateway.members import shopping_store
from services.gateway.members.shopping import span_start
from tests.integration.gateway.conftest import NOW, SetClock
from tests.integration.gateway.scribe import MemberScribe, Scribe, decision, receipt
from tests.support.database import ACME, GLOBEX

DAY = timedelta(days=1)


def line(number: int, sku: str, quantity: int, amount: int) -> dict[str, Any]:
    return {"line": number, "sku": sku, "category": "GROCERY", "quantity": quantity, "amount_minor": amount}


async def buy(
    scribe: Scribe, member: MemberScribe, name: str, at: datetime, *lines: dict[str, Any], **fields: Any
) -> StoredDecision:
    """A purchase: with points when it is in the programme's currency, else without."""
    bought = receipt(sum(one["amount_minor"] for one in lines), *lines, receipt_number=name, **fields)
    made = decision(ACME.source, name, bought, at, member_id=member.member_id)
    if fields.get("currency", "EUR") == "EUR":
        await member.credit(1, at, cause=made.key)
    else:
        await member.unpaid(made.key, at)
    await scribe.page([made])
    return made


async def told(client: httpx.AsyncClient, member: MemberScribe, **params: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/members/{member.member_id}/shopping", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_products_baskets_and_frequency(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    await buy(scribe, member, "1", NOW - 40 * DAY, line(1, "coffee", 1, 500), line(2, "milk", 6, 600))
    await buy(scribe, member, "2", NOW - 30 * DAY, line(1, "coffee", 1, 500), line(2, "coffee", 1, 500))
    await buy(scribe, member, "3", NOW - 10 * DAY, line(1, "coffee", 1, 500), line(2, "bag", 0, 0))
    await buy(scribe, member, "4", NOW - 10 * DAY, line(1, "milk", 2, 301), currency="CHF")
    await buy(scribe, member, "old", NOW - 400 * DAY, line(1, "tea", 9, 900))
    shown = await told(client, member)
    assert (shown["since"], shown["until"], shown["cut"]) == ("2023-03-02T10:00:00Z", "2024-03-02T10:00:00Z", False)
    assert shown["baskets"] == [
        {"currency": "CHF", "purchases": 1, "total_minor": 301, "mean_minor": 301, "median_minor": 301,
         "largest_minor": 301},
        {"currency": "EUR", "purchases": 3, "total_minor": 2600, "mean_minor": 867, "median_minor": 1000,
         "largest_minor": 1100},
    ]  # fmt: skip
    assert [(one["sku"], one["purchases"], one["quantity"]) for one in shown["most_often"]] == [
        ("coffee", 3, 4),
        ("milk", 2, 8),
    ]
    assert [one["sku"] for one in shown["most_pieces"]] == ["milk", "coffee"]
    assert shown["most_pieces"][0]["amount_minor"] == {"EUR": 600, "CHF": 301}
    often = shown["frequency"]
    assert (often["purchases"], often["a_month"], often["days_between"], often["last_at"]) == (
        4, 0.3, 10.0, "2024-02-21T10:00:00Z",
    )  # fmt: skip
    months = {one["month"]: one["purchases"] for one in often["by_month"]}
    assert (len(months), months["2024-01"], months["2024-02"], months["2023-03"]) == (13, 1, 3, 0)
    assert [one["purchases"] for one in (await told(client, member, months=24))["most_often"]] == [3, 2, 1]


async def test_what_came_back_is_left_out(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    kept = await buy(scribe, member, "1", NOW - 3 * DAY, line(1, "coffee", 4, 1000), line(2, "milk", 1, 100))
    gone = await buy(scribe, member, "2", NOW - 2 * DAY, line(1, "coffee", 1, 500))
    void = await buy(scribe, member, "3", NOW - DAY, line(1, "coffee", 1, 500))
    theirs = await buy(scribe, member, "4", NOW - DAY, line(1, "coffee", 1, 500))
    at = NOW - timedelta(hours=1)

    async def tell(made: StoredDecision, owner: UUID | None = None, **facts: Any) -> None:
        content = Content(
            made.key, made.source, made.id, made.occurred_at, made.occurred_at, made.arrived_at, made.facts
        )
        story = Story(contents=(content,), owner=owner or member.member_id, **facts)
        await scribe.receipt(made, story=story)

    await tell(kept, returns=(Return(UUID(int=1), at, (LineReturned(1, 3), LineReturned(2))),))
    await tell(gone, returns=(Return(UUID(int=2), at),))
    await tell(void, voids=(Void(UUID(int=3), at),))
    await tell(theirs, owner=UUID(int=77))
    shown = await told(client, member)
    assert [(one["purchases"], one["total_minor"]) for one in shown["baskets"]] == [(1, 250)]
    assert [(one["sku"], one["quantity"], one["amount_minor"]) for one in shown["most_often"]] == [
        ("coffee", 1, {"EUR": 250})
    ]


async def test_only_so_many_receipts_are_looked_at_and_it_says_so(
    client: httpx.AsyncClient, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await scribe.member()
    for number in reversed(range(5)):
        await buy(scribe, member, str(number), NOW - number * DAY - DAY, line(1, f"sku-{number}", 1, 100))
    monkeypatch.setattr(shopping_store, "MOST", 3)
    shown = await told(client, member)
    assert (shown["cut"], shown["frequency"]["purchases"], shown["frequency"]["a_month"]) == (True, 3, None)
    assert {one["sku"] for one in shown["most_often"]} == {"sku-0", "sku-1", "sku-2"}


async def test_who_bought_nothing(client: httpx.AsyncClient, scribe: Scribe, clock: SetClock) -> None:
    member = await scribe.member()
    shown = await told(client, member, months=1)
    assert (shown["baskets"], shown["most_often"], shown["frequency"]["days_between"]) == ([], [], None)
    assert shown["frequency"]["last_at"] is None
    other = await scribe.member(GLOBEX)
    assert (await client.get(f"/v1/members/{other.member_id}/shopping")).status_code == 404
    for months in ("0", "61", "x"):
        answer = await client.get(f"/v1/members/{member.member_id}/shopping", params={"months": months})
        assert answer.json()["errors"][0]["pointer"] == "/query/months"


def test_a_span_begins_at_the_same_local_time_or_on_the_months_last_day() -> None:
    assert span_start(datetime(2024, 3, 31, 12, tzinfo=UTC), 1, "Europe/Rome") == datetime(2024, 2, 29, 13, tzinfo=UTC)
    assert span_start(datetime(2024, 1, 15, tzinfo=UTC), 12, "UTC") == datetime(2023, 1, 15, tzinfo=UTC)
