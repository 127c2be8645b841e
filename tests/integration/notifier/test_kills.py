"""A worker that ends anywhere between taking a message and writing down what became of it: nothing is lost.

What a killed process leaves behind is what the database and the mail server have: here the worker ends by an exception
that nobody catches, at the lines where a process may be stopped, and another one goes on when its lease is over.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifier import intake, lane, store
from services.notifier.channels.captured import CapturedChannel
from services.notifier.channels.channel import Handed, Letter, Outcome
from services.notifier.channels.email import EmailChannel, EmailSettings
from tests.integration.notifier.conftest import BOUNDARY, SEED, Notifying
from tests.support.mail_server import mail_server
from tests.support.stack import until

MEMBERS, BUNDLE = 12, 4
MUCH_LATER = datetime(2100, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone."""


def kill_at(monkeypatch: pytest.MonkeyPatch, module: Any, point: str, nth: int) -> None:
    """Let whoever reaches a line of a module for the n-th time end there."""
    left = [nth]

    def reach(name: str) -> None:
        left[0] -= name == point
        if name == point and left[0] == 0:
            raise Killed

    monkeypatch.setattr(module, "reach", reach)


async def queue(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, MEMBERS, BOUNDARY)
    await notifying.programme({"notices": [{"message": "expiry_reminder", "channels": ["email"]}]})
    await notifying.people(range(1, MEMBERS + 1), {"email": "m{n}@example.com"})


async def go_on(notifying: Notifying, channel: Any) -> None:
    """The lease is over: another worker takes what was left."""
    await store.give_back(notifying.pool, MUCH_LATER, notifying.clock.now())
    other = notifying.lane(notifying.carrier(channel), bundle=BUNDLE, holder="two")
    while await other.work():
        pass
    assert {row["state"] for row in await notifying.rows("state")} == {"handed"}


@pytest.mark.parametrize(
    ("point", "nth"), [("after-fetch", 1), ("after-send", 1), ("after-send", 3), ("before-commit", 2)]
)
async def test_no_mail_is_lost_and_a_bundle_at_most_goes_twice(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch, point: str, nth: int
) -> None:
    await queue(notifying)
    await notifying.hear([notifying.reminder(n) for n in range(1, MEMBERS + 1)])
    async with mail_server() as server:
        settings = EmailSettings(host="127.0.0.1", port=server.port, security="none", sender="club@shop.example")
        email = EmailChannel(settings, notifying.clock.now)
        with monkeypatch.context() as patched:
            kill_at(patched, lane, point, nth)
            with pytest.raises(Killed):
                await notifying.lane(notifying.carrier(email), bundle=BUNDLE).work()
        await go_on(notifying, email)
        await email.close()
        got = Counter(address for address, _ in server.taken)
        assert got.keys() == {f"m{n}@example.com" for n in range(1, MEMBERS + 1)}
        twice = sum(count - 1 for count in got.values())
        assert twice == (0 if point == "after-fetch" else BUNDLE), "what was handed over and not written down, no more"
        ids = {line for _, raw in server.taken for line in raw.split(b"\r\n") if line.startswith(b"Message-ID")}
        assert len(ids) == MEMBERS, "a repeat has the id of the first"


