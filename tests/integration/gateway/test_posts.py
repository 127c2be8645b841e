"""Posts over HTTP and in the console: drafted under a key, seen as they look, steered by who may."""

from __future__ import annotations

import re
from typing import Any

import httpx

from libs.templates.images import image_of
from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_members_console import signed_in
from tests.support.database import ACME, GLOBEX, programme_document
from tests.support.programmes import put_version

PICTURE = b"\x89PNG\r\n\x1a\n of spring"
WANTED: dict[str, Any] = {
    "name": "Spring",
    "words": [{"language": "en", "text": "Spring is <here>"}, {"language": "de", "text": "Frühling"}],
    "link": "https://shop.example/spring",
}


async def draft(client: httpx.AsyncClient, body: dict[str, Any], key: str = "k-1", **headers: str) -> httpx.Response:
    return await client.post("/v1/posts", json=body, headers={"Idempotency-Key": key, **headers})


async def test_it_is_drafted_once_and_published_by_who_may(client: httpx.AsyncClient, make_key: MakeKey) -> None:
    assert (await client.post("/v1/posts", json=WANTED)).json()["code"] == "idempotency-key-missing"
    made = [await draft(client, WANTED) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201], made[0].text
    assert made[0].json() == made[1].json()
    assert (made[0].json()["state"], made[0].json()["pages"]) == ("draft", [])
    other = await draft(client, {**WANTED, "name": "Summer"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    where = made[0].headers["Location"]
    reader = bearer((await make_key(ACME, "rules:read"))[0])
    assert (await client.post(f"{where}:publish", headers=reader)).json()["code"] == "scope-missing"
    assert (await client.post(f"{where}:retry")).json()["code"] == "post-elsewhere"
    told = [(await client.post(f"{where}:publish")).json() for _ in range(2)]
    assert [each["state"] for each in told] == ["scheduled", "scheduled"]
    listed = (await client.get("/v1/posts", headers=reader)).json()["data"]
    assert [(each["name"], each["state"]) for each in listed] == [("Spring", "scheduled")]
    assert (await client.post(f"{where}:cancel")).json()["state"] == "cancelled"
    foreign = bearer((await make_key(GLOBEX, "admin"))[0])
    assert (await client.get(where, headers=foreign)).json()["code"] == "post-unknown"
    assert (await client.post(f"{where}:cancel", headers=foreign)).json()["code"] == "post-unknown"
    assert (await client.get("/v1/posts", headers=foreign)).json()["data"] == []


async def test_in_a_large_programme_two_people_are_needed(
    client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    await put_version(scribe.connection, programme_document(ACME) | {"messages": {"approval_above": 1}}, ACME)
    await scribe.member(ACME)
    alone = (await draft(client, WANTED, "alone")).headers["Location"]
    assert (await client.post(f"{alone}:publish")).json()["two_people"] is False
    await scribe.member(ACME)
    where = (await draft(client, WANTED)).headers["Location"]
    asked = (await client.post(f"{where}:publish")).json()
    assert (asked["state"], asked["two_people"]) == ("awaiting_approval", True)
    assert (await client.post(f"{where}:approve")).json()["code"] == "second-person-needed"
    second = bearer((await make_key(ACME, "rules:publish", "rules:read"))[0])
    approved = (await client.post(f"{where}:approve", headers=second)).json()
    assert approved["state"] == "scheduled"
    assert approved["decided_by"] != approved["sent_by"]


async def test_its_picture_is_one_of_the_company(client: httpx.AsyncClient, make_key: MakeKey) -> None:
    found = image_of(PICTURE)
    assert found is not None
    theirs = bearer((await make_key(GLOBEX, "admin"))[0])
    kept = await client.post("/v1/media", content=PICTURE, headers={"Content-Type": "image/png", **theirs})
    assert kept.json()["digest"] == found.digest
    body = {**WANTED, "picture": found.digest}
    refused = await draft(client, body)
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/body/picture"]
    assert (await client.post("/v1/media", content=PICTURE, headers={"Content-Type": "image/png"})).is_success
    made = (await draft(client, body)).json()
    assert made["picture"].endswith(f"/media/{found.digest}")
    assert (await client.get(made["picture"])).content == PICTURE


async def test_faults_name_their_places(client: httpx.AsyncClient) -> None:
    async def faults(**more: Any) -> list[str]:
        answer = await draft(client, {**WANTED, **more})
        assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid"), answer.text
        return [each["pointer"] for each in answer.json()["errors"]]

    assert await faults(words=[]) == ["/body/words"]
    assert await faults(link="ftp://x") == ["/body/link"]
    assert await faults(pages=["No Name"]) == ["/body/pages/0"]


async def test_a_marketer_drafts_looks_and_publishes_in_the_console(
    anonymous: httpx.AsyncClient, make_key: MakeKey
) -> None:
    await signed_in(anonymous, make_key, "receipts:read", "rules:read", "rules:publish")
    key = re.search(r'name="key" value="([0-9a-f]{32})"', (await anonymous.get("/posts?lang=en")).text)
    assert key is not None
    fields = {
        "key": key[1], "name": "Spring <1>", "text-en": "Spring is <here>", "text-de": "Frühling",
        "link": WANTED["link"], "pages": "club, news", "starts_at": "2030-04-02T09:00",
    }  # fmt: skip
    wrong = await anonymous.post("/posts?lang=de", data=fields | {"pages": "No!", "picture": "none"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert 'id="pages-fault">▲ Höchstens 20 Namen, jeder einmal,' in wrong.text
    assert 'id="picture-fault">▲ Ein solches Bild haben Sie nicht:' in wrong.text
    assert not [raw for raw in ("String should", "pages/0", "picture:") if raw in wrong.text]
    silent = await anonymous.post(
        "/posts?lang=en", data={"key": key[1], "name": "x", "link": "a b", "starts_at": "soon"}
    )
    assert 'id="starts_at-fault">▲ This is no day with a time.</p>' in silent.text
    silent = await anonymous.post("/posts?lang=en", data={"key": key[1], "name": "x", "link": "a b"})
    assert 'id="link-fault">▲ A link begins with https:// or http:// and has no spaces.</p>' in silent.text
    assert 'id="text-en-fault">▲ Write what the post says, in one language at least.</p>' in silent.text
    assert "Spring is &lt;here&gt;" in wrong.text, "what was typed stays"
    made = [await anonymous.post("/posts?lang=en", data=fields) for _ in range(2)]
    assert [each.status_code for each in made] == [303, 303]
    where = made[0].headers["Location"]
    assert made[1].headers["Location"] == where
    page = (await anonymous.get(where)).text
    assert "<h1>Spring &lt;1&gt;</h1>" in page
    assert '<div class="bubble" lang="en"><p>Spring is &lt;here&gt;</p>' in page
    assert '<div class="bubble" lang="de"><p>Frühling</p>' in page
    assert "It is a draft." in page
    assert (await anonymous.post(where, data={"do": "publish"})).status_code == 303
    assert "It is to be published." in (await anonymous.get(where.replace("?", "/part?"))).text
    again = await anonymous.post(where, data={"do": "approve"})
    assert (again.status_code, "not possible" in again.text) == (409, True)
    assert (await anonymous.post(where, data={"do": "nonsense"})).status_code == 404
    assert (await anonymous.post(where, data={"do": "cancel"})).status_code == 303
    assert "Der Beitrag" not in (await anonymous.get(where.replace("lang=en", "lang=de"))).text
    assert "Spring &lt;1&gt;" in (await anonymous.get("/posts?lang=de")).text
