"""Messages to many on a real database: what is counted before is what happens, whatever ends and whoever pauses."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord

from libs.contacts.person import Consent
from libs.mass import postgres as masses
from libs.mass.counts import outlook, results
from libs.mass.postgres import Seen
from libs.mass.wanted import wanted_of
from libs.messages.content import ChannelName
from services.notifier.mass import work as working
from services.notifier.mass.promotions import Promotions
from services.notifier.mass.work import MassWork
from tests.integration.notifier.conftest import BOUNDARY, SEED, Notifying

SPRING, AGAIN = UUID(int=0xA550), UUID(int=0xA551)


class Killed(BaseException):
    """The worker ends."""


WANTED: dict[str, Any] = {
    "name": "Spring",
    "words": [
        {"title": "Spring is here", "text": "Come by."},
        {"language": "de", "title": "Frühling", "text": "Komm."},
    ],
    "channels": ["email", "sms"],
}
ENROL = (
    "INSERT INTO members.member SELECT 1, 1, lpad(to_hex(n), 32, '0')::uuid, $2, $2 FROM generate_series(1, $1::int) n"
)
SCOPE = (1, 1)


def work(notifying: Notifying, *, portion: int = 7, window: int = 1_000) -> MassWork:
    return MassWork(
        notifying.pool, notifying.desk(), notifying.programmes, notifying.clock, notifying.metrics,
        lambda shards: None, notifying.woken.update, portion=portion, window=window,
    )  # fmt: skip


async def make(notifying: Notifying, mass_id: UUID = SPRING, *, members: Sequence[int] = (), **more: Any) -> None:
    wanted = wanted_of({**WANTED, **more})
    named = [UUID(int=number) for number in members]
    async with notifying.superuser.transaction():
        await masses.make(notifying.superuser, SCOPE, (mass_id, b"1"), wanted, named, "eva", notifying.clock.now())


async def steer(notifying: Notifying, action: Any, by: str = "eva", above: int | None = 10_000) -> str:
    async with notifying.superuser.transaction():
        return await masses.steer(notifying.superuser, SCOPE, SPRING, action, by, notifying.clock.now(), above)


async def seen(notifying: Notifying) -> Seen:
    found = await masses.load_one(notifying.superuser, 1, SPRING)
    assert found is not None
    return found


async def crowd(notifying: Notifying) -> None:
    """Thirty members: ten with mail, ten with a number alone, five who said no, five of whom nothing is known."""
    channels: tuple[ChannelName, ...] = ("email", "sms")
    agreed = [Consent("marketing", channel, True, notifying.clock.now(), "test", "1") for channel in channels]
    refused = [Consent("marketing", channel, False, notifying.clock.now(), "test", "1") for channel in channels]
    await notifying.superuser.execute(SEED, 30, BOUNDARY)
    await notifying.superuser.execute(ENROL, 30, notifying.clock.now())
    await notifying.programme({"caps": [{"purpose": "marketing", "most": 1, "hours": 24}]})
    await notifying.people(range(1, 11), {"email": "m{n}@example.com"}, agreed, language="de")
    await notifying.people(range(11, 21), {"sms": "+39347100{n:04d}"}, agreed)
    await notifying.people(range(21, 26), {"email": "m{n}@example.com"}, refused)


def ends_at(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever is about to commit for the n-th time end there."""
    left = itertools.count(count, -1)

    def reach(name: str) -> None:
        if next(left) == 1:
            raise Killed

    monkeypatch.setattr(working, "reach", reach)


async def test_the_count_is_what_then_happens(notifying: Notifying) -> None:
    await crowd(notifying)
    await make(notifying, everyone=True)
    await work(notifying).look()
    found = await seen(notifying)
    assert (found.state, found.members, found.counted) == ("counted", 30, 30)
    counts = await masses.counts(notifying.superuser, SCOPE, SPRING)
    assert {each[1:] for each in counts} == {
        ("send", "email", "", 10),
        ("send", "sms", "", 10),
        ("drop", "sms", "opted_out", 5),
        ("drop", "sms", "no_consent", 5),
    }
    assert outlook(counts) == (20, 0, 10)
    assert await notifying.rows() == []

    assert await steer(notifying, "send") == "done"
    await work(notifying).look()
    await notifying.send("email", "sms")
    letters = notifying.channels["email"].letters
    assert [each.content.title for each in letters] == ["Frühling"] * 10
    assert len(notifying.channels["sms"].letters) == 10
    await work(notifying).look()
    found = await seen(notifying)
    assert (found.state, found.laid, found.ended_at) == ("finished", 30, notifying.clock.now())
    (result,) = results(await masses.became(notifying.superuser, 1, found))
    assert (result.sent, result.under_way) == (20, 0)
    assert len([each for each in await notifying.events() if each["type"].endswith("sent.v1")]) == 20