@pytest.mark.parametrize("point", ["after-fetch", "after-send", "before-commit"])
async def test_a_safe_channel_takes_each_message_once(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    await queue(notifying)
    await notifying.hear([notifying.reminder(n) for n in range(1, MEMBERS + 1)])
    captured = CapturedChannel("email", notifying.pool, notifying.seal, notifying.clock.now)
    with monkeypatch.context() as patched:
        kill_at(patched, lane, point, 1)
        with pytest.raises(Killed):
            await notifying.lane(notifying.carrier(captured), bundle=BUNDLE).work()
    await go_on(notifying, captured)
    assert await notifying.superuser.fetchval("SELECT count(*) FROM notifier.captured") == MEMBERS
    sent = [each for each in await notifying.events() if each["type"].endswith("message.sent.v1")]
    assert len(sent) == len({each["id"] for each in sent}) == MEMBERS


@pytest.mark.parametrize("seed", range(3))
async def test_workers_that_end_again_and_again_need_nobody(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Eight ends at random, of who hears and of who sends: all goes on by itself, and each message is there once."""
    await queue(notifying)
    chance = random.Random(seed)
    captured = CapturedChannel("email", notifying.pool, notifying.seal, notifying.clock.now)
    values = [notifying.reminder(n) for n in range(1, MEMBERS + 1)]
    ends = 0
    for number in range(8):
        with monkeypatch.context() as patched:
            kill_at(patched, intake, "before-commit", chance.randint(1, 2))
            kill_at(patched, lane, chance.choice(("after-fetch", "after-send", "before-commit")), chance.randint(1, 2))
            try:
                await notifying.hear(values[: (number + 1) * 2])
                await notifying.lane(notifying.carrier(captured), batch=3, bundle=2, holder=str(number)).work()
            except Killed:
                ends += 1
        await store.give_back(notifying.pool, MUCH_LATER, notifying.clock.now())
    assert ends >= 4, "too few ends for a storm"
    await notifying.hear(values)
    await go_on(notifying, captured)
    assert await notifying.superuser.fetchval("SELECT count(*) FROM notifier.captured") == MEMBERS
    sent = [each for each in await notifying.events() if each["type"].endswith("message.sent.v1")]
    assert len(sent) == len({each["id"] for each in sent}) == MEMBERS


async def test_an_event_whose_batch_ends_before_its_commit_is_taken_again(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue(notifying)
    values = [notifying.reminder(n) for n in range(1, MEMBERS + 1)]
    with monkeypatch.context() as patched:
        kill_at(patched, intake, "before-commit", 1)
        with pytest.raises(Killed):
            await notifying.hear(values)
    assert await notifying.rows() == []
    await notifying.hear(values)
    await notifying.hear(values)
    assert len(await notifying.rows()) == MEMBERS
    assert len(await notifying.events()) == MEMBERS


async def test_several_lanes_share_the_work_and_hand_each_message_over_once(notifying: Notifying) -> None:
    await queue(notifying)
    steps = [notifying.reminder(n, step=f"{days}d") for days in range(1, 11) for n in range(1, MEMBERS + 1)]
    await notifying.hear(steps)
    email = notifying.channels["email"]
    lanes = [notifying.lane(notifying.carrier(email), batch=10, bundle=3, holder=f"w{n}") for n in range(4)]

    async def work(one: lane.Lane) -> None:
        while await one.work():
            pass

    await asyncio.gather(*map(work, lanes))
    assert Counter(Counter(letter.message_id for letter in email.letters).values()) == {1: 10 * MEMBERS}


async def test_who_was_given_up_writes_nothing_any_more(notifying: Notifying) -> None:
    await queue(notifying)
    await notifying.hear([notifying.reminder(1)])
    email = notifying.channels["email"]
    lanes = [notifying.lane(notifying.carrier(email), holder=name) for name in ("slow", "quick")]

    async def taken_over() -> None:
        await store.give_back(notifying.pool, MUCH_LATER, notifying.clock.now())
        email.send = type(email).send.__get__(email)
        assert await lanes[1].work()

    async def slowly(letters: list[Letter]) -> list[Outcome]:
        await taken_over()
        return [Handed("late") for _ in letters]

    email.send = slowly
    await lanes[0].work()
    (row,) = await notifying.rows("provider_id, attempts")
    assert tuple(row) == ("1", 1)
    assert notifying.registry.get_sample_value("loyalty_notifier_fenced_total", {"channel": "email"}) == 1


async def test_a_slow_provider_is_waited_for_and_nobody_else_sends_the_same(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what is being handed over nor what comes after it is given to others while their worker is at it."""
    await queue(notifying)
    await notifying.hear([notifying.reminder(1), notifying.reminder(2)])
    email = notifying.channels["email"]
    monkeypatch.setattr(lane, "_BEATS", 120)
    held_until = "SELECT min(lease_until) FROM notifier.delivery"

    async def slowly(letters: list[Letter]) -> list[Outcome]:
        first = await notifying.superuser.fetchval(held_until)

        async def longer() -> bool:
            return bool(await notifying.superuser.fetchval(held_until) > first)

        await until(longer, "both are held for longer than before")
        assert await store.give_back(notifying.pool, first + timedelta(microseconds=1), notifying.clock.now()) == []
        email.letters += letters
        return [Handed("slow") for _ in letters]

    email.send = slowly
    await notifying.lane(notifying.carrier(email), bundle=1).work()
    del email.send
    await notifying.send("email")
    assert Counter(Counter(letter.message_id for letter in email.letters).values()) == {1: 2}
    rows = await notifying.rows("state, lapses, provider_id")
    assert {(row["state"], row["lapses"]) for row in rows} == {("handed", 0)}
    assert "slow" in [row["provider_id"] for row in rows]


async def test_an_answer_counts_though_the_lease_is_over_where_nobody_else_has_begun(notifying: Notifying) -> None:
    """As after an outage of the database: all leases ended while nobody could write an answer down."""
    await queue(notifying)
    await notifying.hear([notifying.reminder(1)])
    email = notifying.channels["email"]

    async def late(letters: list[Letter]) -> list[Outcome]:
        assert await store.give_back(notifying.pool, MUCH_LATER, notifying.clock.now()) == ["email"]
        return [Handed("late") for _ in letters]

    email.send = late
    await notifying.lane(notifying.carrier(email)).work()
    del email.send
    await notifying.send("email")
    assert email.letters == [], "it is not sent again"
    assert [tuple(row) for row in await notifying.rows("state, provider_id")] == [("handed", "late")]


async def test_what_ends_its_workers_again_and_again_is_set_aside(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue(notifying)
    await notifying.hear([notifying.reminder(1)])
    email = notifying.channels["email"]
    for _ in range(5):
        with monkeypatch.context() as patched:
            kill_at(patched, lane, "after-fetch", 1)
            with pytest.raises(Killed):
                await notifying.lane(notifying.carrier(email)).work()
        await store.give_back(notifying.pool, MUCH_LATER, notifying.clock.now())
    await notifying.hear([notifying.reminder(2)])
    await notifying.send("email")
    rows = await notifying.rows("state, reason")
    assert [(row["state"], row["reason"]) for row in rows] == [("failed", "set_aside"), ("handed", None)]
    assert len(email.letters) == 1
