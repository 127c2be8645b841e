"""Messages to many over HTTP: written under a key, told as they stand, steered by who may, each company its own."""

from __future__ import annotations

from typing import Any

import httpx

from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME, GLOBEX, programme_document
from tests.support.programmes import put_version

WANTED: dict[str, Any] = {"name": "Spring", "words": [{"title": "Spring is here", "text": "Come by."}]}
COUNTED = """
UPDATE notifier.mass SET state = 'counted', counted = 3, members = 3, counted_at = made_at
"""
TALLY = """
INSERT INTO notifier.mass_count
SELECT tenant_id, programme_id, mass_id, 'a', v.verdict, 'email', v.reason, v.members
FROM notifier.mass, (VALUES ('send', '', 2), ('drop', 'no_consent', 1)) AS v(verdict, reason, members)
"""


async def plan(client: httpx.AsyncClient, body: dict[str, Any], key: str = "k-1", **headers: str) -> httpx.Response:
    return await client.post("/v1/mass-messages", json=body, headers={"Idempotency-Key": key, **headers})


async def test_it_is_written_once_counted_and_sent(
    client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member(ACME)
    await member.identify("card:17")
    body = {**WANTED, "members": ["card:17", str(member.member_id)]}
    assert (await client.post("/v1/mass-messages", json=body)).json()["code"] == "idempotency-key-missing"
    made = await plan(client, body)
    assert (made.status_code, made.json()["state"], made.json()["named"]) == (202, "counting", 1)
    assert made.json()["outlook"] is None
    where = made.headers["Location"]
    assert (await plan(client, body)).json()["mass_message_id"] == made.json()["mass_message_id"]
    other = await plan(client, {**body, "name": "Summer"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    too_soon = await client.post(f"{where}:send")
    assert (too_soon.status_code, too_soon.json()["code"]) == (409, "mass-message-elsewhere")

    await scribe.connection.execute(COUNTED)
    await scribe.connection.execute(TALLY)
    told = (await client.get(where)).json()
    assert told["outlook"] == {"now": 2, "later": 0, "never": 1}
    assert [(each["verdict"], each["reason"], each["members"]) for each in told["counts"]] == [
        ("send", None, 2),
        ("drop", "no_consent", 1),
    ]
    sent = [(await client.post(f"{where}:send")).json() for _ in range(2)]
    assert [each["state"] for each in sent] == ["sending", "sending"]
    assert (await client.post(f"{where}:pause")).json()["state"] == "paused"
    reader = bearer((await make_key(ACME, "rules:read"))[0])
    assert (await client.post(f"{where}:resume", headers=reader)).json()["code"] == "scope-missing"
    listed = (await client.get("/v1/mass-messages", headers=reader)).json()["data"]
    assert [(each["name"], each["state"]) for each in listed] == [("Spring", "paused")]
    foreign = bearer((await make_key(GLOBEX, "admin"))[0])
    assert (await client.get(where, headers=foreign)).status_code == 404
    assert (await client.get("/v1/mass-messages", headers=foreign)).json()["data"] == []


async def test_above_the_programmes_number_two_people_are_needed(
    client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    await put_version(scribe.connection, programme_document(ACME) | {"messages": {"approval_above": 2}}, ACME)
    where = (await plan(client, {**WANTED, "everyone": True})).headers["Location"]
    await scribe.connection.execute(COUNTED)
    assert (await client.post(f"{where}:send")).json()["state"] == "awaiting_approval"
    own = await client.post(f"{where}:approve")
    assert own.json()["code"] == "second-person-needed"
    second = bearer((await make_key(ACME, "rules:publish", "rules:read"))[0])
    approved = (await client.post(f"{where}:approve", headers=second)).json()
    assert (approved["state"], approved["approval_above"]) == ("sending", 2)
    assert approved["decided_by"] != approved["sent_by"]


async def test_faults_name_their_places(client: httpx.AsyncClient) -> None:
    async def faults(**more: Any) -> list[str]:
        answer = await plan(client, {**WANTED, **more})
        assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid"), answer.text
        return [each["pointer"] for each in answer.json()["errors"]]

    assert await faults() == ["/body/segments"]
    assert await faults(segments=["nobody"]) == ["/body/segments/0"]
    assert await faults(members=["card:404"]) == ["/body/members/0"]
    assert await faults(everyone=True, words=[]) == ["/body"]
    assert await faults(everyone=True, template="expiry_reminder") == ["/body"]
