"""Styles, mails of blocks and landing pages: drafted in the console, published, seen by members, and taken back."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import orjson

from tests.integration.gateway.conftest import NOW, MakeKey, SetClock, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_catalogue import SONG, Shop, shop
from tests.integration.gateway.test_members_console import signed_in
from tests.support.database import ACME, GLOBEX
from tests.support.rewards import MUG

__all__ = ["shop"]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
STYLE: dict[str, Any] = {
    "accent": "#8a1f5c",
    "radius": 4,
    "font": "serif",
    "legal": {"en": "Meadow Ltd & Sons", "de": "Meadow GmbH"},
    "promotions": {"spring_sale": {"accent": "#003366", "headline": {"en": "Spring <is> here"}}},
}
PAGE: dict[str, Any] = {
    "promotion": "spring_sale",
    "opens_at": NOW.isoformat(),
    "closes_at": (NOW + timedelta(days=7)).isoformat(),
    "texts": {
        "en": {
            "title": "Spring <script>alert(1)</script>",
            "description": "Join now",
            "blocks": [
                {"kind": "text", "text": "One\n\n<b>Two</b>"},
                {"kind": "points", "text": "500", "alt": "for joining"},
                {"kind": "rewards", "text": "Within reach"},
                {"kind": "code", "text": "SPRING10"},
                {"kind": "button", "text": "Join"},
            ],
        },
        "de": {"title": "Frühling", "blocks": []},
    },
    "form": {"asks": ["given_name"], "consent": {"en": "Write to me"}},
}


async def mail(client: httpx.AsyncClient, message: str, language: str = "en") -> str:
    asked = {"message": message, "language": language, "channel": "email"}
    return str((await client.post("/v1/templates:preview", json=asked)).json()["html"])


async def test_a_style_is_worn_by_mails_and_pages(client: httpx.AsyncClient, make_key: MakeKey, scribe: Scribe) -> None:
    unreadable = {"kind": "style", "document": {"accent": "#ffcc00"}}
    refused = await client.post("/v1/designs", json=unreadable)
    assert (refused.status_code, refused.json()["code"]) == (422, "design-invalid")
    assert refused.json()["errors"][0]["pointer"] == "/on_accent"
    assert "4.5 (WCAG AA)" in refused.json()["errors"][0]["detail"]
    kept = (await client.post("/v1/media", content=PNG)).json()
    assert (await client.post("/v1/media", content=b"GIF")).json()["code"] == "picture-invalid"
    style = {**STYLE, "logo": kept["digest"]}
    reader = bearer((await make_key(ACME, "rules:read"))[0])
    assert (
        await client.post("/v1/designs", json={"kind": "style", "document": style}, headers=reader)
    ).status_code == 403
    published = (await client.post("/v1/designs", json={"kind": "style", "document": style, "note": "Ours"})).json()
    assert (published["published"], published["version"]["version"]) == (True, 1)
    assert not (await client.post("/v1/designs", json={"kind": "style", "document": style})).json()["published"]

    welcome, spring = await mail(client, "welcome"), await mail(client, "spring_sale")
    assert "#8a1f5c" in welcome
    assert f"http://door.test/media/{kept['digest']}" in welcome
    assert "Meadow Ltd &amp; Sons" in welcome
    assert "Meadow GmbH" in await mail(client, "welcome", "de-AT")
    assert "#003366" in spring
    assert "Spring &lt;is&gt; here" in spring
    member = await scribe.member(ACME)
    opened = (await client.post(f"/v1/members/{member.member_id}/pages", headers={"Idempotency-Key": "p"})).json()
    page = await client.get(opened["path"])
    assert f"/media/{kept['digest']}" in page.text
    assert "img-src 'self'" in page.headers["content-security-policy"]
    sheet = unescape(re.search(r'href="(/look\.css[^"]*)"', page.text)[1])  # type: ignore[index]  # it has just been asked for
    worn = await client.get(sheet)
    assert "background: #8a1f5c" in worn.text
    assert (await client.get(sheet.replace("8a1f5c", "url(x)"))).status_code == 404

    foreign = bearer((await make_key(GLOBEX, "admin"))[0])
    assert (await client.get("/v1/designs/style", headers=foreign)).json()["version"] == 0
    back = await client.post("/v1/designs:rollback", json={"kind": "style", "to": 0})
    assert back.json()["version"]["state"] == "withdrawn"
    assert "#8a1f5c" not in await mail(client, "welcome")
    assert (await client.get("/v1/designs/page?name=none")).json()["code"] == "design-unknown"


async def test_a_mail_is_put_together_without_html(
    anonymous: httpx.AsyncClient, make_key: MakeKey, scribe: Scribe
) -> None:
    member = await scribe.member(ACME)
    await member.credit(1_250, NOW - timedelta(days=1))
    await signed_in(anonymous, make_key, "receipts:read", "rules:read", "rules:publish", "members:read")
    browser = {"Accept": "text/html"}
    nul = await anonymous.get("/design/style?name=%00&lang=en", headers=browser)
    assert (nul.status_code, "The character U+0000" in nul.text) == (422, True)
    wide = await anonymous.post("/design/style?lang=en", data={"radius": "9" * 40, "do": "check"})
    assert (wide.status_code, 'value="' + "9" * 40 + '"' in wide.text) == (422, True), "it is kept, and told"
    place = "/design/mail?name=spring_sale/en/email/"
    form = await anonymous.get("/design/mail?message=spring_sale&reader=en")
    assert 'name="b2.kind" value="button"' in form.text
    fields = {
        "document": orjson.dumps({"name": "spring_sale"}).decode(),
        "revision": "0",
        "title": "Spring",
        "b0.kind": "text",
        "b0.text": "Tulips & more {{ oops }}",
        "b1.kind": "points",
        "b1.alt": "points",
    }
    added = await anonymous.post(place, data={**fields, "do": "add", "new": "code"})
    assert 'name="b2.kind" value="code"' in added.text
    moved = await anonymous.post(place, data={**fields, "do": "up.1"})
    assert 'name="b0.kind" value="points"' in moved.text
    saved = await anonymous.post(place, data={**fields, "do": "save"})
    assert "The draft is saved" in saved.text
    assert (await anonymous.post(place, data={**fields, "do": "save"})).status_code == 422  # on another revision
    wrong = await anonymous.post(place, data={**fields, "do": "publish"})
    assert (wrong.status_code, "blocks.0.text" in wrong.text) == (422, False)
    assert "&#x27;oops&#x27; is no variable of this message" in wrong.text.partition('id="b0.text-fault">')[2][:80]
    assert "Tulips &amp; more {{ oops }}" in (await anonymous.get(place)).text  # the draft

    fields["b0.text"] = "Tulips & more"
    shown = await anonymous.post(
        place.replace("mail?", "mail/frame?"), data={**fields, "member": str(member.member_id), "do": "show"}
    )
    assert "1,250" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    done = await anonymous.post(place, data={**fields, "do": "publish"})
    assert "Version 1 is published" in done.text
    assert "do.discard" not in done.text
    await anonymous.post(place, data={**fields, "title": "Summer", "do": "publish"})
    listed = await anonymous.get("/design")
    assert "spring_sale en" in listed.text
    back = await anonymous.post(place, data={"do": "restore.1"})
    assert "Version 3 is in force" in back.text
    assert (await anonymous.get("/design/mail?name=spring_sale/en/sms/")).status_code == 422


async def test_what_is_wrong_is_told_at_its_field(anonymous: httpx.AsyncClient, make_key: MakeKey) -> None:
    await signed_in(anonymous, make_key, "receipts:read", "rules:read", "rules:publish")
    document = {"promotions": {"spring": {"accent": "#fff"}}, "legal": {"en": "Acme"}}
    fields = {"document": orjson.dumps(document).decode(), "accent": "#ffcc00", "p0.name": "spring", "p0.accent": "red"}
    wrong = (await anonymous.post("/design/style", data={**fields, "radius": "99", "do": "publish"})).text
    assert 'id="p0.accent-fault">▲ a colour is written #rrggbb' in wrong
    assert 'id="radius-fault">▲ it is a whole number of pixels from 0 to' in wrong
    assert not [raw for raw in ("promotions.spring", "promotions/spring", "<li>") if raw in alert(wrong)]
    button = {"kind": "button", "text": "x", "link": "javascript:1"}
    texts = {"en": {"title": "x", "blocks": [button]}, "de": {"title": "", "blocks": [button]}}
    fields = {"document": orjson.dumps({"texts": texts}).decode(), "tab": "en", "title": "x", "do": "publish"}
    fields |= {"b0.kind": "button", "b0.text": "x", "b0.link": "javascript:1", "opens_at": "soon"}
    wrong = (await anonymous.post("/design/page?name=spring&lang=de", data=fields)).text
    assert 'id="b0.link-fault">▲ it begins with https://' in wrong
    assert 'id="opens_at-fault">▲ an instant' in wrong
    told = re.findall("<li>(.*?)</li>", alert(wrong))
    assert [each.partition(":")[0] for each in told] == ["de, Titel", "de, Bausteine 1"], "what another tab has"
    assert "texts" not in alert(wrong)


def alert(page: str) -> str:
    """What a page says on top of a form that something is wrong with."""
    return page.partition('role="alert"')[2].partition("</div>")[0]


async def test_a_landing_page_is_seen_while_it_is_open(
    client: httpx.AsyncClient, clock: SetClock, make_key: MakeKey
) -> None:
    wrong = {
        **PAGE,
        "texts": {"en": {"title": "x", "blocks": [{"kind": "button", "text": "x", "link": "javascript:1"}]}},
    }
    refused = await client.post("/v1/designs", json={"kind": "page", "name": "spring", "document": wrong})
    assert refused.json()["errors"][0]["pointer"] == "/texts/en/blocks/0/link"
    done = await client.post("/v1/designs", json={"kind": "page", "name": "spring", "document": PAGE})
    assert done.json()["published"], done.text
    await client.post("/v1/designs", json={"kind": "style", "document": STYLE})
    path = "/p/acme/main/spring"
    clock.instant = NOW - timedelta(seconds=1)
    assert (await client.get(path)).status_code == 404
    clock.instant = NOW
    seen = await client.get(path)
    assert seen.status_code == 200
    assert "<script" not in seen.text
    assert "&lt;b&gt;Two&lt;/b&gt;" in seen.text
    assert '<meta property="og:title" content="Spring &lt;script' in seen.text
    assert "Spring &lt;is&gt; here" in seen.text
    assert "script-src 'self'" in seen.headers["content-security-policy"]
    assert "<h1>Frühling</h1>" in (await client.get(path, headers={"Accept-Language": "de"})).text
    key = re.search(r'name="key" value="([^"]*)"', seen.text)[1]  # type: ignore[index]  # the form has it
    bad = await client.post(path, data={"email": "nobody", "key": key})
    assert (bad.status_code, 'role="alert"' in bad.text) == (422, True)
    old = await client.post(path, data={"email": "a@example.org", "key": f"0{key[1:]}"})
    assert (old.status_code, "too long" in old.text) == (422, True)
    trapped = await client.post(path, data={"email": "a@example.org", "key": key, "website": "x"})
    assert (trapped.status_code, 'role="status"' in trapped.text) == (200, True)
    visits = (await client.get("/v1/pages/spring/visits")).json()
    assert (visits["visits"], visits["signups"]) == (2, 0)
    clock.forward(timedelta(days=7))
    assert (await client.get(path)).status_code == 404
    assert (await client.get("/p/globex/main/spring")).status_code == 404


async def test_a_landing_page_shows_rewards_that_are_for_anybody(shop: Shop) -> None:
    await shop.put("mug", MUG | {"stock": "unlimited"})
    for name, audience in (("staff", {"lists": ["staff"]}), ("chosen", {"segments": ["best"]})):
        await shop.put(name, SONG | {"audience": audience, "texts": {"en": {"title": f"For {name}"}}})
    done = await shop.door.post("/v1/designs", json={"kind": "page", "name": "spring", "document": PAGE})
    assert done.json()["published"], done.text
    page = (await shop.door.get("/p/acme/main/spring?lang=en", headers={"Authorization": ""})).text
    assert [MUG["texts"]["en"]["title"] in page, "For staff" in page, "For chosen" in page] == [True, False, False]


async def test_drafts_are_saved_on_what_was_seen(client: httpx.AsyncClient) -> None:
    draft = {"kind": "page", "name": "summer", "source": {"texts": {}}, "revision": 0}
    assert (await client.put("/v1/drafts", json=draft)).json() == {"revision": 1}
    assert (await client.put("/v1/drafts", json=draft)).json()["code"] == "draft-changed"
    assert (await client.put("/v1/drafts", json={**draft, "revision": 1})).json() == {"revision": 2}
    assert (await client.put("/v1/drafts", json={**draft, "revision": 7})).json()["code"] == "draft-changed"
    listed = (await client.get("/v1/drafts?kind=page")).json()["data"]
    assert [(each["name"], each["revision"]) for each in listed] == [("summer", 2)]
    assert (await client.delete("/v1/drafts/page?name=summer")).json() == {"dropped": True}
    assert (await client.delete("/v1/drafts/page?name=summer")).json() == {"dropped": False}
