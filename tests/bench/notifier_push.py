"""`python -m tests.bench.notifier_push push|web_push`: reminders pushed to apps or browsers, beside a bare httpx loop.

As `tests.bench.notifier_http`; the provider is on loopback. The bare loop posts bodies that are ready: what it takes to
encrypt a message for its browser, and to sign for FCM, is ours alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
from uuid import UUID

import uvloop
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr
from webpush import WebPush, WebPushSubscription

from libs.contacts.addresses import AddressedChannel, CheckedAddress
from libs.contacts.told import Told, ToldAddress, ToldPerson
from libs.messages.provider_settings import PushSettings, WebPushSettings
from services.notifier.channels import push, web_push
from services.notifier.channels.channel import Channel, Letter
from services.notifier.channels.exchange import Line
from tests.bench.notifier import NOW, measure, parse, stage
from tests.bench.notifier_http import AT_ONCE, HttpBench
from tests.support.push_services import Browser


class AppPushBench(HttpBench):
    """One run over FCM's HTTP v1."""

    channel: AddressedChannel = "push"

    def _told(self, number: int) -> Told:
        return _told("push", f"device-{number}", number)

    def _bytes(self, letter: Letter) -> bytes:
        return push.payload(letter, NOW)

    def _headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "Authorization": "Bearer token"}

    def _channel(self) -> Channel:
        address = f"http://127.0.0.1:{self._sink.port}"
        key = rsa.generate_private_key(65537, 2048)
        settings = PushSettings(
            project="bench",
            email="bench@bench.example",
            private_key=SecretStr(_private(key)),
            token_url=f"{address}/token",
            url=address,
        )
        return push.PushChannel(settings, Line(at_once=AT_ONCE, loopback=True), self._clock.now)


class WebPushBench(HttpBench):
    """One run over Web Push: each message is encrypted for its browser."""

    channel: AddressedChannel = "web_push"
    _key = ec.generate_private_key(ec.SECP256R1())
    _browser = Browser()

    def _told(self, number: int) -> Told:
        told = self._browser.subscription(f"http://127.0.0.1:{self._sink.port}/push/{number}")
        return _told("web_push", told, number)

    def _bytes(self, letter: Letter) -> bytes:
        settings = self._settings()
        sealing = WebPush(
            settings.private_key.get_secret_value().encode(), settings.public_key.encode(), subscriber=settings.contact
        )
        sealed = sealing.get(web_push.payload(letter), WebPushSubscription.model_validate_json(letter.address))
        return bytes(sealed.encrypted)

    def _headers(self) -> dict[str, str]:
        return {"Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm", "TTL": "86400"}

    def _settings(self) -> WebPushSettings:
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return WebPushSettings(
            private_key=SecretStr(_private(self._key)), public_key=public, contact="club@shop.example"
        )

    def _channel(self) -> Channel:
        return web_push.WebPushChannel(self._settings(), Line(at_once=AT_ONCE, loopback=True))


BENCHES = {"push": AppPushBench, "web_push": WebPushBench}


def _told(channel: AddressedChannel, address: str, number: int) -> Told:
    language = "de" if number % 2 else "en"
    place = CheckedAddress(channel, address, str(UUID(int=number)))
    return Told(ToldPerson(given_name=f"Anna {number}", language=language), (ToldAddress(place),), ())


def _private(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def main(arguments: list[str]) -> None:
    """Measure and print."""
    kind, *others = arguments
    options = parse(others)
    with (
        stage("tests.bench.http_sink") as (database, sink),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        print(json.dumps(runner.run(measure(database, sink, options, BENCHES[kind]))))


if __name__ == "__main__":
    main(sys.argv[1:])
