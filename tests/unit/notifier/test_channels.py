"""One suite for every channel that speaks to a provider: handed, refused, postponed, unanswered, cut, kept, bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from libs.messages.content import Content
from libs.messages.provider_settings import FacebookSettings, HttpSettings, PushSettings, SmsSettings, WebPushSettings
from services.notifier.channels.channel import Channel, Handed, Letter, Outcome, Postponed, Refused, Unanswered
from services.notifier.channels.exchange import Line
from services.notifier.channels.facebook import FacebookChannel
from services.notifier.channels.http import HttpChannel
from services.notifier.channels.push import PushChannel
from services.notifier.channels.sms import SmsChannel
from services.notifier.channels.web_push import WebPushChannel
from tests.support.push_services import EMAIL, Browser, Firebase, fcm_error
from tests.support.receivers import Answer, cut_off, hang, in_pieces, peer, says, says_json
from tests.support.stack import until

SECRET = "the-secret-of-the-provider"
NUMBER = "+393331234567"
LINE = Line(at_once=4, answer=timedelta(seconds=0.3), loopback=True)
FIREBASE = Firebase()
VAPID = ec.generate_private_key(ec.SECP256R1())
CONTENT = Content("en", "Your points", "120 points lapse on 31 March.", None, "https://shop.example.com/points")


def letter(address: str, **changes: Any) -> Letter:
    """A message for somebody."""
    fields: dict[str, Any] = {"content": CONTENT, "sender": "Acme", "tenant_id": 1, "data": (("points", "120"),)}
    return Letter(UUID(int=7), address, **(fields | changes))


@dataclass(frozen=True)
class Case:
    """A channel, and how its provider says things."""

    make: Callable[[str, Line], Channel]
    address: Callable[[str], str]
    good: Answer
    provider_id: str
    refusals: tuple[tuple[Answer, Outcome], ...]
    busy: Answer
    wrong_key: Answer
    wrap: Callable[[Answer], Answer] = field(default=lambda answer: answer)


def twilio(code: int, status: int = 400, **headers: str) -> Answer:
    message = f"The number {NUMBER} is not good"
    return says_json(status, json.dumps({"code": code, "message": message, "status": status}), **headers)


def make_sms(url: str, line: Line) -> Channel:
    return SmsChannel(SmsSettings(url=url, account="AC1", token=SECRET, sender="Acme", callback="http://us/cb"), line)


def make_push(url: str, line: Line) -> Channel:
    settings = PushSettings(project="demo", email=EMAIL, private_key=FIREBASE.pem(), token_url=f"{url}/token", url=url)
    return PushChannel(settings, line, lambda: datetime.now(UTC))


def make_web_push(url: str, line: Line) -> Channel:
    private = VAPID.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = VAPID.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return WebPushChannel(WebPushSettings(private_key=private, public_key=public, contact="us@example.com"), line)


def make_http(url: str, line: Line) -> Channel:
    document = {
        "url": f"{url}/send/{{to}}",
        "headers": {"X-Key": SECRET},
        "json_body": {"to": "{to}", "words": ["{text} {link}"], "ref": "{id}"},
        "message_id": "/data/0/id",
        "answers": [
            {"status": "200", "at": "/error", "equals": "unknown-number", "means": "dead"},
            {"status": "409", "means": "blocked"},
            {"status": "4xx", "at": "/error", "equals": "too-long", "means": "unfit"},
        ],
    }
    return HttpChannel(HttpSettings.model_validate(document), line)


def make_social(url: str, line: Line) -> Channel:
    page = {"name": "club", "page": "20531316728", "token": SECRET}
    return FacebookChannel(FacebookSettings.model_validate({"url": url, "pages": [page]}), line)


def graph(code: int, status: int = 400, subcode: int | None = None, **headers: str) -> Answer:
    """An error as the Graph API says it; what it repeats of the post is told nobody."""
    error = {"message": f"(#{code}) {CONTENT.text}", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    if subcode is not None:
        error["error_subcode"] = subcode
    return says_json(status, json.dumps({"error": error}), **headers)


def said(document: object, status: int = 200) -> Answer:
    return says_json(status, json.dumps(document))


CASES = {
    "sms": Case(
        make_sms,
        lambda url: NUMBER,
        said({"sid": "SM123", "status": "queued", "error_code": None}, 201),
        "SM123",
        (
            (twilio(21211), Refused("address-unknown", "code 21211", address_dead=True)),
            (twilio(21610), Refused("address-refused", "code 21610")),
            (twilio(30007), Refused("content-refused", "code 30007")),
            (twilio(21606), Postponed("credentials-refused", "code 21606", provider_wide=True)),
            (twilio(99999), Refused("content-refused", "code 99999")),
        ),
        twilio(20429, 429, Retry_After="7"),
        twilio(20003, 401),
    ),
    "push": Case(
        make_push,
        lambda url: "token-of-an-app",
        said({"name": "projects/demo/messages/0:1"}),
        "projects/demo/messages/0:1",
        (
            (
                fcm_error(404, "NOT_FOUND", "UNREGISTERED"),
                Refused("address-unknown", "UNREGISTERED", address_dead=True),
            ),
            (
                fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.token"),
                Refused("address-unknown", "INVALID_ARGUMENT", address_dead=True),
            ),
            (fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"), Refused("content-refused", "INVALID_ARGUMENT")),
            (
                fcm_error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
                Refused("address-refused", "SENDER_ID_MISMATCH", address_dead=True),
            ),
            (
                fcm_error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
                Postponed("credentials-refused", "THIRD_PARTY_AUTH_ERROR", provider_wide=True),
            ),
        ),
        says(429, "{}", Retry_After="7"),
        fcm_error(401, "UNAUTHENTICATED"),
        FIREBASE.answering,
    ),
    "web_push": Case(
        make_web_push,
        lambda url: Browser().subscription(f"{url}/push/abc"),
        says(201, Location="https://push.example.com/m/xyz"),
        "xyz",
        (
            (says(404), Refused("address-unknown", "status 404", address_dead=True)),
            (says(410), Refused("address-unknown", "status 410", address_dead=True)),
            (says(413), Refused("content-refused", "status 413")),
        ),
        says(429, Retry_After="7"),
        says(403, "the key is not that of the subscription"),
    ),
    "social": Case(
        make_social,
        lambda url: "club",
        said({"id": "20531316728_101"}),
        "20531316728_101",
        (
            (graph(506), Refused("content-refused", "code 506")),
            (graph(100), Refused("content-refused", "code 100")),
            (graph(100, subcode=33), Refused("address-unknown", "code 100/33")),
            (graph(368), Refused("address-refused", "code 368")),
            (graph(803, 404), Refused("address-unknown", "code 803")),
            (graph(190, subcode=463), Postponed("credentials-refused", "code 190/463", provider_wide=True)),
            (graph(200, 403), Postponed("credentials-refused", "code 200", provider_wide=True)),
            (graph(2, 500), Postponed("provider-failed", "code 2", provider_wide=True)),
            *[
                (graph(each), Postponed("provider-busy", f"code {each}", provider_wide=True))
                for each in (4, 17, 32, 613)
            ],
        ),
        graph(32, 400, Retry_After="7"),
        graph(190, 401),
    ),
    "http": Case(
        make_http,
        lambda url: NUMBER,
        said({"data": [{"id": 42}]}),
        "42",
        (
            (said({"error": "unknown-number"}), Refused("address-unknown", "status 200", address_dead=True)),
            (says(409), Refused("address-refused", "status 409")),
            (said({"error": "too-long"}, 422), Refused("content-refused", "status 422")),
            (says(400), Refused("content-refused", "status 400")),
            (says(302, Location="http://127.0.0.1:9/"), Refused("content-refused", "status 302")),
        ),
        says(429, Retry_After="7"),
        says(401, SECRET),
    ),
}


@pytest.fixture(params=CASES, name="case")
def each_case(request: pytest.FixtureRequest) -> Case:
    """Every channel."""
    return CASES[request.param]


async def one(case: Case, answer: Answer, *, line: Line = LINE) -> Outcome:
    async with peer(case.wrap(answer)) as provider:
        channel = case.make(provider.url, line)
        await channel.open()
        try:
            (outcome,) = await channel.send([letter(case.address(provider.url))])
        finally:
            await channel.close()
    return outcome


async def test_what_is_taken_is_handed(case: Case) -> None:
    assert await one(case, case.good) == Handed(case.provider_id)


async def test_what_is_refused_is_refused_for_its_reason(case: Case) -> None:
    for answer, expected in case.refusals:
        assert await one(case, answer) == expected


async def test_trouble_of_the_provider_postpones(case: Case) -> None:
    busy = await one(case, case.busy)
    assert isinstance(busy, Postponed)
    assert (busy.reason, busy.after, busy.provider_wide) == ("provider-busy", timedelta(seconds=7), True)
    failed = await one(case, says(503, Retry_After="60"))
    assert isinstance(failed, Postponed)
    assert (failed.reason, failed.after, failed.provider_wide) == ("provider-failed", timedelta(seconds=60), True)


async def test_a_wrong_key_loses_no_message_and_tells_no_secret(
    case: Case, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = await one(case, case.wrong_key)
    assert isinstance(refused, Postponed)
    assert (refused.reason, refused.provider_wide) == ("credentials-refused", True)
    shown = f"{refused} {letter(NUMBER)} {caplog.text} {capsys.readouterr()}"
    assert SECRET not in shown
    assert NUMBER not in shown
    assert CONTENT.text not in shown


async def test_a_provider_that_is_away_postpones(case: Case) -> None:
    async with peer() as provider:
        url = provider.url
    channel = case.make(url, LINE)
    outcomes = await channel.send([letter(case.address(url))] * 2)
    await channel.close()
    for each in outcomes:
        assert isinstance(each, Postponed)
        assert (each.reason, each.provider_wide) == ("provider-away", True)


async def test_what_was_sent_and_got_no_answer_may_have_been_taken(case: Case) -> None:
    for answer in (cut_off, hang):
        outcome = await one(case, answer)
        assert isinstance(outcome, Unanswered)
        assert not outcome.safe


async def test_connections_are_kept_and_bounded_and_outcomes_in_order(case: Case) -> None:
    go = asyncio.Event()
    calls = 0

    async def every_third_fails(request: web.Request, body: bytes) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        mine = calls
        await go.wait()
        return await (says(500) if mine % 3 == 0 else case.good)(request, body)

    async with peer(case.wrap(every_third_fails)) as provider:

        async def three_at_once() -> bool:
            return provider.at_once == 3

        channel = case.make(provider.url, Line(at_once=3, answer=timedelta(seconds=5), loopback=True))
        address = case.address(provider.url)
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(channel.send([letter(address) for _ in range(12)]))
            await until(three_at_once, "three are being sent")
            go.set()
        assert sum(isinstance(each, Handed) for each in sending.result()) == 8
        assert provider.most_at_once == 3
        assert len(provider.connections) <= 4
        await channel.close()


async def test_an_answer_counts_by_its_status_and_whatever_came_of_it(case: Case) -> None:
    """A body may come in pieces. Of one that breaks off, the status was told: the message was taken."""
    document = json.dumps({"sid": "A1", "name": "A1", "data": [{"id": "A1"}], "id": "A1", "more": "x" * 500})
    assert await one(case, in_pieces(200, document)) == Handed("" if case is CASES["web_push"] else "A1")
    assert await one(case, in_pieces(200, document, whole=False)) == Handed("")
