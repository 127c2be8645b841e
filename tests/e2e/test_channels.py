"""One thing told on every channel: at the till with the quote and the receipt, in the app, by mail, text and push."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.e2e.test_messages import RULES, enrolment, messages
from tests.e2e.test_programme import loaded
from tests.e2e.test_quotes import quoted
from tests.support.receipts import Record, line
from tests.support.running import Door, Platform, eventually

CHANNELS = ("email", "inbox", "push", "sms", "till")
STEPS = [{"name": each, "message": "points_credited", "purpose": "service", "channels": [each]} for each in CHANNELS]
EVERYWHERE: dict[str, Any] = {
    **RULES,
    "version": 5,
    "scenarios": [{"name": "everywhere", "trigger": {"kind": "points_credited"}, "steps": STEPS}],
}
TOLD = "150 Punkte für Sie. Sie haben 150 Punkte."


def uma(shop: Door) -> Record:
    """A member who reads German, and is reached everywhere."""
    contacts = [
        {"channel": "email", "address": "uma@example.org"},
        {"channel": "sms", "address": "+436641234567"},
        {"channel": "push", "address": "uma-phone"},
    ]
    return enrolment(shop, "uma", contacts, language="de")


async def told_everywhere(platform: Platform) -> tuple[Door, dict[str, dict[str, Any]]]:
    """Let Uma buy something, once, and return what she was told, by channel."""
    shop = platform.club
    if shop.http.get(f"/v1/members/{shop.member_id('uma')}").status_code == httpx.codes.NOT_FOUND:
        await platform.put_version(shop, EVERYWHERE, timedelta(days=2))
        await loaded(platform)
        await platform.publish([uma(shop)])
        await shop.enrolled("uma")
        await platform.publish([shop.purchase("everywhere-1", 15_000, card="uma")])

    def told() -> dict[str, dict[str, Any]]:
        return {each["channel"]: each for each in messages(shop, "uma") if each["state"] == "handed"}

    await eventually(lambda: set(told()) == {*CHANNELS}, "she is told everywhere")
    return shop, told()


def looked_at(platform: Platform, shop: Door, paths: dict[str, str]) -> dict[str, str]:
    """Pages of the console, as whoever has the company's key sees them."""
    with httpx.Client(base_url=platform.told["gateway"], follow_redirects=True, trust_env=False, timeout=60) as browser:
        key = shop.http.headers["Authorization"].removeprefix("Bearer ")
        assert browser.post("/sign-in", data={"key": key}).is_success
        return {name: browser.get(path).text for name, path in paths.items()}


@pytest.mark.feature("COM-40", "COM-41", "COM-42")
async def test_the_till_the_app_and_the_website_have_it(platform_in_2017: Platform) -> None:
    """A short text comes with the quote and with the receipt; what waits in the inbox is read once."""
    shop, _ = await told_everywhere(platform_in_2017)
    (short,) = quoted(shop, [line("tea", 500)], "uma")["till"]
    assert short["text"] == TOLD
    assert shop.receipt("everywhere-1")["till"] == [short]

    inbox = f"/v1/members/{shop.member_id('uma')}/inbox"
    (waiting,) = shop.get(inbox)["data"]
    assert (waiting["language"], "150 Punkte" in waiting["text"]) == ("de", True)
    shop.http.post(f"{inbox}/{waiting['id']}:read").raise_for_status()
    assert [each["state"] for each in shop.get(inbox)["data"]] == ["read"]


@pytest.mark.feature("VOU-76", "VOU-77", "VOU-78")
async def test_mail_push_and_text_message_are_shown_as_she_sees_them(platform_in_2017: Platform) -> None:
    """In the console's outbox, where no provider is set: in her language, with her name and her points."""
    shop, told = await told_everywhere(platform_in_2017)
    paths = {name: f"/outbox/{told[name]['message_id']}" for name in ("email", "push", "sms")}
    pages = looked_at(platform_in_2017, shop, {**paths, "mail": f"{paths['email']}/body"})
    assert "Uma" in pages["mail"]
    assert "Tea &amp; More" in pages["mail"]
    assert all("150 Punkte" in pages[name] for name in ("mail", "push", "sms"))
    assert "uma@example.org" in pages["email"]
    assert "+436641234567" in pages["sms"]
    tried = platform_in_2017.run("providers", "test", "sms", "--to", "+436649999999", "--tenant", shop.slug)
    assert (tried["state"], tried["answer"]) == ("handed", "captured")


@pytest.mark.feature("COM-5", "STAR-21", "STAR-22")
async def test_each_channel_says_it_at_once_in_her_language_and_in_its_own_form(platform_in_2017: Platform) -> None:
    shop, told = await told_everywhere(platform_in_2017)
    assert {each["language"] for each in told.values()} == {"de"}
    waited = [
        datetime.fromisoformat(each["handed_at"]) - datetime.fromisoformat(each["queued_at"]) for each in told.values()
    ]
    assert max(waited) < timedelta(minutes=2)
    words = {name: shop.get(f"/v1/messages/{each['message_id']}", lang="de")["words"] for name, each in told.items()}
    assert all(said.startswith("Punkte gutgeschrieben, ") for said in words.values())
    pages = looked_at(platform_in_2017, shop, {name: f"/outbox/{told[name]['message_id']}" for name in ("sms", "push")})
    assert all("150 Punkte" in page for page in pages.values()), "filled with what is so of her"
