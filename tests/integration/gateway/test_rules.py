"""The programme over HTTP: published against what was seen, campaign by campaign, and switched off in part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from libs.promotions.schema import programme_schema
from services.gateway.door.openapi import operations
from services.gateway.site.described import document
from tests.integration.gateway.conftest import NOW, MakeKey, SetClock, bearer
from tests.support.database import GLOBEX

RULES = {
    operation["operationId"]: (method, path, operation)
    for (path, method), operation in operations(document()).items()
    if "rules" in operation["tags"]
}


async def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_document_is_published_against_what_was_seen(client: httpx.AsyncClient, clock: SetClock) -> None:
    seen = await client.get("/v1/programme")
    document, etag = seen.json()["document"], seen.headers["etag"]
    assert (seen.json()["version"], seen.json()["in_force"]) == (1, True)
    document["campaigns"][0]["effect"]["points"] = 3
    body = {"document": document, "note": "three a euro"}

    planned = (await client.post("/v1/programme:plan", json=body)).json()
    assert [change["path"] for change in planned["changes"]] == ["campaigns[base].effect.points"]
    assert await code(await client.put("/v1/programme", json=body)) == (428, "precondition-missing")
    stale = {"If-Match": '"7-0000000000000000"'}
    assert await code(await client.put("/v1/programme", json=body, headers=stale)) == (412, "precondition-failed")
    published = await client.put("/v1/programme", json=body, headers={"If-Match": etag})
    told = published.json()
    assert (told["published"], told["version"]["version"]) == (True, 2)
    assert told["version"]["active_from"] == (NOW + timedelta(seconds=5)).isoformat().replace("+00:00", "Z")
    repeat = await client.put("/v1/programme", json=body, headers={"If-Match": etag})
    assert (repeat.status_code, repeat.json()["published"]) == (200, False)
    assert repeat.headers["etag"] == published.headers["etag"] != etag

    assert (await client.get("/v1/programme")).json()["version"] == 1
    clock.forward(timedelta(seconds=5))
    assert (await client.get("/v1/programme")).json()["version"] == 2
    assert (await client.get("/v1/programme", params={"version": 1})).headers["etag"] == etag

    back = await client.post("/v1/programme:rollback", json={"to": 1}, headers={"If-Match": "*"})
    assert (back.json()["version"]["version"], back.json()["version"]["restores"]) == (3, 1)
    first = (await client.get("/v1/programme/versions", params={"limit": 2})).json()
    assert [each["version"] for each in first["data"]] == [3, 2]
    rest = await client.get("/v1/programme/versions", params={"cursor": first["next_cursor"]})
    assert [each["version"] for each in rest.json()["data"]] == [1]


async def test_every_fault_of_a_document_is_named(client: httpx.AsyncClient) -> None:
    document: Any = {"zone": "Europe/Rome", "currency": "EUR", "wallets": [], "rounding": "up", "colour": 1}
    answer = await client.post("/v1/programme:plan", json={"document": document})
    assert await code(answer) == (422, "document-invalid")
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/body/document/colour",
        "/body/document/rounding",
    }
    unknown = await client.post("/v1/programme:plan", json={"document": document, "at_once": True})
    assert await code(unknown) == (422, "request-invalid")
    wrong = {"id": "gift", "name": "Gift", "state": "live", "effect": {"kind": "fixed", "points": 0}}
    answer = await client.post("/v1/campaigns", json={"campaign": wrong})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/campaign/effect/points"]


async def test_a_campaign_is_added_changed_and_stopped(client: httpx.AsyncClient, clock: SetClock) -> None:
    gift = {"id": "gift", "name": "Gift", "state": "draft", "effect": {"kind": "fixed", "points": 5}}
    for published in (True, False):
        answer = await client.post("/v1/campaigns", json={"campaign": gift})
        assert (answer.status_code, answer.json()["published"]) == (201, published)
        assert answer.headers["location"] == "/v1/campaigns/gift"
    other = gift | {"name": "Another gift"}
    assert await code(await client.post("/v1/campaigns", json={"campaign": other})) == (409, "campaign-exists")

    found = await client.get("/v1/campaigns/gift")
    assert (found.json()["version"], found.json()["runs"]) == (2, False)
    changes = {"changes": {"effect": {"points": 7}, "when": {"tiers": ["gold"]}}}
    patched = await client.patch("/v1/campaigns/gift", json=changes, headers={"If-Match": found.headers["etag"]})
    assert patched.json()["plan"]["summary"] == "1 campaign changed (gift)"
    late = {"changes": {"priority": 3}}
    stale = await client.patch("/v1/campaigns/gift", json=late, headers={"If-Match": found.headers["etag"]})
    assert await code(stale) == (412, "precondition-failed")
    assert await code(await client.patch("/v1/campaigns/gift", json=changes)) == (428, "precondition-missing")

    for action, state, runs in (("start", "live", True), ("pause", "paused", False), ("end", "ended", False)):
        clock.forward(timedelta(seconds=1))
        assert (await client.post(f"/v1/campaigns/gift:{action}")).json()["published"]
        told = (await client.get("/v1/campaigns/gift")).json()
        assert (told["campaign"]["state"], told["runs"]) == (state, runs)
    assert not (await client.post("/v1/campaigns/gift:end", json={"note": "again"})).json()["published"]
    assert await code(await client.post("/v1/campaigns/nobody:start")) == (404, "campaign-unknown")
    listed = (await client.get("/v1/campaigns", params={"limit": 2})).json()
    assert [each["campaign"]["id"] for each in listed["data"]] == ["base", "big-basket"]
    assert len((await client.get("/v1/programme/versions")).json()["data"]) == 6


async def test_switches_are_turned(client: httpx.AsyncClient) -> None:
    coffee = {"kind": "campaign", "value": "coffee"}
    assert (await client.post("/v1/switches:off", json=coffee | {"note": "sold out"})).json()["turned"]
    assert not (await client.post("/v1/switches:off", json=coffee)).json()["turned"]
    assert (await client.get("/v1/campaigns/coffee")).json()["switched_off"]
    (off,) = (await client.get("/v1/switches")).json()["data"]
    assert (off["value"], off["off_note"], off["on_at"]) == ("coffee", "sold out", None)
    wrong = await client.post("/v1/switches:off", json={"kind": "campaign", "value": "tea"})
    assert await code(wrong) == (422, "request-invalid")
    assert (await client.post("/v1/switches:on", json=coffee)).json()["switch"]["on_at"]
    assert await code(await client.post("/v1/switches:on", json=coffee)) == (404, "switch-unknown")
    assert (await client.get("/v1/switches")).json()["data"] == []


async def test_nobody_publishes_for_others_or_without_the_scope(
    anonymous: httpx.AsyncClient, client: httpx.AsyncClient, make_key: MakeKey
) -> None:
    reading, _ = await make_key(GLOBEX, "rules:read")
    publishing, _ = await make_key(GLOBEX, "rules:publish")
    assert (await client.get("/v1/programme")).json()["programme"] == "main"
    theirs = await anonymous.get("/v1/programme", headers=bearer(reading))
    assert theirs.json()["document"]["currency"] == "USD"
    for method, path, operation in RULES.values():
        writes = method != "get"
        reads = "points:read" if path.endswith("/members.csv") else "rules:read"  # a table of what members have
        assert operation["security"] == [{"ApiKey": ["rules:publish" if writes else reads]}]
        wrong = bearer(reading if writes else publishing)
        refused = await anonymous.request(method, path.replace("{campaign}", "base"), json={}, headers=wrong)
        assert await code(refused) == (403, "scope-missing")
        if writes and method != "delete":
            (content,) = operation["requestBody"]["content"].values()
            assert content["example"]
    await anonymous.post("/v1/campaigns/base:pause", headers=bearer(publishing))
    assert (await client.get("/v1/campaigns/base")).json()["campaign"]["state"] == "live"


async def test_editors_find_the_schema(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/schemas/programme.schema.json", headers={"Authorization": ""})
    assert answer.json() == programme_schema()
