"""Live chat on the running platform: a member on the phone, somebody at the console, an app."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.e2e.test_codes import done
from tests.e2e.test_liking import anybody, console
from tests.e2e.test_occasions import enrolled
from tests.support.running import Platform

WORDS = "Zebedee would like to know where the parcel is"


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
