"""Receipts explained, and the conservation of points."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from libs.contracts.events import (
    ActivityRecordedV1,
    AdjustmentRequestedV1,
    MemberDueV1,
    PurchaseClaimedV1,
    PurchaseResolvedV1,
    PurchaseReturnedV1,
    PurchaseVoidedV1,
)
from libs.promotions.pages import Moved, StoredDecision
from libs.receipts.story import Account, Content, Gained, LineReturned, Return, Story, Void
from libs.runtime.keys import event_key
from tests.integration.gateway.scribe import QUERIES, Scribe, decision, receipt, said
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


FOLLOWING = [
    (
        "purchase.returned", PurchaseReturnedV1,
        {"receipt_number": "000123", "store": "12", "return_number": "B-1", "lines": [{"line": 1, "quantity": 2}],
         "identifiers": [{"kind": "card", "value": "98123456"}]},
        {"outcome": "reversed", "moved": (Moved(7, "reverse", "points", "active", "reversed", 30, 1),)},
        "30 points were taken back.",
        {"type": "return", "return_number": "B-1", "lines": [{"line": 1, "quantity": 2, "amount_minor": None}]},
    ),
    (
        "purchase.voided", PurchaseVoidedV1, {"receipt_number": "000123", "store": "12", "reason": "typed twice"},
        {"outcome": "unchanged"}, "It changed nothing", {"type": "void", "reason": "typed twice"},
    ),
    (
        "purchase.claimed", PurchaseClaimedV1,
        {"receipt_number": "000123", "store": "12", "member_id": str(UUID(int=5)), "total_minor": 100},
        {"outcome": "refused", "reason": "total-differs"}, "It was refused.", {"type": "claim", "total_minor": 100},
    ),
    (
        "purchase.resolved", PurchaseResolvedV1,
        {"receipt_number": "000123", "store": "12", "decision": "forgive", "reason": "goodwill", "decided_by": "eva"},
        {"outcome": "unchanged"}, "It changed nothing",
        {"type": "resolution", "decision": "forgive", "decided_by": "eva"},
    ),
    (
        "activity.recorded", ActivityRecordedV1,
        {"activity": "delivered", "receipt_number": "000123", "store": "12"},
        {"outcome": "activated", "moved": (Moved(8, "activate", "points", "pending", "active", 45),)},
        "became active", {"type": "activity", "activity": "delivered", "member_id": None},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "model", "data", "decided", "words", "inputs"), FOLLOWING, ids=lambda one: str(one)[:20]
)
async def test_what_follows_a_purchase_is_explained_and_leads_to_its_number(
    client: httpx.AsyncClient, scribe: Scribe, kind: str, model: Any, data: Any, decided: Any, words: str, inputs: Any
) -> None:
    await scribe.page([said(kind, model, "E-1", FRIDAY, data, **decided)])
    told = await explained(client, "/acme/pos/E-1")
    assert (told["kind"], told["outcome"]) == (kind, decided["outcome"])
    assert words in told["words"]
    assert {name: told["inputs"][name] for name in inputs} == inputs
    assert [moved["points"] for moved in told["moved"]] == [moved.points for moved in decided.get("moved", ())]
    assert told["receipt"] == {
        "number": "000123",
        "store": "12",
        "href": "/v1/receipts/by-number?number=000123&store=12&programme=main",
    }
    assert "98123456" not in str(told)


async def test_an_adjustment_is_about_no_receipt(client: httpx.AsyncClient, scribe: Scribe) -> None:
    data = {
        "member_id": str(UUID(int=5)), "wallet": "points", "points": -20, "reason": "goodwill", "requested_by": "eva",
    }  # fmt: skip
    made = said("adjustment.requested", AdjustmentRequestedV1, "A-1", FRIDAY, data, outcome="adjusted")
    ours = msgspec.structs.replace(made, source="/pointstream/acme/main/console")
    await scribe.page([msgspec.structs.replace(ours, key=event_key(ours.source, ours.id))])
    told = await explained(client, "/pointstream/acme/main/console/A-1")
    assert (told["receipt"], told["programme"], told["inputs"]["points"]) == (None, "main", -20)
    asked = {"member_id": str(UUID(int=5)), "due_at": "2024-03-01T00:00:00Z"}
    due = said("member.due", MemberDueV1, "D-1", FRIDAY, asked, outcome="unchanged")
    await scribe.page([due])
    assert (await explained(client, "/acme/pos/D-1"))["inputs"] == {"type": "other", "member_id": None}


async def test_what_is_left_of_a_purchase_is_judged_and_shown_beside_what_was_said(
    client: httpx.AsyncClient, scribe: Scribe
) -> None:
    member = await scribe.member()
    bought = receipt(1349, PRODUCE, COFFEE)
    left = receipt(899, COFFEE)
    first = decision(ACME.source, "R-1", left, FRIDAY, member_id=member.member_id)
    data = {"receipt_number": "000123", "store": "12", "lines": [{"line": 1}]}
    back = said(
        "purchase.returned", PurchaseReturnedV1, "B-1", FRIDAY, data, outcome="reversed", judged=left,
        evaluation=first.evaluation, member_id=member.member_id, rate=(3, 1_052_500_000),
    )  # fmt: skip
    await scribe.page([back])
    told = await explained(client, "/acme/pos/B-1")
    assert told["judged"]["total_minor"] == 899 != bought.total_minor
    assert told["explanation"]["points"] == [{"wallet": "points", "points": 33}]
    assert told["rate"] == {"version": 3, "rate": "1.0525"}


async def by_number(client: httpx.AsyncClient, number: str = "000123", store: str | None = "12") -> dict[str, Any]:
    given = {"number": number} | ({} if store is None else {"store": store})
    answer = await client.get("/v1/receipts/by-number", params=given)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_plain_purchase_is_found_by_its_number(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    made = decision(
        ACME.source, "R-1", receipt(1349, PRODUCE, COFFEE), FRIDAY, member_id=member.member_id, lot=1
    )  # fmt: skip
    await scribe.page([made])
    await scribe.receipt(made)
    told = await by_number(client)
    assert (told["state"], told["member_id"], told["waits_for"]) == ("stands", str(member.member_id), None)
    assert told["words"] == "The purchase stands. 42 points credited, 42 left."
    assert told["content"] == told["remaining"]
    assert [(event["kind"], event["credited"]) for event in told["events"]] == [("purchase.completed", 42)]
    assert (await client.get(told["events"][0]["href"])).json()["receipt"]["href"].endswith("programme=main")
    for number, store in (("000123", None), ("000123", "13"), ("124", "12")):
        params = {"number": number} | ({} if store is None else {"store": store})
        answer = await client.get("/v1/receipts/by-number", params=params)
        assert (answer.status_code, answer.json()["code"]) == (404, "receipt-unknown")
    assert (await client.get("/v1/receipts/by-number")).json()["code"] == "request-invalid"


def content_of(made: StoredDecision) -> Content:
    at = made.occurred_at
    return Content(made.key, made.source, made.id, at, at, made.arrived_at, made.facts)


async def test_the_whole_life_of_a_receipt_under_its_number(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    made = decision(
        ACME.source, "R-1", receipt(1349, PRODUCE, COFFEE), FRIDAY, member_id=member.member_id, lot=1
    )  # fmt: skip
    data = {"receipt_number": "000123", "store": "12", "lines": [{"line": 1}]}
    moved = (Moved(2, "reverse", "points", "active", "reversed", 9, 1),)
    at = FRIDAY + timedelta(days=1)
    back = said("purchase.returned", PurchaseReturnedV1, "B-1", at, data, outcome="reversed", moved=moved)
    story = Story(
        contents=(content_of(made),),
        returns=(Return(back.key, at, (LineReturned(1),)),),
        owner=member.member_id,
        accounts=(Account("points", (Gained(1, 42, 6),), forgiven=1, short=2),),
    )
    await scribe.page([back, made])
    await scribe.receipt(made, story=story, said=[back])
    told = await by_number(client)
    assert told["state"] == "partly_returned"
    assert told["words"] == (
        "Part of the purchase came back. 42 points credited, 6 taken back, 1 forgiven, "
        "2 to be decided by an operator, 33 left."
    )
    assert told["wallets"] == [
        {"wallet": "points", "credited": 42, "reversed": 6, "forgiven": 1, "lapsed": 0, "short": 2, "left": 33}
    ]
    assert [line["sku"] for line in told["content"]["lines"]] == ["apples", "coffee-500g"]
    assert [line["sku"] for line in told["remaining"]["lines"]] == ["coffee-500g"]
    assert [(event["id"], event["credited"], event["reversed"]) for event in told["events"]] == [
        ("R-1", 42, 0),
        ("B-1", 0, 9),
    ]


async def test_states_without_anything_left(
    client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    at = FRIDAY + timedelta(hours=1)
    for number, facts, state in (
        ("1", {"returns": (Return(UUID(int=1), at),)}, "returned"),
        ("2", {"voids": (Void(UUID(int=2), at),)}, "voided"),
    ):
        made = decision(ACME.source, number, receipt(100, receipt_number=number), FRIDAY, outcome="no_member")
        await scribe.page([made])
        await scribe.receipt(made, story=Story(contents=(content_of(made),), **facts))
        told = await by_number(client, number)
        assert (told["state"], told["remaining"], told["wallets"]) == (state, None, [])
    early = said(
        "purchase.returned", PurchaseReturnedV1, "B-3", at, {"receipt_number": "3"}, outcome="awaiting_purchase"
    )  # fmt: skip
    await scribe.page([early])
    key = await scribe.receipt(early, story=Story(returns=(Return(early.key, at),)), said=[early])
    told = await by_number(client, "3", None)
    assert (told["state"], told["content"], len(told["events"])) == ("awaited", None, 1)
    await superuser.execute(
        QUERIES["waiting"], ACME.tenant_id, ACME.programme_id, key, early.key, "period-closed", "3", FRIDAY
    )
    told = await by_number(client, "3", None)
    assert told["waits_for"]["reason"] == "period-closed"
    assert "operator" in told["waits_for"]["way_on"]


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
