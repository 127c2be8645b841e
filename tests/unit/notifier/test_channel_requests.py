"""What each provider is asked for: the request as its documents have it, and what is refused before it is made."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.messages.inbox import packed, unpacked
from libs.messages.provider_settings import (
    CARRIED,
    FileSettings,
    HttpSettings,
    PushSettings,
    SmsSettings,
    read_settings,
)
from services.notifier.channels.channel import Channel, Handed, Letter, Outcome, Postponed, Refused
from services.notifier.channels.file import COLUMNS, FileChannel, file_of
from services.notifier.channels.push import MOST_BYTES, PushChannel, payload
from services.notifier.channels.sms import SmsChannel, is_e164
from tests.support.push_services import EMAIL, Browser, Firebase, verify_vapid
from tests.support.receivers import Heard, Peer, peer, says
from tests.unit.notifier.test_channels import (
    CASES,
    CONTENT,
    FIREBASE,
    LINE,
    NUMBER,
    SECRET,
    VAPID,
    letter,
    make_http,
    said,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def sent(name: str, mine: Letter) -> tuple[Heard, Peer, Outcome]:
    """Send one letter that the provider takes; returns the last request."""
    case = CASES[name]
    async with peer(case.wrap(case.good)) as provider:
        channel = case.make(provider.url, LINE)
        address = mine.address or case.address(provider.url)
        (outcome,) = await channel.send([replace(mine, address=address)])
        await channel.close()
    return provider.heard[-1], provider, outcome


async def test_a_text_message_is_a_form_with_a_way_back() -> None:
    heard, _, outcome = await sent("sms", letter(NUMBER, life=timedelta(days=2)))
    assert outcome == Handed("SM123")
    assert heard.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert heard.headers["Authorization"].startswith("Basic ")
    form = {name: values[0] for name, values in parse_qs(heard.body.decode()).items()}
    message = str(letter("").message_id)
    assert form == {
        "To": NUMBER,
        "From": "Acme",
        "Body": CONTENT.text,
        "StatusCallback": f"http://us/cb?message={message}",
        "ValidityPeriod": "36000",
    }


@pytest.mark.parametrize("number", ["393331234567", "+39 333 1234567", "+1", "+39333123456789012", "Anna", ""])
async def test_only_numbers_as_the_network_takes_them(number: str) -> None:
    assert not is_e164(number)
    channel = SmsChannel(SmsSettings(account="AC1", token=SECRET, sender="Acme"), LINE)
    assert await channel.send([letter(number)]) == [Refused("address-unknown", "not E.164", address_dead=True)]


class Budget:
    """A day with room for so many segments."""

    def __init__(self, room: int) -> None:
        self.room = room

    async def reserve(self, tenant_id: int, segments: int) -> timedelta | None:
        if segments > self.room:
            return timedelta(hours=3)
        self.room -= segments
        return None

    async def give_back(self, tenant_id: int, segments: int) -> None:
        self.room += segments


async def test_segments_are_counted_limited_and_given_back() -> None:
    long = replace(CONTENT, text="x" * 161)
    asked = SmsSettings(account="AC1", token=SECRET, sender="Acme", most_segments=2)
    async with peer(*[CASES["sms"].good] * 2, says(500), CASES["sms"].good) as provider:
        budget = Budget(5)
        channel: Channel = SmsChannel(asked.model_copy(update={"url": provider.url}), LINE, budget)
        assert await channel.send([letter(NUMBER, content=replace(CONTENT, text="x" * 400))]) == [
            Refused("content-refused", "3 segments")
        ]
        for left in (3, 1):
            assert await channel.send([letter(NUMBER, content=long)]) == [Handed("SM123")]
            assert budget.room == left
        (capped,) = await channel.send([letter(NUMBER, content=long)])
        assert capped == Postponed(
            "provider-busy", "the cap of the day is reached", timedelta(hours=3), provider_wide=True
        )
        assert len(provider.heard) == 2
        (failed,) = await channel.send([letter(NUMBER)])
        assert isinstance(failed, Postponed)
        assert budget.room == 1
        await channel.close()


async def test_fcm_is_sent_what_it_documents() -> None:
    heard, _, _ = await sent("push", letter("device", life=timedelta(weeks=6)))
    assert heard.path == "/v1/projects/demo/messages:send"
    message = json.loads(heard.body)["message"]
    assert message["token"] == "device"
    assert message["notification"] == {"title": CONTENT.title, "body": CONTENT.text}
    assert message["data"] == {"message_id": str(letter("").message_id), "points": "120", "link": CONTENT.link}
    assert message["android"]["ttl"] == "2419200s"
    expires = int(message["apns"]["headers"]["apns-expiration"])
    assert abs(expires - (datetime.now(UTC) + timedelta(weeks=4)).timestamp()) < 60


async def test_one_token_for_all_taken_anew_before_it_ends() -> None:
    clock = [NOW]
    firebase = Firebase(key=FIREBASE.key)
    async with peer(firebase.answering(said({"name": "m"}))) as provider:
        asked = PushSettings(
            project="demo", email=EMAIL, private_key=firebase.pem(), token_url=f"{provider.url}/token", url=provider.url
        )
        clock[0] = datetime.now(UTC)
        channel = PushChannel(asked, LINE, lambda: clock[0])
        assert await channel.send([letter("a")] * 8) == [Handed("m")] * 8
        assert firebase.tokens == 1
        clock[0] += timedelta(minutes=54)
        await channel.send([letter("a")])
        assert firebase.tokens == 1
        clock[0] += timedelta(minutes=2)
        await asyncio.gather(*(channel.send([letter("a")]) for _ in range(4)))
        assert firebase.tokens == 2
        await channel.close()


async def test_a_push_message_that_is_too_long_is_not_sent() -> None:
    fits = letter("a", content=replace(CONTENT, text="x" * 3_000))
    assert len(payload(fits, NOW)) <= MOST_BYTES
    for name in ("push", "web_push"):
        _, provider, outcome = await sent_or_not(name, "x" * 4_000)
        assert isinstance(outcome, Refused)
        assert outcome.reason == "content-refused"
        assert provider.heard == []


async def sent_or_not(name: str, text: str) -> tuple[Sequence[Heard], Peer, Outcome]:
    case = CASES[name]
    async with peer(case.wrap(case.good)) as provider:
        channel = case.make(provider.url, LINE)
        mine = letter(case.address(provider.url), content=replace(CONTENT, text=text))
        (outcome,) = await channel.send([mine])
        await channel.close()
    return provider.heard, provider, outcome


async def test_a_browser_decrypts_what_it_is_sent() -> None:
    browser = Browser()
    case = CASES["web_push"]
    async with peer(case.good) as provider:
        channel = case.make(provider.url, LINE)
        mine = letter(browser.subscription(f"{provider.url}/push/abc"), life=timedelta(minutes=10))
        assert await channel.send([mine, mine]) == [Handed("xyz")] * 2
        await channel.close()
    first, second = provider.heard
    assert first.body != second.body
    told = json.loads(browser.decrypt(first.body))
    assert (told["title"], told["body"], told["link"]) == (CONTENT.title, CONTENT.text, CONTENT.link)
    assert (first.headers["TTL"], first.headers["Content-Encoding"]) == ("600", "aes128gcm")
    assert first.headers["Topic"] == second.headers["Topic"] == mine.message_id.hex
    signed = verify_vapid(first.headers["Authorization"], provider.url.rpartition(":")[0], VAPID.public_key())
    assert signed["sub"] == "mailto:us@example.com"


@pytest.mark.parametrize(
    "address",
    [
        "no json",
        "{}",
        Browser().subscription("http://10.0.0.1/push"),
        Browser().subscription("file:///etc/passwd"),
        json.dumps({"endpoint": "https://push.example.com/x", "keys": {"auth": "x", "p256dh": "y"}}),
        json.dumps({"endpoint": "https://push.example.com/x", "keys": {"auth": "A" * 22, "p256dh": "A" * 87}}),
    ],
)
async def test_a_subscription_that_is_none_is_dead(address: str) -> None:
    channel = CASES["web_push"].make("", LINE)
    (outcome,) = await channel.send([letter(address)])
    await channel.close()
    assert isinstance(outcome, Refused)
    assert outcome.address_dead


@settings(max_examples=40)
@given(st.text(max_size=60), st.text(max_size=30))
def test_no_text_adds_anything_to_a_request(text: str, to: str) -> None:
    channel: Any = make_http("https://api.example.com", LINE)
    request = channel._request(letter(to, content=replace(CONTENT, text=text)))
    document = json.loads(request.body)
    assert document == {"to": to, "words": [f"{text} {CONTENT.link}"], "ref": str(letter("").message_id)}
    assert request.url.startswith("https://api.example.com/send/")
    assert not set(request.url.removeprefix("https://api.example.com/send/")) & set("/?#&\r\n ")


@pytest.mark.parametrize(
    ("channel", "document", "why"),
    [
        ("sms", {"kind": "twilio", "account": "AC1", "token": "x"}, "either sender or service"),
        ("sms", {"kind": "fcm"}, "one of: twilio, http"),
        ("email", {"kind": "http"}, "one of: none"),
        ("http", {"kind": "http", "url": "https://x.example", "form": {"to": "{number}"}}, "unknown gap"),
        ("http", {"kind": "http", "url": "https://x.example"}, "either json_body or form"),
        ("http", {"kind": "http", "url": "https://x.example", "form": {}, "headers": {"X\r\nY": "1"}}, "pattern"),
        ("push", {"kind": "fcm", "project": "demo"}, "private_key"),
        ("push", "fcm", "one of: fcm, http"),
    ],
)
def test_wrong_settings_are_refused(channel: Any, document: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        read_settings(channel, document)
    assert "AC1" not in str(refused.value) or not isinstance(refused.value, ValidationError)
    assert set(CARRIED) == {"sms", "push", "web_push", "http", "file", "social"}


def test_a_secret_is_in_no_text_of_settings() -> None:
    asked = HttpSettings(url="https://x.example", form={"to": "{to}"}, headers={"X-Key": SECRET})
    assert SECRET not in f"{asked!r} {asked}"


async def test_files_are_for_spreadsheets_that_run_nothing(tmp_path: Path) -> None:
    channel = FileChannel(FileSettings(directory=tmp_path), lambda: NOW)
    await channel.open()
    evil = replace(CONTENT, title='=HYPERLINK("http://x")', text="+cmd|' /C calc'!A0\nline, two")
    for letters in ([letter("Via Roma 1", content=evil)], [letter("@x"), letter("y", tenant_id=2)]):
        assert all(isinstance(each, Handed) for each in await channel.send(letters))
    with file_of(tmp_path, 1, NOW.date()).open(newline="", encoding="utf-8") as stream:
        head, first, second = csv.reader(stream)
    assert tuple(head) == COLUMNS
    assert first[3:5] == ["'" + evil.title, "'" + evil.text]
    assert second[1] == "'@x"
    assert file_of(tmp_path, 2, NOW.date()).exists()
    blocked = FileChannel(FileSettings(directory=tmp_path / "1" / "2026-03-01.csv"), lambda: NOW)
    (outcome,) = await blocked.send([letter("x")])
    assert isinstance(outcome, Postponed)


def test_words_are_kept_without_what_only_a_mail_shows() -> None:
    assert unpacked(packed(replace(CONTENT, html="<p>"))) == CONTENT
