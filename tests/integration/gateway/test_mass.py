"""Messages to many over HTTP: written under a key, told as they stand, steered by who may, each company its own."""

from __future__ import annotations

import base64
import re
from typing import Any
from uuid import uuid4

import httpx
import orjson

from libs.deliveries.own import opened
from libs.runtime.seal import Seal
from tests.integration.gateway.conftest import SEAL_KEY, MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_members_console import signed_in
from tests.support.database import ACME, GLOBEX, programme_document
from tests.support.programmes import put_version

SEAL = Seal.from_base64(base64.b64encode(SEAL_KEY).decode())
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


async def test_figures_are_sent_to_whom_somebody_enters(client: httpx.AsyncClient, make_key: MakeKey) -> None:
    asked = {"address": "boss@shop.example", "every": "month"}
    made = [await client.post("/v1/result-mails", json=asked, headers={"Idempotency-Key": "f"}) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201], made[0].text
    assert made[0].json() == made[1].json()
    assert made[0].json()["address"] == "b•••@s•••.example"
    foreign = bearer((await make_key(GLOBEX, "admin"))[0])
    where = f"/v1/result-mails/{made[0].json()['result_mail_id']}"
    assert (await client.get("/v1/result-mails", headers=foreign)).json()["data"] == []
    assert (await client.delete(where, headers=foreign)).status_code == 404
    assert len((await client.get("/v1/result-mails")).json()["data"]) == 1
    assert [(await client.delete(where)).status_code for _ in range(2)] == [204, 404]


async def test_figures_are_asked_for_on_the_console(anonymous: httpx.AsyncClient, make_key: MakeKey) -> None:
    await signed_in(anonymous, make_key, "receipts:read", "rules:read", "rules:publish")
    wish = {
        "address": "boss@shop.example",
        "programme": "main",
        "every": "week",
        "hour": "7",
        "language": "de",
        "add": "1",
    }
    assert (await anonymous.post("/mass/results?lang=en", data=wish)).status_code == 303
    page = (await anonymous.get("/mass?lang=en")).text
    assert "b•••@s•••.example" in page
    assert "every Monday" in page
    wrong = await anonymous.post("/mass/results?lang=en", data=wish | {"address": "boss"})
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
    for hour in ("99", "\u00b2", "9" * 5000):
        assert (await anonymous.post("/mass/results?lang=en", data=wish | {"hour": hour})).status_code == 422
    button = re.search(r'name="remove" value="([0-9a-f-]{36})"', page)
    assert button is not None
    assert (await anonymous.post("/mass/results?lang=en", data={"remove": button[1]})).status_code == 303
    assert "Nobody gets figures" in (await anonymous.get("/mass?lang=en")).text


async def test_what_is_wrong_with_a_message_is_told_at_its_field(
    anonymous: httpx.AsyncClient, make_key: MakeKey
) -> None:
    await signed_in(anonymous, make_key, "receipts:read", "rules:read", "rules:publish", "members:read")
    fields = {"key": "k", "name": "x", "audience": "everyone", "channels": ["", "email"], "text-en": "Come by."}
    odd = fields | {
        "link": "shop.example",
        "useful_hours": "9999",
        "per_minute": "many",
        "text-de": "Hallo",
    }
    wrong = await anonymous.post("/mass/new?lang=de", data=odd)
    assert 'id="per_minute-fault">▲ Eine ganze Zahl von 1 bis 1.000.000.</p>' in wrong.text
    wrong = await anonymous.post("/mass/new?lang=de", data=odd | {"per_minute": ""})
    for told in (
        'id="link-fault">▲ Ein Link beginnt mit https:// oder http://.</p>',
        'id="title-en-fault">▲ Es braucht einen Titel von höchstens 200 Zeichen.</p>',
        'id="title-de-fault">▲ Es braucht einen Titel',
        'id="useful_hours-fault">▲ Eine ganze Zahl von Stunden von 1 bis 2.208.</p>',
    ):
        assert told in wrong.text, told
    for raw in ("String should", "Input should", "Field required", "useful_hours:", "words/0"):
        assert raw not in wrong.text
    wrong = await anonymous.post("/mass/new?lang=en", data=fields | {"text-en": ""})
    assert 'id="text-en-fault">▲ Write a title and a text, in one language at least.</p>' in wrong.text


