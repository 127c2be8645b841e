"""Chats through the door: written, answered, waited for; who may, how fast, and what is left when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
import pytest

from libs.contacts.postgres import destroy_keys
from services.gateway.chat.desk import ChatDesk
from services.gateway.chat.store import Span
from services.gateway.intake.publisher import Publisher, Record
from services.gateway.settings import ChatPart, GatewaySettings
from tests.integration.gateway.conftest import NOW, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.integration.gateway.test_live import sign_in
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.programmes import put_programme

WORDS = "Zebedee asks where the parcel is"
DESK: dict[str, Any] = {
    "open": True,
    "greeting": {"en": "We are here", "de": "Wir sind da"},
    "answers": [{"name": "parcel", "texts": {"en": "On its way", "de": "Unterwegs"}}],
}


@pytest.fixture
async def door(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The door of a programme whose members may write."""
    kept = await client.put("/v1/chat-desk", json=DESK)
    assert kept.status_code == 200, kept.text
    return client


def message(text: str = WORDS, message_id: UUID | None = None) -> dict[str, str]:
    return {"text": text, "message_id": str(message_id or uuid4())}


async def say(door: httpx.AsyncClient, member: MemberScribe, text: str = WORDS, **headers: str) -> dict[str, Any]:
    path = f"/v1/members/{member.member_id}/chat/messages"
    said = await door.post(path, json=message(text), headers=headers)
    assert said.status_code == 201, said.text
    told: dict[str, Any] = said.json()
    return told


async def listed(door: httpx.AsyncClient, more: str = "", **headers: str) -> list[str]:
    answer = await door.get(f"/v1/chats?{more}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["member_id"] for each in answer.json()["data"]]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def test_a_member_writes_and_the_staff_answers(
    door: httpx.AsyncClient,
    scribe: Scribe,
    superuser: asyncpg.Connection,
    make_key: MakeKey,
    clock: SetClock,
    log_lines: list[str],
) -> None:
    """An app speaks for members and never for the staff; the words are in no row and no log that can be read."""
    member, other = await scribe.member(), await scribe.member()
    app, _ = await make_key(ACME, "members:read", "members:write")
    staff, key = await make_key(ACME, "chats:answer")
    own, whole = f"/v1/members/{member.member_id}/chat", f"/v1/chats/{member.member_id}"
    assert (await door.get(own, headers=bearer(app))).json()["state"] == "none"
    assert code(await door.get(whole, headers=bearer(staff))) == (404, "chat-unknown")
    for wrong in ({"text": " "}, {"text": "x" * 2001}, {"text": "x", "more": 1}, {"message_id": "x"}):
        assert code(await door.post(f"{own}/messages", json=message() | wrong)) == (422, "request-invalid")
    first = message()
    for _ in range(2):
        said = await door.post(f"{own}/messages", json=first, headers=bearer(app))
        assert (said.status_code, said.json()["from"], said.json()["text"]) == (201, "member", WORDS)
    assert code(await door.post(f"{own}/messages", json=first | {"text": "other"})) == (409, "message-taken")
    clock.forward(timedelta(minutes=1))
    await say(door, other, "me too", **bearer(app))
    assert await listed(door, **bearer(staff)) == [str(member.member_id), str(other.member_id)]
    assert await listed(door, "mine=true", **bearer(staff)) == []
    for verb, path in (("POST", f"{whole}/messages"), ("POST", f"{whole}:close"), ("GET", whole), ("GET", "/v1/chats")):
        assert code(await door.request(verb, path, json=message(), headers=bearer(app))) == (403, "scope-missing")

    answered = await door.post(f"{whole}/messages", json=message("On its way"), headers=bearer(staff))
    assert (answered.status_code, answered.json()["by"]) == (201, f"test ({key.key_id})")
    talk = (await door.get(whole, headers=bearer(staff))).json()
    assert [each["by"] for each in talk["data"]] == [None, f"test ({key.key_id})"]
    assert (talk["unread"], talk["assigned_to"], talk["member_read"]) == (0, f"test ({key.key_id})", 0)
    assert await listed(door, **bearer(staff)) == [str(other.member_id), str(member.member_id)]
    assert await listed(door, "unread=true", **bearer(staff)) == [str(other.member_id)]
    assert await listed(door, "mine=true", **bearer(staff)) == [str(member.member_id)]
    chat = (await door.get(f"{own}?lang=de", headers=bearer(app))).json()
    assert (chat["greeting"], chat["unread"], [each["from"] for each in chat["data"]]) == (
        "Wir sind da", 1, ["member", "staff"],
    )  # fmt: skip
    assert "by" not in chat["data"][1]
    number = chat["data"][1]["number"]
    assert (await door.post(f"{own}:read", json={"number": number}, headers=bearer(app))).json()["unread"] == 0
    assert (await door.get(whole, headers=bearer(staff))).json()["member_read"] == number
    assert [each["text"] for each in (await door.get(f"{own}?before={number}&limit=1")).json()["data"]] == [WORDS]
    assert (
        await superuser.fetchval("SELECT count(*) FROM gateway.chat_message WHERE sealed::text LIKE $1", "%Zeb%") == 0
    )
    assert log_lines
    assert not any("Zebedee" in line for line in log_lines)


