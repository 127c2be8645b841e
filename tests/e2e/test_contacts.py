"""Members say how they are reached and what they want to hear of: with their enrolment, and by a link in a message."""

from __future__ import annotations

import re

import httpx
import orjson
import pytest

from tests.support.running import Door, Platform


def allowed(shop: Door, name: str) -> set[tuple[str, str]]:
    told = shop.get(f"/v1/members/{shop.member_id(name)}/consents")["permissions"]
    return {(each["purpose"], each["channel"]) for each in told if each["allowed"] and each["purpose"] != "service"}


@pytest.mark.feature("COM-67", "COM-69", "VOU-141")
async def test_a_member_agrees_with_the_enrolment_refuses_by_one_click_and_chooses_on_a_page(
    platform: Platform,
) -> None:
    shop = platform.acme
    enrolled = shop.enrolment("chooser")
    event = orjson.loads(enrolled.value)
    yes = [{"purpose": "marketing", "channel": channel, "given": True} for channel in ("email", "sms")]
    event["data"] |= {
        "person": {"given_name": "Annabella", "language": "de", "zone": "Europe/Vienna", "country": "AT"},
        "contacts": [
            {"channel": "email", "address": "annabella@example.org"},
            {"channel": "sms", "address": "0664 1234567"},
        ],
        "consents": [each | {"source": "till 3", "text_version": "2026-1"} for each in yes],
    }
    await platform.publish([enrolled._replace(value=orjson.dumps(event))])
    await shop.enrolled("chooser")
    contacts = f"/v1/members/{shop.member_id('chooser')}/contacts"
    assert [each["address"] for each in shop.get(contacts)["addresses"]] == ["a•••@e•••.org", "+43•••567"]
    assert [each["address"] for each in shop.get(f"{contacts}:reveal")["addresses"]] == [
        "annabella@example.org",
        "+436641234567",
    ]
    assert allowed(shop, "chooser") == {("marketing", "email"), ("marketing", "sms")}

    whose = (str(shop.member_id("chooser")), "--tenant", shop.slug)
    link = platform.run("contacts", "link", *whose, "--channel", "email")["path"]
    async with httpx.AsyncClient(base_url=shop.http.base_url, trust_env=False, timeout=60) as anybody:
        page = (await anybody.get(link)).text
        assert "Was möchten Sie von uns hören?" in page
        assert "annabella" not in page.lower()
        assert "Aktionen, neue Prämien, Einladungen." in page, "what each purpose means is explained"
        (await anybody.post(link, data={"List-Unsubscribe": "One-Click"})).raise_for_status()
        assert allowed(shop, "chooser") == {("marketing", "sms")}, "at once"
        (action,) = re.findall(r'<form class="choices" method="post" action="([^"]+)"', page)
        shown = dict.fromkeys(re.findall(r'name="(shown\.[a-z_.]+)"', page), "1")
        saved = await anybody.post(action, data=shown | {"profiling.email": "on"})
        assert "Gespeichert" in saved.text
    assert allowed(shop, "chooser") == {("profiling", "email")}
    history = shop.get(f"/v1/members/{shop.member_id('chooser')}/consents")["history"]
    assert {each["source"] for each in history} == {"till 3", "one-click link", "preference page"}
