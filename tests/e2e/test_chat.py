"""Live chat on the running platform: a member on the phone, somebody at the console, an app."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.test_codes import done
from tests.e2e.test_liking import anybody, console
from tests.e2e.test_messages import captured, enrolment, messages
from tests.e2e.test_occasions import enrolled
from tests.e2e.test_programme import loaded
from tests.e2e.test_scenarios import RULES
from tests.support.running import Platform, eventually

WORDS = "Zebedee would like to know where the parcel is"
TOLD: dict[str, Any] = {
    **RULES,
    "version": 37,
    "scenarios": [
        {"name": "chat", "trigger": {"kind": "activity", "activity": "chat-answered"},
         "steps": [{"name": f"by_{each}", "message": "answer_waits", "purpose": "service", "channels": [each]}
                   for each in ("email", "push", "inbox")]},
    ],
}  # fmt: skip


@pytest.mark.feature("VOU-79")
async def test_a_member_writes_on_the_phone_and_is_answered_at_once(platform: Platform) -> None:
    shop = platform.tea_shop
    await platform.publish([enrolled(shop, "chatter")])
    await shop.enrolled("chatter")
    member = str(shop.member_id("chatter"))
    desk = {"open": True, "greeting": {"en": "Ask us"}, "answers": [{"name": "parcel", "texts": {"en": "On its way"}}]}
    kept = shop.http.put("/v1/chat-desk", json=desk)
    assert kept.status_code == httpx.codes.OK, kept.text

    phone, staff = anybody(shop), console(shop)
    link = done(shop, f"members/{member}/pages", {})["path"]
    page = phone.get(f"{link}?lang=en").text
    assert f'{link}/chat?lang=en">Write to us</a>' in page
    assert "Ask us" in phone.get(f"{link}/chat?lang=en").text
    sent = phone.post(f"{link}/chat?lang=en", data={"key": "1", "text": WORDS}, follow_redirects=True)
    assert WORDS in sent.text

    assert member in staff.get("/chats?lang=en&show=unread").text
    talk = staff.post("/chats?lang=en", data={"kind": "card", "value": "chatter"}, follow_redirects=True)
    assert WORDS in talk.text
    assert "On its way</textarea>" in staff.get(f"{talk.url}&answer=parcel").text
    asked = shop.get(f"/v1/members/{member}/chat")["data"][-1]
    answer = staff.post(str(talk.url), data={"do": "say", "key": "1", "text": "On its way"}, follow_redirects=True)
    assert "The member has not seen the last answer yet." in answer.text
    waited = shop.get(f"/v1/members/{member}/chat", after=asked["number"], wait=8)
    assert [(each["from"], each["text"]) for each in waited["data"]] == [("staff", "On its way")]
    assert waited["unread"] == 1
    assert "On its way" in phone.get(f"{link}/chat?lang=en").text
    thanks = {"text": "Thank you", "message_id": str(uuid4())}
    said = shop.http.post(f"/v1/members/{member}/chat/messages", json=thanks)
    assert said.status_code == httpx.codes.CREATED, said.text
    shown = staff.get(str(talk.url)).text
    assert "Thank you" in shown
    assert "The member has seen all of it." in shown
    closed = shop.http.post(f"/v1/chats/{member}:close").json()
    assert (closed["state"], closed["unread"]) == ("closed", 0)


@pytest.mark.feature("VOU-79")
async def test_who_is_away_is_told_that_an_answer_waits(platform_in_2017: Platform) -> None:
    """On their channels, in their language, and not a word of what was said."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    await platform.put_version(shop, TOLD, timedelta(hours=1))
    await loaded(platform)
    places = [{"channel": "email", "address": "zenzi@example.org"}, {"channel": "push", "address": "zenzi-phone"}]
    await platform.publish([enrolment(shop, "zenzi", places, language="de")])
    await shop.enrolled("zenzi")
    member = str(shop.member_id("zenzi"))
    shop.http.put("/v1/chat-desk", json={"open": True}).raise_for_status()
    asked = {"text": WORDS, "message_id": str(uuid4())}
    shop.http.post(f"/v1/members/{member}/chat/messages", json=asked).raise_for_status()
    said = {"text": "Zebedee's parcel is on its way", "message_id": str(uuid4())}
    shop.http.post(f"/v1/chats/{member}/messages", json=said).raise_for_status()
    platform.run("clock", (platform.now() + timedelta(minutes=6)).isoformat())

    def told_all() -> bool:
        stands = {each["channel"]: each["state"] for each in messages(shop, "zenzi")}
        return stands == {"email": "handed", "push": "handed", "inbox": "handed"}

    await eventually(told_all, "they are told", seconds=180)
    (put,) = shop.get(f"/v1/members/{member}/inbox")["data"]
    assert put["title"] == "Eine Antwort wartet auf Sie"
    told = [captured(shop, platform)[each] for each in ("zenzi@example.org", "zenzi-phone")]
    for text in (*told, put["text"]):
        assert "im Chat von" in text
        assert "Zebedee" not in text
