"""Letters to people of the company: handed over once, tried again, and no member's message."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.deliveries import own, result_mails
from libs.deliveries.own import Kind, OwnLetter, Stand
from libs.deliveries.result_mails import Wish
from libs.messages.content import Content
from libs.runtime.clock import SystemClock
from libs.runtime.seal import Seal
from libs.templates.shelf import Shelf
from services.notifier.channels.channel import Postponed, Refused, Unanswered
from services.notifier.own.letters import OwnLetters
from services.notifier.own.results import ResultMails
from tests.integration.notifier.conftest import BOUNDARY, NOON, SEED, Notifying

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


async def test_what_may_have_been_taken_is_not_sent_again(notifying: Notifying) -> None:
    await ask(notifying)
    notifying.channels["email"].answer = lambda letter: Unanswered(safe=False, detail="closed")
    await worker(notifying).look()
    found = await stand(notifying)
    assert (found.state, found.reason, found.detail) == ("failed", "no-answer", "closed")


async def test_figures_that_can_not_be_written_hold_up_nobody(notifying: Notifying) -> None:
    await notifying.programme()
    seals = {"lost": Seal.from_base64(base64.b64encode(bytes(32)).decode()), "kept": notifying.seal}
    for number, (name, seal) in enumerate(seals.items()):
        wish, named = Wish(f"{name}@shop.example", "day", 7, "en"), (UUID(int=number + 1), b"1")
        due = NOON - timedelta(hours=2 - number)
        await result_mails.add(notifying.superuser, (1, 1), named, wish, seal, "eva", NOON - timedelta(days=1), due)
    figures = ResultMails(notifying.pool, notifying.programmes, Shelf().library, notifying.seal, notifying.clock)
    await figures.look()
    await worker(notifying).look()
    assert [each.address for each in notifying.channels["email"].letters] == ["kept@shop.example"]
    dates = await notifying.superuser.fetch("SELECT next_at FROM notifier.result_mail")
    assert {row["next_at"] > NOON for row in dates} == {True}


async def test_operators_get_the_figures_of_the_week_that_is_over(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 3, BOUNDARY)
    await notifying.programme({"brand": "Tea & More"})
    await notifying.superuser.execute("UPDATE ledger.lot SET recorded_at = $1", NOON - timedelta(days=3))
    monday = datetime(2026, 12, 28, 6, tzinfo=UTC)
    wish = Wish("boss@shop.example", "week", 7, "de")
    named = (UUID(int=0x0F), b"1")
    for _ in range(2):
        await result_mails.add(notifying.superuser, (1, 1), named, wish, notifying.seal, "eva", NOON, monday)
    (known,) = await result_mails.load(notifying.superuser, 1, notifying.seal)
    assert (known.address, known.next_at) == ("b•••@s•••.example", monday)
    figures = ResultMails(notifying.pool, notifying.programmes, Shelf().library, notifying.seal, notifying.clock)
    await figures.look()
    await worker(notifying).look()
    assert notifying.channels["email"].letters == []
    notifying.clock.instant = monday
    for _ in range(2):
        await figures.look()
        await worker(notifying).look()
    (letter,) = notifying.channels["email"].letters
    assert letter.address == "boss@shop.example"
    assert letter.content.title.endswith(": 60 vergeben, 0 eingelöst")
    assert "Jetzt offen: 60." in letter.content.text
    assert "21. Dezember bis 27. Dezember 2026" in letter.content.text
    (known,) = await result_mails.load(notifying.superuser, 1, notifying.seal)
    assert known.next_at == monday + timedelta(days=7)
    assert await result_mails.remove(notifying.superuser, 1, known.result_mail_id)
    assert await result_mails.load(notifying.superuser, 1, notifying.seal) == []


async def test_a_person_tries_so_many_a_day(notifying: Notifying) -> None:
    """The next one goes when the first of them is a day old; figures, repeats and other people are not counted."""
    now = notifying.clock.now()

    def letter(number: int, kind: Kind = "test") -> OwnLetter:
        name = UUID(int=number + 1)
        return OwnLetter(name, 1, kind, "email", "welcome", "me@shop.example", "Shop", Content("en", "Hello", "You"))

    async def put(number: int, by: str = "eva", kind: Kind = "test", minutes: int = 0) -> None:
        at = now + timedelta(minutes=minutes)
        async with notifying.superuser.transaction():
            await own.put(notifying.superuser, 1, notifying.seal, letter(number, kind), b"1", by, at)

    for number in range(own.A_DAY):
        await put(number, minutes=number // 50)
    with pytest.raises(own.Spent) as spent:
        await put(500, minutes=10)
    assert spent.value.again_at == now + timedelta(days=1)
    await put(0, minutes=10)
    await put(501, by="ada", minutes=10)
    await put(502, kind="results", minutes=10)
    await put(503, minutes=24 * 60)
