"""The ways in: what is sent over HTTP lies on its topic, once, before it is answered 202."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import orjson
import pytest

from libs.contracts.codec import TopicDecoder, canonical
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.runtime.keys import body_hash, event_key
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.till import MEMBER, at_once, cloud_event, fresh_key, post, receipt, told
from tests.support.database import ACME, GLOBEX
from tests.support.stack import Stack

PURCHASES, ACTIVITIES, PROFILES = "loyalty.purchases", "loyalty.activities", "loyalty.profiles"
CARD = [{"kind": "card", "value": "98123456"}]
ROUTES = [
    ("/v1/purchases", "purchase.completed.v1", PURCHASES, receipt()["data"], "card:98123456"),
    ("/v1/purchases:correct", "purchase.corrected.v1", PURCHASES,
     receipt()["data"] | {"purchased_at": "2024-03-01T09:00:00Z"}, "card:98123456"),
    ("/v1/purchases:void", "purchase.voided.v1", PURCHASES, {"receipt_number": "7", "store": "12"}, "receipt:12:7"),
    ("/v1/returns", "purchase.returned.v1", PURCHASES, {"receipt_number": "7", "identifiers": CARD}, "card:98123456"),
    ("/v1/activities", "activity.recorded.v1", ACTIVITIES, {"activity": "review", "member_id": MEMBER}, MEMBER),
    ("/v1/members", "member.enrolled.v1", PROFILES, {"member_id": MEMBER, "identifiers": CARD}, MEMBER),
    ("/v1/members:update", "member.updated.v1", PROFILES, {"member_id": MEMBER, "remove": CARD}, MEMBER),
]  # fmt: skip


async def test_each_way_in_leads_to_its_topic(till: httpx.AsyncClient, stack: Stack) -> None:
    answers = {}
    for path, kind, _, data, _ in ROUTES:
        answers[f"{kind} plain"] = await post(till, path, told(data, f"{kind} plain"))
        answers[f"{kind} whole"] = await post(till, path, cloud_event(told(data, f"{kind} whole"), kind))
    records = {}
    for topic in (PURCHASES, ACTIVITIES, PROFILES):
        for record in await stack.read(topic):
            event = TopicDecoder(topic).decode(record.value)
            assert not isinstance(event, Rejection), event
            records[event.id] = (topic, record, event)
    assert records.keys() == answers.keys()
    for _, kind, topic, _, key in ROUTES:
        for name in (f"{kind} plain", f"{kind} whole"):
            found, record, event = records[name]
            assert (found, record.key.decode(), event.partitionkey) == (topic, key, key)
            headers = dict(record.headers)
            assert (headers["ce_id"], headers["ce_source"]) == (name.encode(), b"/acme/pos/1/1")
            assert headers["ce_type"].decode() == event.type == f"org.pointstream.{kind}"
            href = None if topic == PROFILES else f"/v1/receipts/acme/pos/1/1/{quote(name)}"
            body, answer = answers[name].json(), answers[name]
            assert (answer.status_code, body["status"], body["id"], body["receipt"]) == (202, "accepted", name, href)
            assert answer.headers["location"] == (href or f"/v1/members/{MEMBER}")


async def test_a_phone_number_is_in_no_key(till: httpx.AsyncClient, stack: Stack) -> None:
    phone = [{"kind": "phone", "value": "+39061234567"}]
    assert (await post(till, "/v1/purchases", receipt(identifiers=phone))).status_code == 202
    (record,) = await stack.read(PURCHASES)
    assert record.key.decode() == IdentifierNames.from_seal_key(SEAL_KEY).of("phone", "+39061234567")
    assert b"39061234567" not in record.key


async def test_the_same_event_fifty_times_at_once(till: httpx.AsyncClient, stack: Stack) -> None:
    """R-5 by HTTP: every answer is 202 with the same resource, and one record lies on the topic."""
    answers = await at_once(50, lambda _: post(till, "/v1/purchases", receipt()))
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["receipt"] for answer in answers} == {"/v1/receipts/acme/pos/1/1/R-1"}
    assert sorted(answer.json()["status"] for answer in answers) == ["accepted"] + ["known"] * 49
    assert len(await stack.read(PURCHASES)) == 1


async def test_what_was_decided_is_known_for_ever(till: httpx.AsyncClient, superuser: asyncpg.Connection) -> None:
    event = TopicDecoder(PURCHASES).decode(orjson.dumps(cloud_event(receipt())))
    assert not isinstance(event, Rejection)
    await superuser.execute(
        "INSERT INTO earning.inbox VALUES ($1, $2, $3, 1, $4)",
        ACME.tenant_id, event_key(event.source, event.id), body_hash(canonical(event.data)), NOW,
    )  # fmt: skip
    answer = await post(till, "/v1/purchases", receipt())
    assert (answer.status_code, answer.json()["status"]) == (202, "known")
    other = await post(till, "/v1/purchases", receipt(total=1))
    assert (other.status_code, other.json()["code"]) == (409, "event-conflict")
    assert other.json()["errors"][0]["pointer"] == "/body/id"


async def test_another_body_under_an_id_is_refused_at_once(till: httpx.AsyncClient, stack: Stack) -> None:
    assert (await post(till, "/v1/purchases", receipt())).status_code == 202
    other = await post(till, "/v1/purchases", receipt(total=1))
    assert (other.status_code, other.json()["code"]) == (409, "event-conflict")
    assert len(await stack.read(PURCHASES)) == 1


WRONG = [
    (b"{", 400, "body-not-json", None),
    (b"", 400, "body-not-json", None),
    (b"[" * 5000, 400, "body-not-json", None),
    (orjson.dumps([receipt()]), 422, "event-invalid", "/body"),
    (orjson.dumps(receipt(total_minor=1)), 422, "event-invalid", "/body/data/total_minor"),
    (orjson.dumps(receipt(currency="ZZZ")), 422, "event-invalid", "/body/data/currency"),
    (orjson.dumps(receipt(store=7)), 422, "event-invalid", "/body/data/store"),
    (orjson.dumps(receipt() | {"time": "2024-03-02T10:00:00"}), 422, "event-invalid", "/body/time"),
    (orjson.dumps(receipt() | {"id": ""}), 422, "event-invalid", "/body/id"),
    (orjson.dumps(receipt() | {"type": "member.enrolled.v1"}), 422, "event-invalid", "/body/type"),
    (orjson.dumps(receipt() | {"balance": 1}), 422, "event-invalid", "/body/balance"),
    (orjson.dumps(receipt() | {"tenant": "globex"}), 422, "event-invalid", "/body/tenant"),
    (orjson.dumps(cloud_event(receipt()) | {"memberseq": 1}), 422, "event-invalid", "/body/memberseq"),
    (orjson.dumps(receipt(source="/globex/pos/1")), 422, "source-unknown", "/body/source"),
    (orjson.dumps(receipt(source="/acme/possum")), 422, "source-unknown", "/body/source"),
    (orjson.dumps(receipt(source="/pointstream/acme/main/console")), 422, "event-invalid", "/body/source"),
    (b" " * (1024 * 1024 + 1), 413, "body-too-large", None),
    (orjson.dumps(receipt(note="x" * 1_048_300)), 413, "body-too-large", None),
]


async def test_what_is_wrong_is_named_and_nothing_published(till: httpx.AsyncClient, stack: Stack) -> None:
    for number, (body, status, code, pointer) in enumerate(WRONG):
        headers = fresh_key() | {"Content-Type": "application/json"}
        answer = await till.post("/v1/purchases", content=body, headers=headers)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), answer.text
        if pointer is not None:
            assert [error["pointer"] for error in problem["errors"]] == [pointer]
        fine = await post(till, "/v1/purchases", receipt(f"fine-{number}"), **headers)
        assert fine.status_code == 202, "its key is free"
    assert len(await stack.read(PURCHASES)) == len(WRONG)


async def test_other_media_are_refused(till: httpx.AsyncClient) -> None:
    for headers in ({"Content-Type": "text/csv"}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}):
        answer = await till.post("/v1/purchases", content=b"{}", headers=fresh_key() | headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "media-type-unsupported")


async def test_each_event_of_a_batch_is_answered_by_itself(till: httpx.AsyncClient, stack: Stack) -> None:
    void = told({"receipt_number": "9"}, "V-1") | {"type": "purchase.voided.v1"}
    body = [receipt("A"), receipt("B", total_minor=1), receipt("A"), receipt("C", source="/globex/pos"), void]
    answer = await post(till, "/v1/purchases:batch", body)
    told_all = answer.json()
    assert answer.status_code == 202, answer.text
    assert (told_all["accepted"], told_all["known"], told_all["refused"]) == (2, 1, 2)
    rows = [(row["index"], row["status"], row.get("code")) for row in told_all["data"]]
    assert rows == [
        (0, "accepted", None), (1, "refused", "event-invalid"), (2, "known", None), (3, "refused", "source-unknown"),
        (4, "accepted", None),
    ]  # fmt: skip
    assert told_all["data"][1]["errors"][0]["pointer"] == "/body/1/data/total_minor"
    assert told_all["data"][3]["errors"][0]["pointer"] == "/body/3/source"
    assert told_all["data"][0]["receipt"] == "/v1/receipts/acme/pos/1/1/A"
    assert sorted(orjson.loads(record.value)["id"] for record in await stack.read(PURCHASES)) == ["A", "V-1"]


async def test_a_full_batch_and_one_too_many(till: httpx.AsyncClient, stack: Stack) -> None:
    many = [receipt(f"R-{number}") for number in range(1001)]
    assert (await post(till, "/v1/purchases:batch", many)).json()["code"] == "body-too-large"
    answer = await post(till, "/v1/purchases:batch", many[:1000])
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1000)
    assert len(await stack.read(PURCHASES)) == 1000
    again = await post(till, "/v1/purchases:batch", many[:1000])
    assert again.json()["known"] == 1000
    nothing: tuple[Any, ...] = ([], {}, 7, "x")
    for empty in nothing:
        assert (await post(till, "/v1/purchases:batch", empty)).status_code == 422
    bad = await post(till, "/v1/purchases:batch", [receipt("X", total_minor=1)] * 3)
    assert (bad.status_code, len(bad.json()["errors"])) == (422, 3)


async def test_adjustments_claims_and_resolutions_are_made_by_the_gateway(
    till: httpx.AsyncClient, stack: Stack, scribe: Scribe
) -> None:
    member = await scribe.member()
    of_member = f"/v1/members/{member.member_id}"
    adjustment = {"wallet": "points", "points": 500, "reason": "goodwill"}
    given = await post(till, f"{of_member}/adjustments", adjustment)
    claimed = await post(till, f"{of_member}/claims", {"receipt_number": "7", "total_minor": 100})
    resolved = await post(
        till, "/v1/receipts:resolve", {"receipt_number": "7", "decision": "award", "reason": "The clock was wrong."}
    )
    assert [each.status_code for each in (given, claimed, resolved)] == [202] * 3, given.text + resolved.text
    (adjusted,) = await stack.read(ACTIVITIES)
    event = TopicDecoder(ACTIVITIES).decode(adjusted.value)
    assert not isinstance(event, Rejection)
    assert event.source == given.json()["source"] == "/pointstream/acme/main/console"
    assert (event.data.points, event.data.reason, event.data.member_id) == (500, "goodwill", member.member_id)
    assert event.data.requested_by.startswith("test (")
    assert adjusted.key.decode() == str(member.member_id)
    kinds = {orjson.loads(record.value)["type"] for record in await stack.read(PURCHASES)}
    assert kinds == {"org.pointstream.purchase.claimed.v1", "org.pointstream.purchase.resolved.v1"}
    assert given.json()["receipt"] == f"/v1/receipts/pointstream/acme/main/console/{given.json()['id']}"


async def test_an_adjustment_comes_from_its_key_for_ever(
    till: httpx.AsyncClient, stack: Stack, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    member = await scribe.member()
    path = f"/v1/members/{member.member_id}/adjustments"
    body = {"wallet": "points", "points": -5, "reason": "correction"}
    first = await post(till, path, body, Idempotency_Key="once")
    await superuser.execute("DELETE FROM gateway.idempotency")
    again = await post(till, path, body, Idempotency_Key="once")
    assert again.json() == first.json() | {"status": "known"}
    other = await post(till, path, body | {"points": -6}, Idempotency_Key="once")
    assert other.status_code in (409, 422)
    assert len(await stack.read(ACTIVITIES)) == 1


LACKING: list[tuple[Any, str]] = [
    ({"wallet": "points", "points": 5}, "/body/reason"),
    ({"wallet": "points", "points": 0, "reason": "x"}, "/body/points"),
    ({"wallet": "points", "points": 1.5, "reason": "x"}, "/body/points"),
    ({"wallet": "points", "points": 5, "reason": "x", "member_id": MEMBER}, "/body/member_id"),
    ({"wallet": "points", "points": 5, "reason": "x", "requested_by": "me"}, "/body/requested_by"),
    ({"wallet": "points", "points": 5, "reason": "x", "balance": 5}, "/body/balance"),
    ([], "/body"),
]


async def test_an_adjustment_says_what_it_lacks(till: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    for body, pointer in LACKING:
        answer = await post(till, f"/v1/members/{member.member_id}/adjustments", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "event-invalid"), answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_nobody_acts_for_another_tenant(
    till: httpx.AsyncClient, stack: Stack, scribe: Scribe, make_key: MakeKey
) -> None:
    theirs = await scribe.member(GLOBEX)
    adjustment = {"wallet": "points", "points": 5, "reason": "x"}
    for path, body in (("adjustments", adjustment), ("claims", {"receipt_number": "7"})):
        answer = await post(till, f"/v1/members/{theirs.member_id}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (404, "member-unknown")
    answer = await post(
        till, "/v1/receipts:resolve?programme=globex", {"receipt_number": "7", "decision": "award", "reason": "x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    text, _ = await make_key(GLOBEX, "events:write")
    foreign = await post(till, "/v1/purchases", receipt(), **bearer(text))
    assert foreign.json()["code"] == "source-unknown"
    assert await stack.read(PURCHASES) == await stack.read(ACTIVITIES) == []


async def test_one_tenants_source_never_lies_within_anothers(superuser: asyncpg.Connection) -> None:
    for prefix, tenant in (("/acme/pos/9", GLOBEX), ("/acme", GLOBEX), ("/globex/pos/x/y", ACME)):
        with pytest.raises(asyncpg.UniqueViolationError, match="another tenant"):
            await superuser.execute(
                "INSERT INTO platform.source VALUES ($1, $2, $3)", prefix, tenant.tenant_id, tenant.programme_id
            )
    await superuser.execute("INSERT INTO platform.source VALUES ('/acme/pos/9', 1, 1), ('/acmeish', 2, 2)")


async def test_what_comes_in_is_measured(till: httpx.AsyncClient) -> None:
    await post(till, "/v1/purchases", receipt())
    await post(till, "/v1/purchases", receipt())
    text = (await till.get("/metrics")).text
    for outcome in ("accepted", "known"):
        assert f'loyalty_gateway_events_total{{outcome="{outcome}",topic="{PURCHASES}"}} 1.0' in text
    assert "loyalty_gateway_publish_seconds_count 1.0" in text
    assert "loyalty_gateway_publish_waiting_events 0.0" in text
