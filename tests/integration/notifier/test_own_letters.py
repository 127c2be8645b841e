"""Letters to people of the company: handed over once, tried again, and no member's message."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from libs.deliveries import own
from libs.deliveries.own import OwnLetter, Stand
from libs.messages.content import Content
from libs.runtime.clock import SystemClock
from services.notifier.channels.channel import Postponed, Refused
from services.notifier.own.letters import OwnLetters
from tests.integration.notifier.conftest import Notifying

LETTER = UUID(int=0x0E)


async def ask(notifying: Notifying) -> None:
    content = Content("en", "[Test] Hello", "Hello you")
    letter = OwnLetter(LETTER, 1, "test", "email", "welcome", "me@shop.example", "Shop", content)
    await own.put(notifying.superuser, 1, notifying.seal, letter, b"1", "eva", notifying.clock.now())


async def stand(notifying: Notifying) -> Stand:
    found = await own.load(notifying.superuser, 1, LETTER)
    assert found is not None
    return found


def worker(notifying: Notifying) -> OwnLetters:
    carriers = {name: notifying.carrier(channel) for name, channel in notifying.channels.items()}
    return OwnLetters(notifying.pool, carriers, notifying.seal, notifying.clock, SystemClock())


async def test_it_is_handed_over_once_and_forgotten(notifying: Notifying) -> None:
    for _ in range(2):
        await ask(notifying)
        await worker(notifying).look()
    (letter,) = notifying.channels["email"].letters
    assert (letter.address, letter.sender, letter.content.title) == ("me@shop.example", "Shop", "[Test] Hello")
    assert letter.unsubscribe is None
    assert (await stand(notifying)).state == "handed"
    assert await notifying.superuser.fetchval("SELECT sealed FROM notifier.own_letter") is None
    assert await notifying.rows() == []


async def test_what_is_away_is_tried_again_and_what_is_refused_is_over(notifying: Notifying) -> None:
    await ask(notifying)
    notifying.channels["email"].answer = lambda letter: Postponed("provider-busy", "421")
    await worker(notifying).look()
    await worker(notifying).look()
    assert len(notifying.channels["email"].letters) == 1, "it waits"
    found = await stand(notifying)
    assert (found.state, found.reason, found.detail) == ("waiting", "provider-busy", "421")
    notifying.clock.instant += timedelta(minutes=1)
    notifying.channels["email"].answer = lambda letter: Refused("address-unknown", "550")
    await worker(notifying).look()
    found = await stand(notifying)
    assert (found.state, found.reason, found.detail) == ("failed", "address-unknown", "550")
