"""What earning does with a receipt, as the door tells it: both as they are, with a broker between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import MakeKey, SetClock, bearer, running
from tests.support.database import ACME
from tests.support.receipts import PURCHASES, WHEN, Record, enrolment, event, line, member_id, purchase
from tests.support.stack import Stack


def about(kind: str, event_id: str, data: dict[str, Any], at: datetime) -> Record:
    """Something said about receipt 1 of store 1."""
    named = {"receipt_number": "1", "store": "1", **data}
    return event(PURCHASES, f"org.pointstream.purchase.{kind}.v1", event_id, "/acme/pos/1/1", at, "card:1", named)


async def told(client: httpx.AsyncClient, path: str, **params: str) -> dict[str, Any]:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_purchase_and_its_return_end_where_the_goods_do(
    settings: GatewaySettings, stack: Stack, make_key: MakeKey
) -> None:
    later = WHEN + timedelta(hours=1)
    await stack.start_ready()
    await stack.produce([enrolment("1")])
    await stack.drained("loyalty.profiles")
    bought = purchase("1", [line("tea", 3_000, quantity=3), line("rice", 1_250)])
    back = about("returned", "B-1", {"return_number": "B-1", "lines": [{"line": 1, "quantity": 1}]}, later)
    await stack.produce([bought, back])
    await stack.drained()
    kafka = settings.kafka.model_copy(update={"bootstrap": stack.bootstrap, "topic_prefix": stack.prefix})
    clock = SetClock(datetime.now(UTC) + timedelta(minutes=1))
    text, _ = await make_key(ACME, "admin")
    async with running(settings.model_copy(update={"kafka": kafka}), clock) as client:
        client.headers.update(bearer(text))
        state = await told(client, "/v1/receipts/by-number", number="1", store="1")
        assert (state["state"], state["member_id"]) == ("partly_returned", str(member_id("1")))
        (points,) = state["wallets"]
        assert (points["credited"], points["reversed"], points["left"]) == (42, 10, 32)
        assert state["remaining"]["total_minor"] == 3_250
        events = {one["kind"]: one for one in state["events"]}
        assert (events["purchase.completed"]["credited"], events["purchase.returned"]["reversed"]) == (42, 10)
        explained = await told(client, events["purchase.returned"]["href"])
        assert explained["judged"]["total_minor"] == 3_250
        assert explained["explanation"]["points"] == [{"wallet": "points", "points": 32}]
        assert explained["receipt"]["href"].startswith("/v1/receipts/by-number?number=1&store=1")
        member = f"/v1/members/{member_id('1')}"
        history = (await told(client, f"{member}/history"))["data"]
        assert [(one["kind"], one["points"], one["receipt"]["kind"]) for one in history] == [
            ("reverse", -10, "purchase.returned"),
            ("credit", 42, "purchase.completed"),
        ]
        shopping = await told(client, f"{member}/shopping")
        assert [(one["sku"], one["quantity"]) for one in shopping["most_pieces"]] == [("tea", 2), ("rice", 1)]
        assert shopping["baskets"][0]["total_minor"] == 3_250
        assert (await told(client, member))["wallets"][0]["available"] == 32
        between = await told(client, member, at=(later - timedelta(minutes=1)).isoformat())
        assert between["wallets"][0]["available"] == 42
