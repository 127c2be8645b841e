"""Templates over HTTP: tried, published, taken, taken back; what an agency sends; and images for anybody."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import httpx

from tests.integration.gateway.conftest import NOW, MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_members_console import signed_in
from tests.support.database import ACME, GLOBEX

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def push(text: str, **fields: Any) -> dict[str, Any]:
    parts = {"title": "Welcome to {{ programme }}", "text": text}
    return {"name": "welcome", "language": "en", "channel": "push", "parts": parts, **fields}


async def taken(client: httpx.AsyncClient, **headers: str) -> tuple[int, str]:
    answer = await client.get("/v1/templates/welcome/en-GB/push", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["version"], answer.json()["template"]["parts"]["text"]


async def test_a_template_is_tried_published_and_taken_back(client: httpx.AsyncClient, make_key: MakeKey) -> None:
    reader = bearer((await make_key(ACME, "rules:read"))[0])
    foreign = bearer((await make_key(GLOBEX, "admin"))[0])
    assert (await taken(client))[0] == 0
    wrong = await client.post("/v1/templates:check", json={"template": push("a\n{{ pionts }}")})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "template-invalid")
    assert wrong.json()["errors"][0]["pointer"] == "/text:2"
    assert (await client.post("/v1/templates", json={"template": push("{{ 7 * 7 }}")})).status_code == 422
    nul = await client.post("/v1/templates", json={"template": push("a\x00b")})
    assert (nul.status_code, nul.json()["code"]) == (422, "request-invalid"), "no text of the database holds U+0000"
    first = push("{% if given_name %}{{ given_name }}{% else %}Hello{% endif %}!")
    checked = await client.post("/v1/templates:check", json={"template": first}, headers=reader)
    assert checked.json()["purpose"] == "service"
    refused = await client.post("/v1/templates", json={"template": first}, headers=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")

    published = await client.post("/v1/templates", json={"template": first, "note": "Ours"})
    assert published.json()["version"]["version"] == 1
    assert published.json()["published"]
    again = await client.post("/v1/templates", json={"template": first})
    assert (again.json()["published"], again.json()["version"]["note"]) == (False, "Ours")
    await client.post("/v1/templates", json={"template": push("Second")})
    assert await taken(client) == (2, "Second")
    assert (await taken(client, **foreign))[0] == 0
    listed = (await client.get("/v1/templates?name=welcome", headers=reader)).json()
    assert [(each["version"], each["channel"]) for each in listed["data"][0]["published"]] == [(2, "push")]
    assert {each["name"] for each in listed["data"][0]["variables"]} >= {"given_name", "balance"}

    place = {"name": "welcome", "language": "en", "channel": "push"}
    back = await client.post("/v1/templates:rollback", json=place)
    assert back.json()["version"]["version"] == 3
    assert await taken(client) == (3, first["parts"]["text"])
    await client.post("/v1/templates:rollback", json={**place, "to": 0})
    assert (await taken(client))[0] == 0
    unknown = await client.post("/v1/templates:rollback", json={**place, "to": 9})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "template-unknown")
    versions = (await client.get("/v1/templates/welcome/en/push")).json()["versions"]
    assert [each["state"] for each in versions] == ["withdrawn", *["published"] * 3]
    listed = (await client.get("/v1/templates?name=welcome")).json()
    assert listed["data"][0]["published"][0]["state"] == "withdrawn"


async def test_a_preview_says_what_is_so_of_a_member(
    client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member(ACME)
    await member.credit(1_250, NOW - timedelta(days=1))
    asked = {"message": "expiry_reminder", "language": "de-AT", "channel": "sms"}
    sample = (await client.post("/v1/templates:preview", json=asked)).json()
    assert sample["text"].startswith("Meadow: 1.240 Punkte können Sie bis 31. Dezember 2026 einlösen.")
    assert (sample["sms"]["segments"], sample["sms"]["encoding"], sample["from_member"]) == (1, "GSM-7", [])
    own = {**asked, "member_id": str(member.member_id)}
    shown = (await client.post("/v1/templates:preview", json=own)).json()
    assert shown["language"] == "de"
    assert "balance" in shown["from_member"]
    draft = {
        "template": push("{% if balance %}{{ balance }} left{% else %}None{% endif %}"),
        "member_id": str(member.member_id),
    }
    shown = (await client.post("/v1/templates:preview", json=draft)).json()
    assert shown["version"] is None
    assert shown["text"] == "1,250 left"
    reader = bearer((await make_key(ACME, "rules:read"))[0])
    assert (await client.post("/v1/templates:preview", json=own, headers=reader)).json()["code"] == "scope-missing"
    foreign = bearer((await make_key(GLOBEX, "admin"))[0])
    assert (await client.post("/v1/templates:preview", json=own, headers=foreign)).json()["code"] == "member-unknown"
    nothing = await client.post("/v1/templates:preview", json={"message": "welcome"})
    assert nothing.json()["code"] == "request-invalid"


async def test_what_an_agency_sends_is_published_with_its_images(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("index.html", "<title>Spring</title><p>Hello {{ programme }}<img src='a.png' alt='Tulips'>")
        opened.writestr("a.png", PNG)
    path = "/v1/templates:import?name=spring&language=en"
    zipped = {"Content-Type": "application/zip"}
    tried = await client.post(f"{path}&dry_run=true", content=packed.getvalue(), headers=zipped)
    assert tried.json()["published"] is False
    (address,) = tried.json()["images"]
    digest = address.rpartition("/")[2]
    assert (await anonymous.get(f"/media/{digest}")).status_code == 404
    done = (await client.post(path, content=packed.getvalue(), headers=zipped)).json()
    assert done["version"]["version"] == 1
    assert f"src='http://door.test/media/{digest}'" in done["template"]["parts"]["html"]
    anonymous.headers.pop("Authorization", None)
    image = await anonymous.get(f"/media/{digest}")
    assert (image.content, image.headers["content-type"]) == (PNG, "image/png")
    assert image.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert image.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in image.headers["content-security-policy"]
    known = await anonymous.get(f"/media/{digest}", headers={"If-None-Match": f'"{digest}"'})
    assert known.status_code == 304
    assert (await anonymous.get("/media/" + "0" * 64)).status_code == 404
    assert (await anonymous.get("/media/../etc/passwd")).status_code == 404


async def test_a_bad_archive_is_refused(client: httpx.AsyncClient) -> None:
    path = "/v1/templates:import?name=spring&language=en"
    wrong = await client.post(path, content=b"PK", headers={"Content-Type": "application/zip"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "archive-invalid")
    wrong = await client.post(path, content=b"PK", headers={"Content-Type": "text/plain"})
    assert wrong.json()["code"] == "media-type-unsupported"


async def test_the_page_edits_shows_and_publishes(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member(ACME)
    await member.credit(77, NOW - timedelta(days=1))
    assert (await anonymous.get("/templates")).status_code == 303
    await signed_in(anonymous, make_key, "receipts:read", "rules:read")
    listed = (await anonymous.get("/templates?lang=de")).text
    assert "<h1>Nachrichten</h1>" in listed
    assert "Erinnerung an verfallende Punkte" in listed, "a message is named in words"
    assert 'aria-label="Willkommen, E-Mail"' in listed
    place = "message=welcome&reader=en&channel=push&programme=main&lang=de"
    assert place.replace("reader=en", "reader=de").replace("&", "&amp;") in listed
    form = await anonymous.get(f"/templates/edit?{place}")
    assert "Das ist mitgeliefert" in form.text
    assert form.headers["content-security-policy"].endswith("frame-src 'self'")
    shown = await anonymous.get(f"/templates/frame?{place}")
    assert "Welcome to Meadow Rewards" in shown.text
    assert shown.headers["content-security-policy"].endswith("sandbox")
    fields = {
        "title": "Hi",
        "text": "<script>{% if balance %}{{ balance }}{% endif %}.",
        "member": str(member.member_id),
    }
    lacking = await anonymous.post(f"/templates/frame?{place}", data={**fields, "what": "show"})
    assert "members:read" in lacking.text
    assert (await anonymous.post(f"/templates/edit?{place}", data={**fields, "what": "publish"})).status_code == 403
    await signed_in(anonymous, make_key, "receipts:read", "members:read", "rules:read", "rules:publish")
    shown = await anonymous.post(f"/templates/frame?{place}", data={**fields, "what": "show"})
    assert "&lt;script&gt;77." in shown.text
    wrong = await anonymous.post(f"/templates/edit?{place}", data={**fields, "text": "{{ x }}", "what": "check"})
    assert wrong.status_code == 422
    assert "text:1: &#x27;x&#x27; is no variable" in wrong.text
    done = await anonymous.post(f"/templates/edit?{place}", data={**fields, "what": "publish", "note": "Kurz"})
    assert "Version 1 ist veröffentlicht" in done.text
    assert "<td>Kurz</td>" in done.text
    elsewhere = await anonymous.post(f"/templates/edit?{place}", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    mail = await anonymous.get("/templates/frame?message=welcome&reader=de&channel=email&lang=de")
    assert mail.text.startswith("<!doctype html>")
    assert "Schön, dass Sie dabei sind." in mail.text
