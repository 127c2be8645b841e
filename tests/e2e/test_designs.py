"""A brand gets its style, a mail and a landing page are put together, and people join by it and are written to."""

from __future__ import annotations

import re
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.support.running import Door, Platform, eventually

STYLE = {"accent": "#8a1f5c", "font": "serif", "radius": "6", "legal.en": "The Garden Club, Rome"}
BLOCKS = {
    "b0.kind": "headline",
    "b0.text": "A party in the garden",
    "b1.kind": "code",
    "b1.text": "GARDEN26",
    "b2.kind": "points",
    "b2.alt": "points to spend",
}
PAGE = {
    "tab": "en",
    "title": "Garden party",
    "form": "on",
    "form.consent": "Write to me",
    "asks.given_name": "on",
    "b0.kind": "text",
    "b0.text": "Join the <club>",
    "do": "publish",
}


async def sent(platform: Platform, shop: Door, template: str, members: list[str], channels: list[str]) -> None:
    """Send a message of one's own words to some members, and wait until they are told."""
    body: dict[str, Any] = {
        "name": f"{template} for {members[0]}",
        "template": template,
        "words": [{"title": "Garden party", "text": "Come by on Friday."}],
        "purpose": "service",
        "channels": channels,
        "members": members,
    }
    made = shop.post("/v1/mass-messages", body, key=body["name"])
    where = f"/v1/mass-messages/{made['mass_message_id']}"
    await eventually(lambda: shop.get(where)["state"] == "counted", "it is counted")
    assert shop.http.post(f"{where}:send").is_success
    await eventually(lambda: shop.get(where)["state"] == "finished", "they are told")


def confirmations(platform: Platform, key: str) -> list[str]:
    """The links in the mails that ask Flora to confirm, as the console's outbox shows them."""
    with httpx.Client(base_url=platform.told["gateway"], follow_redirects=True, trust_env=False, timeout=30) as browser:
        browser.post("/sign-in", data={"key": key})
        rows = [row for row in browser.get("/outbox").text.split("<tr>") if "Flora@example.org" in row]
        own = [row.split('href="')[1].split("?")[0] for row in rows if "/outbox/own/" in row]
        mails = [browser.get(path).text for path in own]
    return [found[0] for mail in mails if (found := re.search(r"/confirm/[\w-]+", mail))]


def allowed(consents: dict[str, Any]) -> bool:
    """Whether marketing may be sent by mail."""
    found = {each["channel"]: each["allowed"] for each in consents["permissions"] if each["purpose"] == "marketing"}
    return bool(found["email"])


async def consent_is_confirmed(platform: Platform, shop: Door, key: str, who: str, member: str) -> None:
    """What Flora ticked counts once the link in her mail was followed, and the button there was pressed."""
    place = f"/v1/members/{member}/consents"
    await eventually(lambda: len(shop.get(place)["asked"]) > 0, "she is asked")
    asked = shop.get(place)
    assert [each["confirmed_at"] for each in asked["asked"]] == [None]
    assert not allowed(asked), "until the owner of the address confirms it"
    await eventually(lambda: len(confirmations(platform, key)) > 0, "the mail that asks is handed over")
    link = confirmations(platform, key)[0]
    async with httpx.AsyncClient(base_url=platform.told["gateway"], trust_env=False, timeout=30) as owner:
        assert "Yes, that was me" in (await owner.get(link)).text
        assert not allowed(shop.get(place)), "whoever looks says nothing"
        assert 'role="status"' in (await owner.post(link, data={"answer": "yes"})).text
    told = shop.get(place)
    assert allowed(told)
    assert [each["source"] for each in told["history"]] == ["page garden-party, confirmed by mail"]
    shown = platform.run("contacts", "consents", who, "--tenant", shop.slug)
    assert [each["confirmed_at"] is not None for each in shown["asked"]] == [True]


@pytest.mark.feature("VOU-84", "VOU-85")
async def test_a_brand_is_designed_without_a_developer(platform: Platform, tmp_path: Path) -> None:
    shop = platform.club
    key = shop.http.headers["Authorization"].removeprefix("Bearer ")
    gateway = platform.told["gateway"]
    async with httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=30) as browser:
        await browser.post("/sign-in", data={"key": key})
        refused = await browser.post("/design/style", data={"accent": "#ffcc00", "do": "publish"})
        assert "contrast of 1.5" in unescape(refused.text)
        done = await browser.post("/design/style", data=STYLE | {"do": "publish"})
        assert "Version 1 is published" in done.text
        place = "/design/mail?name=garden_party/en/email/"
        fields = BLOCKS | {"title": "The garden", "revision": "0"}
        assert "The draft is saved" in (await browser.post(place, data=fields | {"do": "save"})).text
        assert "Version 1 is published" in (await browser.post(place, data=fields | {"do": "publish"})).text
        assert "Version 1 is published" in (await browser.post("/design/page?name=garden-party", data=PAGE)).text

    async with httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=30) as visitor:
        path = f"/p/{shop.slug}/{shop.get('/v1/designs')['programme']}/garden-party"
        seen = await visitor.get(path)
        assert "Join the &lt;club&gt;" in seen.text
        assert "accent=8a1f5c" in seen.text
        form = {"key": re.findall(r'name="key" value="([^"]*)"', seen.text)[0], "email": "Flora@example.org"}
        joined = await visitor.post(path, data=form | {"given_name": "Flora", "consent": "on"})
        assert "follow the link in that mail" in joined.text
    who = "email:flora@example.org"
    await eventually(lambda: bool(shop.get("/v1/members", identifier=who)["data"]), "Flora is a member")
    member = shop.get("/v1/members", identifier=who)["data"][0]["member_id"]
    await consent_is_confirmed(platform, shop, key, who, member)
    assert shop.get("/v1/pages/garden-party/visits")["signups"] == 1

    enrolled = shop.enrolment("by-letter")
    told = orjson.loads(enrolled.value)
    told["data"]["contacts"] = [{"channel": "file", "address": "Gärtner Žofie\nVia Roma 1\n00100 Roma"}]
    await platform.publish([enrolled._replace(value=orjson.dumps(told))])
    await shop.enrolled("by-letter")
    await sent(platform, shop, "garden_party", [who], ["email"])
    await sent(platform, shop, "campaign", ["card:by-letter"], ["file"])
    async with httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=30) as again:
        await again.post("/sign-in", data={"key": key})
        every = (await again.get("/outbox")).text.split("<tr>")
        rows = [row for row in every if "Flora@example.org" in row and "/outbox/own/" not in row]
        mail = (await again.get(rows[0].split('href="')[1].split("?")[0] + "/body")).text
        assert "A party in the garden" in mail
        assert "The Garden Club, Rome" in mail
        assert "#8a1f5c" in mail
        picture = re.findall(r'(/media/[0-9a-f]{64})"', mail)[0]
        assert (await again.get(picture)).content.startswith(b"\x89PNG")
    day = platform.now().date().isoformat()
    answer = shop.http.get("/v1/letters", params={"first": day})
    assert answer.content.startswith(b"%PDF-")
    assert int(answer.headers["Letters"]) >= 1
    out = tmp_path / "letters.zip"
    printed = platform.run("letters", "print", out, "--first", day, "--tenant", shop.slug)
    assert printed["letters"] == len([name for name in zipfile.ZipFile(out).namelist() if name.endswith(".pdf")])