async def test_quiet_hours_and_caps_are_foreseen(notifying: Notifying) -> None:
    await crowd(notifying)
    await make(notifying, members=[1, 2, 11, 26], starts_at=(notifying.clock.now() + timedelta(hours=14)).isoformat())
    await work(notifying).look()
    counts = await masses.counts(notifying.superuser, SCOPE, SPRING)
    assert sorted(each[1:] for each in counts) == [
        ("drop", "sms", "no_consent", 1),
        ("wait", "email", "quiet_hours", 2),
        ("wait", "sms", "quiet_hours", 1),
    ]
    assert await steer(notifying, "send") == "done"
    assert (await seen(notifying)).state == "scheduled"
    await work(notifying).look()
    assert await notifying.rows() == []
    notifying.clock.instant += timedelta(hours=24)
    await work(notifying).look()
    await notifying.send("email", "sms")
    assert [len(notifying.channels[name].letters) for name in ("email", "sms")] == [2, 1]
    # The same members again within a day: the cap lets nobody have another one, and the count says so.
    await make(notifying, AGAIN, members=[1, 11], useful_hours=1)
    await work(notifying).look()
    counts = await masses.counts(notifying.superuser, SCOPE, AGAIN)
    assert sorted(each[1:] for each in counts) == [
        ("drop", "email", "cap_reached", 1),
        ("drop", "sms", "cap_reached", 1),
    ]


async def test_what_ends_in_between_repeats_nothing(notifying: Notifying, monkeypatch: pytest.MonkeyPatch) -> None:
    await crowd(notifying)
    await make(notifying, everyone=True)
    for number in range(40):
        ends_at(number % 3 + 1, monkeypatch)
        with suppress(Killed):
            await work(notifying, portion=4).look()
        if (await seen(notifying)).state == "counted":
            await steer(notifying, "send")
        if (await seen(notifying)).laid_at is not None:
            break
    found = await seen(notifying)
    assert (found.members, found.laid) == (30, 30)
    assert outlook(await masses.counts(notifying.superuser, SCOPE, SPRING)).members == 30
    rows = await notifying.rows("member_id")
    assert Counter(row["member_id"].int for row in rows) == dict.fromkeys(range(1, 31), 1)
    queued = [each for each in await notifying.events() if each["type"].endswith("queued.v1")]
    assert len(queued) == 30


async def test_it_is_paused_goes_on_and_is_called_off(notifying: Notifying) -> None:
    await crowd(notifying)
    await make(notifying, everyone=True, per_minute=8)
    await work(notifying).look()
    await steer(notifying, "send")
    await work(notifying).look()
    assert await notifying.rows() == []
    notifying.clock.instant += timedelta(minutes=1)
    await work(notifying).look()
    assert len(await notifying.rows()) == 8
    assert [await steer(notifying, "pause") for _ in range(2)] == ["done", "done"]
    await notifying.send("email")
    rows = await notifying.rows("state, reason")
    assert {tuple(row) for row in rows} == {("postponed", "paused")}
    assert notifying.channels["email"].letters == []
    notifying.clock.instant += timedelta(minutes=10)
    await work(notifying).look()
    assert len(await notifying.rows()) == 8
    await steer(notifying, "resume")
    await work(notifying).look()
    await notifying.send("email")
    assert len(notifying.channels["email"].letters) == 8
    notifying.clock.instant += timedelta(minutes=1)
    await work(notifying).look()
    await steer(notifying, "cancel")
    await notifying.send("email", "sms")
    states = Counter((row["state"], row["reason"]) for row in await notifying.rows("state, reason"))
    assert states == {("handed", None): 8, ("suppressed", "called_off"): 8}
    assert await steer(notifying, "resume") == "otherwise"


async def test_many_take_a_second_person(notifying: Notifying) -> None:
    await crowd(notifying)
    await make(notifying, members=range(1, 21))
    await work(notifying).look()
    assert await steer(notifying, "send", above=19) == "done"
    assert (await seen(notifying)).state == "awaiting_approval"
    assert await steer(notifying, "approve") == "own"
    await work(notifying).look()
    assert await notifying.rows() == []
    assert await steer(notifying, "approve", by="max") == "done"
    await work(notifying).look()
    found = await seen(notifying)
    assert (found.state, found.laid, found.decided_by) == ("sending", 20, "max")


async def test_who_grew_meanwhile_takes_a_second_person_too(notifying: Notifying) -> None:
    await crowd(notifying)
    await make(notifying, everyone=True)
    await work(notifying).look()
    await steer(notifying, "send", above=30)
    more = "INSERT INTO members.member SELECT 1, 1, $1, enrolled_at, recorded_at FROM members.member LIMIT 1"
    await notifying.superuser.execute(more, UUID(int=99))
    for _ in range(2):
        await work(notifying).look()
    found = await seen(notifying)
    assert (found.state, found.laid) == ("awaiting_approval", 30)
    await steer(notifying, "approve", by="max")
    await work(notifying).look()
    assert (await seen(notifying)).laid == 31