async def test_a_talk_is_turned_and_listed_page_by_page(
    door: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey, clock: SetClock
) -> None:
    members = [await scribe.member() for _ in range(3)]
    for member in members:
        await say(door, member)
        clock.forward(timedelta(minutes=1))
    ids = [str(each.member_id) for each in members]
    staff, _ = await make_key(ACME, "chats:answer")
    whole = f"/v1/chats/{ids[0]}"
    assert (await door.post(f"{whole}:settle")).json()["unread"] == 0
    assert (await door.post(f"{whole}:take", headers=bearer(staff))).json()["assigned_to"].startswith("test (")
    assert (await door.post(f"{whole}:leave")).json()["assigned_to"] is None
    assert await listed(door) == [ids[1], ids[2], ids[0]]
    pages, cursor = [], ""
    while True:
        page = (await door.get(f"/v1/chats?limit=1{cursor}")).json()
        pages += [each["member_id"] for each in page["data"]]
        assert (page["open"], page["unread"], page["mine"]) == (3, 2, 0)
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert pages == [ids[1], ids[2], ids[0]]
    closed = (await door.post(f"{whole}:close")).json()
    assert (closed["state"], closed["state_by"] is None) == ("closed", False)
    assert (await listed(door), await listed(door, "state=closed")) == (ids[1:], ids[:1])
    assert (await door.post(f"{whole}:reopen")).json()["state"] == "open"
    await door.post(f"{whole}:close")
    await say(door, members[0], "still here")
    assert (await door.get(whole)).json()["state"] == "open"
    stranger, _ = await make_key(GLOBEX)
    assert await listed(door, **bearer(stranger)) == []
    assert code(await door.post(f"{whole}:close", headers=bearer(stranger))) == (404, "member-unknown")


async def test_who_waits_is_told_whatever_gateway_it_comes_through(
    door: httpx.AsyncClient, settings: GatewaySettings, clock: SetClock, scribe: Scribe, make_key: MakeKey
) -> None:
    """A page that waits ends waiting when something is said, here or at another gateway."""
    member = await scribe.member()
    own, whole = f"/v1/members/{member.member_id}/chat", f"/v1/chats/{member.member_id}"
    first = await say(door, member)
    name = (ACME.tenant_id, ACME.programme_id, member.member_id)
    text, _ = await make_key()
    other = running(settings, clock)
    async with other as client:
        client.headers.update(bearer(text))
        desk: ChatDesk = other.app.state.chats
        for answering in (door, client):
            known = (await desk.look(name, Span())).change
            waiting = asyncio.create_task(desk.bells.wait(name, known, 120))
            said = await answering.post(f"{whole}/messages", json=message("Here"))
            assert said.status_code == 201, said.text
            assert await waiting, "it ended because something was said, and not of itself"
        told = (await client.get(f"{own}?after={first['number']}&wait=8")).json()["data"]
        assert [each["text"] for each in told] == ["Here", "Here"]
        assert (await client.get(f"{own}?after={told[-1]['number']}&wait=1")).json()["data"] == []
        assert not await desk.bells.wait(name, -1, 0)