async def test_a_marketer_writes_counts_and_sends_on_the_console(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member(ACME)
    await member.identify("card:17")
    await signed_in(anonymous, make_key, "receipts:read", "rules:read", "rules:publish", "members:read")
    form = (await anonymous.get("/mass/new?lang=en")).text
    key = re.search(r'name="key" value="([0-9a-f]{32})"', form)
    assert key is not None
    fields = {
        "key": key[1], "name": "Spring <1>", "audience": "members", "members": "card:17\ncard:18",
        "title-en": "Spring is here", "text-en": "Come by.", "channels": ["", "email"], "purpose": "marketing",
        "useful_hours": "48", "preview_member": str(member.member_id), "starts_at": "2024-05-01T09:00",
    }  # fmt: skip
    shown = await anonymous.post("/mass/frame?lang=en", data=fields)
    assert "Spring is here" in shown.text
    wrong = await anonymous.post("/mass/new?lang=en", data=fields)
    assert wrong.status_code == 422
    assert 'id="members-fault">▲ Line 2: the programme has no such member.</p>' in wrong.text
    assert "Come by." in wrong.text
    fields["members"] = "card:17"
    made = [await anonymous.post("/mass/new?lang=en", data=fields) for _ in range(2)]
    assert [each.status_code for each in made] == [303, 303]
    assert made[0].headers["Location"] == made[1].headers["Location"]
    where = made[0].headers["Location"]
    assert "is being counted" in (await anonymous.get(where)).text
    await scribe.connection.execute(COUNTED)
    await scribe.connection.execute(TALLY)
    page = (await anonymous.get(where)).text
    assert "Send to 3 members" in page
    assert "Spring &lt;1&gt;" in page
    assert "never agreed to messages" in page
    assert (await anonymous.post(where, data={"do": "send"})).status_code == 303
    assert "is to be sent at its hour" in (await anonymous.get(where)).text
    early = await anonymous.post(where, data={"do": "approve"})
    assert (early.status_code, "not possible" in early.text) == (409, True)
    assert 'data-state="scheduled"' in (await anonymous.get(where.replace("?", "/part?"))).text
    listed = (await anonymous.get("/mass?lang=de")).text
    assert "wird zu ihrer Stunde gesendet" in listed


async def test_a_template_is_tried_on_an_address_of_ones_own(
    client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    asked = {"message": "welcome", "language": "de", "channel": "email", "address": "me@shop.example"}
    sent = [await client.post("/v1/templates:test", json=asked, headers={"Idempotency-Key": "t"}) for _ in range(2)]
    assert [each.status_code for each in sent] == [202, 202], sent[0].text
    assert (sent[0].json(), sent[0].json()["state"]) == (sent[1].json(), "waiting")
    told = (await client.get(sent[0].headers["Location"])).json()
    assert (told["channel"], told["message"], told["programme"]) == ("email", "welcome", "main")
    assert await scribe.connection.fetchval("SELECT count(*) FROM notifier.own_letter") == 1
    assert await scribe.connection.fetchval("SELECT count(*) FROM notifier.delivery") == 0
    for wrong in ({"address": "me"}, {"channel": "till"}, {"address": "other@shop.example"}):
        answer = await client.post("/v1/templates:test", json=asked | wrong, headers={"Idempotency-Key": "t"})
        assert answer.status_code == 422, answer.text
    reader = bearer((await make_key(ACME, "rules:read"))[0])
    denied = await client.post("/v1/templates:test", json=asked, headers={"Idempotency-Key": "u", **reader})
    assert denied.status_code == 403


async def test_a_draft_is_tried_from_its_form_and_what_nobody_carries_lies_in_the_outbox(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    await signed_in(anonymous, make_key, "receipts:read", "rules:read", "rules:publish", "members:read", "pii:read")
    where = "/templates/edit?message=spring_sale&channel=email&reader=en&lang=en"
    fields = {"title": "Spring", "text": "Come <by>.", "to": "me@shop.example", "what": "test"}
    sent = await anonymous.post(where, data=fields)
    assert (sent.status_code, "It is on its way" in sent.text) == (200, True)
    refused = await anonymous.post(where, data=fields | {"to": "me"})
    assert refused.status_code == 422
    letter_id, sealed = await scribe.connection.fetchrow("SELECT letter_id, sealed FROM notifier.own_letter")
    address, _, content = opened(sealed, letter_id, SEAL)
    assert (address, content.title, content.text) == ("me@shop.example", "[Test] Spring", "Come <by>.")
    told = orjson.dumps({"address": address, "title": content.title, "text": content.text, "html": None})
    kept = SEAL.close(told, f"captured/{letter_id}")
    await scribe.connection.execute("INSERT INTO notifier.captured VALUES (1, $1, 'email', now(), $2)", letter_id, kept)
    outbox = (await anonymous.get("/outbox?lang=en")).text
    assert "To people of the company" in outbox
    shown = await anonymous.get(f"/outbox/own/{letter_id}")
    assert "Come &lt;by&gt;." in shown.text
    assert shown.headers["Content-Security-Policy"].startswith("sandbox ")
    assert (await anonymous.get(f"/outbox/own/{uuid4()}")).status_code == 404
