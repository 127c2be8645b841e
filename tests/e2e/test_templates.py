"""The words of messages as marketers work on them: on the page, from the command line, and by an agency's archive."""

from __future__ import annotations

import io
import zipfile

import httpx
import pytest

from tests.support.running import Platform

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
SMS = "{{ brand }}: {% if tier == 'gold' %}For gold members: {% endif %}{{ headline }}."
IMPORT = "/v1/templates:import?name=spring_sale&language=en"


def archive() -> bytes:
    """What an agency sends."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("index.html", "<title>Spring</title><p>{{ headline }}<img src='a.png' alt='Tulips'>")
        opened.writestr("a.png", PNG)
    return packed.getvalue()


@pytest.mark.feature("COM-43", "COM-47", "COM-48")
async def test_words_are_edited_shown_and_published(platform: Platform) -> None:
    """The editor shows an SMS as members of a tier see it, counts it, refuses a fault; an agency's page is imported."""
    shop = platform.club
    await platform.publish([shop.enrolment("reader", tier="gold"), shop.enrolment("other", tier=None)])
    await shop.enrolled("reader", "other")
    place = {"message": "spring_sale", "reader": "en", "channel": "sms", "lang": "en"}
    async with httpx.AsyncClient(base_url=platform.told["gateway"], trust_env=False, timeout=30) as browser:
        key = shop.http.headers["Authorization"].removeprefix("Bearer ")
        assert (await browser.post("/sign-in", data={"key": key})).has_redirect_location

        async def seen(name: str) -> str:
            form = {"text": SMS, "member": str(shop.member_id(name)), "what": "show"}
            return (await browser.post("/templates/frame", params=place, data=form)).text

        assert "For gold members: Double points on coffee this week." in await seen("reader")
        assert "1 text message (GSM-7" in await seen("reader")
        assert "For gold members" not in await seen("other")
        wrong = await browser.post("/templates/edit", params=place, data={"text": "{{ pionts }}", "what": "publish"})
        assert "text:1: &#x27;pionts&#x27; is no variable of this message" in wrong.text
        done = await browser.post("/templates/edit", params=place, data={"text": SMS, "what": "publish"})
        assert "Version 1 is published." in done.text
        imported = shop.http.post(IMPORT, content=archive(), headers={"Content-Type": "application/zip"}).json()
        (address,) = imported["images"]
        assert (await browser.get(address)).content == PNG
    taken = platform.run("templates", "show", "spring_sale", "en-GB", "sms", "--tenant", shop.slug)
    assert (taken["version"], taken["template"]["parts"]["text"]) == (1, SMS)

    assert imported["version"]["version"] == 1
    shown = platform.run("templates", "preview", "spring_sale", "en", "email", "--tenant", shop.slug)
    assert shown["title"] == "Spring"
    assert shown["text"] == "Double points on coffee this week Tulips"
    assert address in shown["html"]