async def test_nobody_writes_where_nobody_listens_or_too_much(
    settings: GatewaySettings, clock: SetClock, scribe: Scribe, make_key: MakeKey
) -> None:
    text, _ = await make_key()
    tight = settings.model_copy(update={"chat": ChatPart(messages=51)})
    async with running(tight, clock) as client:
        client.headers.update(bearer(text))
        member, other = await scribe.member(), await scribe.member()
        path = f"/v1/members/{member.member_id}/chat/messages"
        assert code(await client.post(path, json=message())) == (409, "chat-away")
        assert (await client.put("/v1/chat-desk", json=DESK)).json()["answers"] == DESK["answers"]
        assert (await client.get("/v1/chat-desk")).json()["open"] is True
        for _ in range(50):
            await say(client, member)
        assert code(await client.post(path, json=message())) == (409, "chat-waits")
        answered = await client.post(f"/v1/chats/{member.member_id}/messages", json=message("Patience"))
        assert answered.status_code == 201
        codes = {code(await client.post(path, json=message())) for _ in range(30)}
        assert codes == {(201, ""), (429, "quota-exceeded")}
        await say(client, other)
    wrong = DESK | {"answers": [*DESK["answers"], *DESK["answers"]]}
    async with running(settings, clock) as client:
        client.headers.update(bearer(text))
        assert code(await client.put("/v1/chat-desk", json=wrong)) == (422, "request-invalid")


