"""What providers of text messages tell, and what waits in a member's app, over HTTP."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from libs.contacts.addresses import CheckedAddress, read_address
from libs.contacts.postgres import load_consents, save_told
from libs.contacts.told import Told, ToldAddress
from libs.contacts.vault import Vault
from libs.messages.content import Content
from libs.messages.inbox import packed, place_context
from libs.messages.providers import provider_context
from libs.messages.sms_callbacks import signature_of
from libs.runtime.seal import Seal
from services.gateway.inbox.store import InboxStore
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME

SEAL = Seal.from_base64(base64.b64encode(SEAL_KEY).decode())
TOKEN = "the-token"
CALLBACK = "https://loyalty.example.com/callbacks/sms/acme"
NUMBER = "+393331234567"
PUT = """
INSERT INTO notifier.provider (tenant_id, channel, kind, settings, set_at, set_by)
VALUES (1, 'sms', 'twilio', $1, $2, 'eva')
"""
WORDS = "INSERT INTO notifier.inbox VALUES (1, 1, $1, $2, $3, $4, $5, $6, NULL)"


async def set_provider(connection: asyncpg.Connection) -> None:
    document = {"kind": "twilio", "account": "AC1", "token": TOKEN, "sender": "Acme", "callback": CALLBACK}
    await connection.execute(PUT, SEAL.close(json.dumps(document).encode(), provider_context(1, "sms")), NOW)


async def called(
    client: httpx.AsyncClient, fields: dict[str, str], query: str = "", *, token: str = TOKEN, to: str = "acme"
) -> int:
    signature = signature_of(token, CALLBACK + query, fields)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post(f"/callbacks/sms/{to}{query}", content=urlencode(fields), headers=headers)
    return answer.status_code


async def test_what_became_of_a_text_message_is_told_by_its_provider_alone(
    anonymous: httpx.AsyncClient, scribe: Scribe
) -> None:
    delivery = uuid4()
    fields = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": NUMBER, "Empty": ""}
    query = f"?message={delivery}"
    assert await called(anonymous, fields, query) == 403, "the company has no provider"
    await set_provider(scribe.connection)
    for again in (fields, fields, fields | {"MessageStatus": "sent"}):
        assert await called(anonymous, again, query) == 200
    assert await called(anonymous, fields, query, token="another") == 403
    assert await called(anonymous, fields, query, to="globex") == 403
    assert await called(anonymous, fields, query, to="nobody") == 403
    assert (await anonymous.post("/callbacks/sms/acme", content="MessageStatus=delivered")).status_code == 403
    (row,) = await scribe.connection.fetch("SELECT * FROM notifier.feedback")
    told = (row["tenant_id"], row["delivery_id"], row["kind"], row["reason"], row["dead"])
    assert told == (ACME.tenant_id, delivery, "bounced", "sms 30005", True)


async def test_stop_and_start_are_the_members_word(
    anonymous: httpx.AsyncClient, scribe: Scribe, clock: SetClock
) -> None:
    await set_provider(scribe.connection)
    member = await scribe.member(ACME)
    name = (ACME.tenant_id, ACME.programme_id, member.member_id)
    address = read_address("sms", NUMBER)
    assert isinstance(address, CheckedAddress)
    told = Told(None, (ToldAddress(address),), ())
    await save_told(scribe.connection, NOW, {name: told}, Vault.from_seal_key(SEAL_KEY))

    for text in ("Hello, who is this?", "STOP"):
        assert await called(anonymous, {"From": NUMBER, "Body": text}) == 200
    stopped = await load_consents(scribe.connection, name)
    assert {(each.purpose, each.channel, each.given) for each in stopped} == {
        (purpose, "sms", False) for purpose in ("service", "marketing", "profiling", "location")
    }
    clock.forward(timedelta(minutes=5))
    assert await called(anonymous, {"From": NUMBER, "Body": "start"}) == 200
    assert await called(anonymous, {"From": "+393330000000", "Body": "stop"}) == 200
    words = await load_consents(scribe.connection, name)
    assert [each.given for each in words[len(stopped) :]] == [True, True]
    assert {each.source for each in words} == {"text message"}


async def test_an_inbox_is_listed_and_read(
    anonymous: httpx.AsyncClient,
    scribe: Scribe,
    make_key: MakeKey,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member = await scribe.member(ACME)
    ids = [uuid4() for _ in range(4)]
    for number, (message, place) in enumerate(zip(ids, ("inbox", "inbox", "inbox", "till"), strict=True)):
        words = packed(Content("en", f"Title {number}", "Text", None, "https://shop.example.com"))
        sealed = SEAL.close(words, place_context(ACME.tenant_id, message))
        sent = NOW - timedelta(days=3 - number)
        ends = NOW - timedelta(hours=1) if number == 0 else NOW + timedelta(days=30)
        await scribe.connection.execute(WORDS, member.member_id, message, place, sealed, sent, ends)
    anonymous.headers.update(bearer((await make_key(ACME, "members:read", "members:write", "quotes:read"))[0]))
    path = f"/v1/members/{member.member_id}"
    first = (await anonymous.get(f"{path}/inbox?limit=1")).json()
    assert (first["unread"], first["data"][0]["title"], first["data"][0]["state"]) == (2, "Title 2", "unread")
    second = (await anonymous.get(f"{path}/inbox?limit=1&cursor={first['next_cursor']}")).json()
    assert (second["data"][0]["title"], second["has_more"]) == ("Title 1", False)
    assert [each["state"] for each in (await anonymous.get(f"{path}/inbox?expired=true")).json()["data"]] == [
        "unread", "unread", "expired",
    ]  # fmt: skip
    read = (await anonymous.post(f"{path}/inbox/{ids[2]}:read")).json()
    assert (read["state"], datetime.fromisoformat(read["read_at"])) == ("read", NOW.astimezone(UTC))
    left = (await anonymous.get(f"{path}/inbox?unread=true")).json()
    assert ([each["title"] for each in left["data"]], left["unread"]) == (["Title 1"], 1)
    for other in (ids[3], UUID(int=1)):
        assert (await anonymous.post(f"{path}/inbox/{other}:read")).json()["code"] == "message-unknown"
    till = (await anonymous.get(f"{path}/till-messages")).json()["data"]
    assert [each["title"] for each in till] == ["Title 3"]
    cart = {"member_id": str(member.member_id), "data": {"currency": "EUR", "total_minor": 0}}
    quote = (await anonymous.post("/v1/quote", json=cart)).json()
    assert [each["id"] for each in quote["till"]] == [str(ids[3])]
    clock.forward(timedelta(days=31))
    monkeypatch.setattr(InboxStore, "messages", None)  # where nothing waits, nothing more is asked
    assert (await anonymous.post("/v1/quote", json=cart)).json()["till"] == []


async def test_who_calls_too_often_is_told_when_to_come_back(settings: GatewaySettings, scribe: Scribe) -> None:
    public = settings.public.model_copy(update={"requests": 1})
    async with running(settings.model_copy(update={"public": public}), SetClock()) as client:
        assert (await client.post("/callbacks/sms/nobody")).status_code == 403
        answer = await client.post("/callbacks/sms/nobody")
        assert (answer.status_code, answer.json()["violated-policies"]) == (429, ["default"])
        assert {"ratelimit", "ratelimit-policy", "retry-after"} <= set(answer.headers)