async def test_a_name_stands_for_one_message_whatever_the_programme(notifying: Notifying) -> None:
    await make(notifying)
    await make(notifying)
    for digest in (b"1", b"2"):
        with pytest.raises(masses.NameTaken):
            await masses.is_known(notifying.superuser, (1, 2), SPRING, digest)
    assert not await masses.is_known(notifying.superuser, (2, 1), SPRING, b"1")


async def test_variants_share_members_by_lot(notifying: Notifying) -> None:
    await crowd(notifying)
    variants = [
        {"name": "long", "per_mille": 500},
        {"name": "short", "per_mille": 500, "words": [{"title": "Hi", "text": "Come."}]},
    ]
    await make(notifying, everyone=True, variants=variants)
    await work(notifying).look()
    await steer(notifying, "send")
    await work(notifying).look()
    await notifying.send("email", "sms")
    found = results(await masses.became(notifying.superuser, 1, await seen(notifying)))
    assert [each.variant for each in found] == ["long", "short"]
    assert sum(each.sent for each in found) == 20
    counted = Counter[str]()
    for each in await masses.counts(notifying.superuser, SCOPE, SPRING):
        counted[each.variant] += each.members if each.verdict == "send" else 0
    assert {each.variant: each.sent for each in found} == counted
    assert min(counted.values()) > 3
    titles = {each.content.title for each in notifying.channels["email"].letters}
    assert titles == {"Frühling", "Hi"}


async def test_a_promotion_that_begins_is_told_once(notifying: Notifying) -> None:
    """By itself where the programme says so; a switch that is turned on again begins nothing anew."""
    await crowd(notifying)
    words = [
        {"title": "Coffee week", "text": "Twice the points."},
        {"language": "de", "title": "Kaffeewoche", "text": "x"},
    ]
    told = {"campaign": "coffee", "words": words, "channels": ["email", "sms"]}
    await notifying.programme({"promotions": [told], "approval_above": 30})
    promotions = Promotions(notifying.pool, notifying.programmes, notifying.clock)
    about = {"programme_version": 1, "at": notifying.clock.now()}
    begins = [
        notifying.event(
            "campaign.started", 0, {"campaign": campaign, "cause": cause, **about}, id=f"{campaign}/{cause}"
        )
        for campaign, cause in (("coffee", "published"), ("base", "published"), ("coffee", "switch"))
    ]
    for _ in range(2):
        await promotions.take([record(value) for value in (*begins, b"no event")])
    worker = work(notifying)
    for _ in range(3):
        await worker.look()
    await notifying.send("email", "sms")
    await worker.look()
    assert worker.trouble is None
    (made,) = await masses.load(notifying.superuser, 1)
    assert (made.name, made.made_by, made.sent_by, made.state) == (
        "coffee begins", "pointstream", "pointstream", "finished",
    )  # fmt: skip
    titles = Counter(each.content.title for each in notifying.channels["email"].letters)
    assert titles == {"Kaffeewoche": 10}


async def test_a_promotion_to_many_waits_for_a_person(notifying: Notifying) -> None:
    await crowd(notifying)
    told = {"campaign": "coffee", "words": [{"title": "Coffee week", "text": "Twice the points."}]}
    await notifying.programme({"promotions": [told], "approval_above": 29})
    data = {"campaign": "coffee", "cause": "frame", "programme_version": 1, "at": notifying.clock.now()}
    promotions = Promotions(notifying.pool, notifying.programmes, notifying.clock)
    await promotions.take([record(notifying.event("campaign.started", 0, data))])
    worker = work(notifying)
    for _ in range(3):
        await worker.look()
    (made,) = await masses.load(notifying.superuser, 1)
    assert (made.state, made.members) == ("awaiting_approval", 30)
    assert await notifying.rows() == []


async def test_a_promotion_of_days_ago_is_told_to_nobody(notifying: Notifying) -> None:
    told = {"campaign": "coffee", "words": [{"title": "Coffee week", "text": "Twice."}], "useful_hours": 24}
    await notifying.programme({"promotions": [told]})
    data = {"campaign": "coffee", "cause": "frame", "programme_version": 1, "at": notifying.clock.now()}
    begins = record(notifying.event("campaign.started", 0, data))
    notifying.clock.instant += timedelta(hours=24)
    promotions = Promotions(notifying.pool, notifying.programmes, notifying.clock)
    await promotions.take([begins])
    assert await masses.load(notifying.superuser, 1) == []
    notifying.clock.instant -= timedelta(minutes=1)
    await promotions.take([begins])
    assert len(await masses.load(notifying.superuser, 1)) == 1


def record(value: bytes) -> ConsumerRecord:
    return ConsumerRecord("loyalty.campaigns", 0, 0, 1_700_000_000_000, 0, b"k", value, None, 0, 0, ())