async def test_a_merged_member_goes_on_and_an_erased_one_leaves_nothing(
    door: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    member, survivor = await scribe.member(), await scribe.member()
    await say(door, member, "before")
    await superuser.execute(
        """
        INSERT INTO members.merge (tenant_id, programme_id, member_id, number, survivor_id, leads_to, passed, debts,
                                   identifiers, counters, cause, merged_at)
        VALUES (1, 1, $1, 1, $2, $2, '[]', '{}', '{}', '[]', $1, now())
        """,
        member.member_id, survivor.member_id,
    )  # fmt: skip
    assert await listed(door) == [str(survivor.member_id)]
    answered = await door.post(f"/v1/chats/{member.member_id}/messages", json=message("after"))
    assert answered.status_code == 201
    for each in (member, survivor):
        chat = (await door.get(f"/v1/members/{each.member_id}/chat")).json()
        assert [one["text"] for one in chat["data"]] == ["before", "after"]
    assert await listed(door) == [str(survivor.member_id)]
    names = [(ACME.tenant_id, ACME.programme_id, each.member_id) for each in (member, survivor)]
    await destroy_keys(superuser, NOW, names)
    for table in ("chat", "chat_message"):
        assert await superuser.fetchval(f"SELECT count(*) FROM gateway.{table}") == 0
    refused = await door.post(f"/v1/members/{survivor.member_id}/chat/messages", json=message())
    assert code(refused) == (409, "member-erased")


async def test_what_is_over_is_closed_and_forgotten(
    settings: GatewaySettings, clock: SetClock, scribe: Scribe, make_key: MakeKey, superuser: asyncpg.Connection
) -> None:
    """What waits for an answer is neither closed nor forgotten, however old."""
    text, _ = await make_key()
    door = running(settings, clock)
    async with door as client:
        client.headers.update(bearer(text))
        await client.put("/v1/chat-desk", json=DESK)
        silent, waiting = await scribe.member(), await scribe.member()
        for member in (silent, waiting):
            await say(client, member)
        await client.post(f"/v1/chats/{silent.member_id}/messages", json=message("Done"))
        desk: ChatDesk = door.app.state.chats
        clock.forward(timedelta(days=13))
        assert await desk.purge.once() == 0
        assert len(await listed(client)) == 2
        clock.forward(timedelta(days=2))
        assert await desk.purge.once() == 0
        assert await listed(client, "state=closed") == [str(silent.member_id)]
        clock.forward(timedelta(days=91))
        assert await desk.purge.once() == 1
        assert await listed(client) == [str(waiting.member_id)]
        assert await superuser.fetchval("SELECT count(*) FROM gateway.chat_message") == 1


async def test_a_member_writes_on_the_own_page(door: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    link = (await door.post(f"/v1/members/{member.member_id}/pages")).json()["path"]
    assert f'<a href="{link}/chat?lang=de">Schreiben Sie uns</a>' in (await door.get(f"{link}?lang=de")).text
    path = f"{link}/chat?lang=en"
    page = (await door.get(path)).text
    assert [words in page for words in ("We are here", "Nothing has been written yet.", "/chat.js")] == [True] * 3
    key = page.partition('name="key" value="')[2].partition('"')[0]
    for _ in range(2):
        sent = await door.post(path, data={"key": key, "text": "Wo <b>ist</b> es?"})
        assert (sent.status_code, sent.headers["location"]) == (303, path)
    answered = await door.post(f"/v1/chats/{member.member_id}/messages", json=message("Unterwegs"))
    assert answered.status_code == 201
    assert "1 neue Antwort" in (await door.get(f"{link}?lang=de")).text
    live = await door.get(f"{link}/chat/live?lang=en&change=1")
    assert live.status_code == 200
    assert live.text.count("<li") == 2
    assert [words in live.text for words in ("Wo &lt;b&gt;ist&lt;/b&gt; es?", "Unterwegs", "test (")] == [
        True,
        True,
        False,
    ]
    assert "neue Antwort" not in (await door.get(f"{link}?lang=de")).text
    assert (await door.get(f"/v1/chats/{member.member_id}")).json()["member_read"] > 0
    empty = await door.post(path, data={"key": key, "text": " "})
    assert (empty.status_code, "There was nothing in it." in empty.text) == (422, True)
    long = await door.post(path, data={"key": key, "text": "ä" * 2001})
    assert (long.status_code, "two thousand characters" in long.text) == (422, True)
    await door.put("/v1/chat-desk", json=DESK | {"open": False})
    late = await door.post(f"{link}/chat?lang=de", data={"key": key, "text": "Noch da?"})
    assert (late.status_code, "Gerade ist niemand da" in late.text, "Unterwegs" in late.text) == (409, True, True)
    assert (await door.get("/m/none/chat")).status_code == 404


async def test_the_staff_works_at_the_console(door: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey) -> None:
    member = await scribe.member()
    await member.credit(120, NOW - timedelta(days=3))
    await member.identify("card:4711")
    await say(door, member, "Hallo <script>")
    staff, key = await make_key(ACME, "receipts:read", "chats:answer", "members:read")
    await sign_in(door, staff)
    page = (await door.get("/chats?lang=de")).text
    assert [words in page for words in (str(member.member_id), "1 seit", "Warten auf Antwort: 1")] == [True] * 3
    assert "/chats/words" not in page
    assert (await door.get("/chats/words?lang=de")).status_code == 403
    assert (await door.get("/chats/live?show=mine&lang=en")).text.count("There are none.") == 1
    found = await door.post("/chats?lang=de", data={"kind": "card", "value": "4711"})
    where = found.headers["location"]
    assert (found.status_code, where) == (303, f"/chats/{member.member_id}?programme=main&lang=de")
    assert "Das hat niemand." in (await door.post("/chats?lang=de", data={"kind": "card", "value": "4712"})).text
    talk = (await door.get(f"{where}&answer=parcel")).text
    assert [words in talk for words in ("Hallo &lt;script&gt;", "points: 120", ">Unterwegs</textarea>")] == [True] * 3
    for do in ("take", "settle", "close", "reopen"):
        assert (await door.post(where, data={"do": do})).headers["location"] == where, do
    form = {"do": "say", "key": "k", "text": "Unterwegs"}
    for _ in range(2):
        assert (await door.post(where, data=form)).headers["location"] == where
    live = await door.get(f"/chats/{member.member_id}/live?programme=main&lang=de&change=0")
    assert [words in live.text for words in (f"Übernommen von test ({key.key_id})", "noch nicht gesehen")] == [True] * 2
    assert live.text.count("<li") == 2
    assert "Es stand nichts darin." in (await door.post(where, data={"do": "say", "text": " "})).text
    elsewhere = await door.post(where, data=form | {"key": "l"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    door.cookies.clear()
    assert (await door.get("/chats/live")).status_code == 401
    keeper, _ = await make_key(ACME, "receipts:read", "chats:answer", "rules:publish")
    await sign_in(door, keeper)
    words = "/chats/words?programme=main&lang=en"
    await door.post(words, data={"do": "add", "name": "bye", "text.en": "Bye", "text.de": ""})
    await door.post(words, data={"do": "drop", "name": "parcel"})
    kept = await door.post(words, data={"do": "keep", "greeting.en": "Hi", "greeting.de": ""})
    assert "Kept." in kept.text
    desk = (await door.get("/v1/chat-desk")).json()
    assert desk == {
        "programme": "main", "open": False, "greeting": {"en": "Hi"},
        "answers": [{"name": "bye", "texts": {"en": "Bye"}}],
    }  # fmt: skip
    wrong = await door.post(words, data={"do": "add", "name": "No Name", "text.en": "x"})
    assert (wrong.status_code, "That did not work" in wrong.text) == (422, True)


async def test_who_is_away_is_told_once_that_an_answer_waits(
    settings: GatewaySettings,
    database: Database,
    clock: SetClock,
    scribe: Scribe,
    make_key: MakeKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only where a scenario begins with it; the event has no word of the talk, and is the same from every gateway."""
    told: list[Record] = []

    async def publish(_publisher: Publisher, records: Sequence[Record]) -> None:
        told.extend(records)

    monkeypatch.setattr(Publisher, "publish", publish)
    text, _ = await make_key()
    document = programme_document(ACME)
    door = running(settings, clock)
    async with door as client:
        client.headers.update(bearer(text))
        await client.put("/v1/chat-desk", json=DESK)
        member = await scribe.member()
        path = f"/v1/members/{member.member_id}/chat"
        await say(client, member)
        for words in ("First", "Second"):
            answered = await client.post(f"/v1/chats/{member.member_id}/messages", json=message(words))
        clock.forward(timedelta(minutes=6))
        notices = door.app.state.chats.notices
        assert await notices.once() == 0, "no scenario asks for it"
    trigger = {"kind": "activity", "activity": "chat-answered"}
    steps = [{"name": "tell", "message": "answer_waits", "purpose": "service"}]
    await put_programme(database, document | {"scenarios": [{"name": "chat", "trigger": trigger, "steps": steps}]})
    door = running(settings, clock)
    async with door as client:
        client.headers.update(bearer(text))
        notices = door.app.state.chats.notices
        assert [await notices.once(), await notices.once()] == [1, 0]
        event = orjson.loads(told[0].value)
        assert (told[0].topic, event["data"]["activity"]) == ("loyalty.activities", "chat-answered")
        assert event["data"]["member_id"] == str(member.member_id)
        assert "First" not in str(event)
        await client.post(f"{path}:read", json={"number": answered.json()["number"]})
        assert await notices.once() == 0
        await client.post(f"/v1/chats/{member.member_id}/messages", json=message("Third"))
        assert await notices.once() == 0, "it is not five minutes old"
        clock.forward(timedelta(minutes=6))
        assert await notices.once() == 1
    assert len({orjson.loads(record.value)["id"] for record in told}) == len(told) == 2
