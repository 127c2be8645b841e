"""Whom a message reaches, over which channel, when, and what is written down of it."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from libs.contacts.person import Consent
from libs.contacts.postgres import record_consents
from libs.deliveries import postgres as deliveries
from libs.deliveries.postgres import Heard, hear
from libs.deliveries.told import Told
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused, Unanswered
from tests.integration.notifier.conftest import BOUNDARY, NOON, SEED, Notifying

HOUR = timedelta(hours=1)
NIGHT = datetime(2026, 12, 24, 22, tzinfo=UTC)
CREDIT = {
    "wallet": "points", "points": 5, "lot": 1, "receipt_source": "/acme/pos/1", "receipt_id": "r",
    "programme_version": 1,
}  # fmt: skip


async def test_the_next_channel_is_tried_when_one_reaches_nobody(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 3, BOUNDARY)
    await notifying.programme()
    await notifying.people([1], {"push": "token-1", "email": "m1@example.com", "sms": "+420601000001"})
    await notifying.people([2, 3], {"email": "m{n}@example.com", "sms": "+42060100000{n}"})
    notifying.channels["push"].answer = lambda letter: Refused("address-unknown", "UNREGISTERED", address_dead=True)

    def bounce(letter: Letter) -> Outcome:
        return Refused("address-unknown", "550 5.1.1", address_dead=True) if "m3@" in letter.address else Handed()

    notifying.channels["email"].answer = bounce
    await notifying.hear([notifying.reminder(n) for n in (1, 2, 3)])
    await notifying.send()
    found = {(r["member_id"].int, r["channel"]): (r["state"], r["reason"]) for r in await notifying.rows()}
    assert found == {
        (1, "push"): ("failed", "address-unknown"),
        (1, "email"): ("handed", None),
        (2, "push"): ("suppressed", "no_address"),
        (2, "email"): ("handed", None),
        (3, "push"): ("suppressed", "no_address"),
        (3, "email"): ("failed", "address-unknown"),
        (3, "sms"): ("handed", None),
    }
    dead = await notifying.superuser.fetch("SELECT member_id, channel FROM vault.contact WHERE NOT alive ORDER BY 2")
    assert [(row[0].int, row[1]) for row in dead] == [(3, "email"), (1, "push")]
    assert [letter.message_id for letter in notifying.channels["sms"].letters] == [
        row["delivery_id"] for row in await notifying.rows(where="channel = 'sms'")
    ]


async def test_without_consent_nothing_goes_and_a_no_counts_at_once(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 2, BOUNDARY)
    notices = [{"message": "expiry_reminder", "channels": ["email"], "purpose": "marketing", "hours": "any"}]
    await notifying.programme({"notices": notices})
    yes = Consent("marketing", "email", True, NOON - HOUR, "till", "1")
    await notifying.people([1], {"email": "m{n}@example.com"})
    await notifying.people([2], {"email": "m{n}@example.com"}, [yes])
    await notifying.hear([notifying.reminder(1), notifying.reminder(2)])
    no = Consent("marketing", "email", False, NOON, "page", "1")
    async with notifying.superuser.transaction():
        await record_consents(notifying.superuser, NOON, {(1, 1, UUID(int=2)): [no]})
    await notifying.send()
    rows = await notifying.rows("member_id, state, reason")
    assert [(row["member_id"].int, row["state"], row["reason"]) for row in rows] == [
        (1, "suppressed", "no_consent"),
        (2, "suppressed", "opted_out"),
    ]
    assert notifying.channels["email"].letters == []


async def test_of_several_devices_the_one_told_last_is_written_to_while_it_lives(notifying: Notifying) -> None:
    """Whoever has a new telephone is not told on the old one; when the new one is gone, the old one is told again."""
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await notifying.programme({"notices": [{"message": "expiry_reminder", "channels": ["push"]}]})
    for device in ("old", "newer", "newest"):
        await notifying.people([1], {"push": device})
        notifying.clock.instant += timedelta(minutes=1)
    push = notifying.channels["push"]
    push.answer = lambda letter: (
        Refused("address-unknown", "UNREGISTERED", address_dead=True) if letter.address == "newest" else Handed("1")
    )
    await notifying.hear([notifying.reminder(1, step="7d")])
    await notifying.send("push")
    await notifying.hear([notifying.reminder(1, step="3d")])
    await notifying.send("push")
    assert [letter.address for letter in push.letters] == ["newest", "newer"]


async def test_one_whose_data_were_sealed_with_another_key_holds_up_nobody_else(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 3, BOUNDARY)
    await notifying.programme({"notices": [{"message": "expiry_reminder", "channels": ["email"]}]})
    await notifying.people([1, 2, 3], {"email": "m{n}@example.com"})
    spoil = "UPDATE vault.member_key SET sealed_key = $1 WHERE member_id = $2 RETURNING sealed_key"
    whole = await notifying.superuser.fetchval(
        "SELECT sealed_key FROM vault.member_key WHERE member_id = $1", UUID(int=2)
    )
    await notifying.superuser.execute(spoil, b"another key's", UUID(int=2))
    await notifying.hear([notifying.reminder(number) for number in (1, 2, 3)])
    await notifying.send("email")
    rows = await notifying.rows("member_id, state, reason")
    assert {(row["member_id"].int, row["state"], row["reason"]) for row in rows} == {
        (1, "handed", None), (2, "postponed", "member_unreadable"), (3, "handed", None),
    }  # fmt: skip
    await notifying.superuser.execute(spoil, whole, UUID(int=2))
    notifying.clock.instant += timedelta(hours=1)
    await notifying.send("email")
    letters = notifying.channels["email"].letters
    assert sorted(letter.address for letter in letters) == [f"m{number}@example.com" for number in (1, 2, 3)]


async def test_what_is_heard_before_the_answer_is_written_down_counts_behind_it(notifying: Notifying) -> None:
    """A provider may tell what became of a message before the bundle that it went with is over."""
    await notifying.superuser.execute(SEED, 2, BOUNDARY)
    await notifying.programme({"notices": [{"message": "expiry_reminder", "channels": ["sms", "email"]}]})
    await notifying.people([1, 2], {"sms": "+42060100000{n}", "email": "m{n}@example.com"})
    await notifying.hear([notifying.reminder(number) for number in (1, 2)])
    sms = notifying.channels["sms"]

    async def told_at_once(letters: list[Letter]) -> list[Outcome]:
        first, second = sorted(letters, key=lambda letter: letter.address)
        heard = [
            Heard("delivered", NOON, "", first.message_id),
            Heard("failed", NOON, "sms 30005", second.message_id, None, True),
        ]
        await hear(notifying.superuser, 1, heard, NOON)
        await notifying.keeper().look()
        return [Handed("1") for _ in letters]

    sms.send = told_at_once
    await notifying.send("sms")
    await notifying.keeper().look()
    rows = await notifying.rows("member_id, state, reason", "channel = 'sms'")
    assert sorted((row["member_id"].int, row["state"], row["reason"]) for row in rows) == [
        (1, "delivered", None), (2, "bounced", "sms 30005"),
    ]  # fmt: skip
    assert not await notifying.superuser.fetchval(
        "SELECT alive FROM vault.contact WHERE channel = 'sms' AND member_id = $1", UUID(int=2)
    )
    await notifying.send("email")
    assert [letter.address for letter in notifying.channels["email"].letters] == ["m2@example.com"]


async def test_what_arrived_without_an_answer_is_not_sent_again(notifying: Notifying) -> None:
    """A carrier that gave none may tell what became of a message all the same."""
    await notifying.superuser.execute(SEED, 3, BOUNDARY)
    await notifying.programme({"notices": [{"message": "expiry_reminder", "channels": ["sms", "email"]}]})
    await notifying.people([1, 2, 3], {"sms": "+42060100000{n}", "email": "m{n}@example.com"})
    await notifying.hear([notifying.reminder(number) for number in (1, 2, 3)])
    sms = notifying.channels["sms"]
    sms.answer = lambda letter: Unanswered(safe=False, detail="closed")
    await notifying.lane(notifying.carrier(sms)).work()
    assert len(sms.letters) == 3
    arrived, back, _ = [letter.message_id for letter in sorted(sms.letters, key=lambda letter: letter.address)]
    heard = [Heard("delivered", NOON, "", arrived), Heard("failed", NOON, "sms 30005", back, None, True)]
    await hear(notifying.superuser, 1, heard, NOON)
    keeper = notifying.keeper()
    await keeper.look()
    assert keeper.trouble is None
    notifying.clock.instant += HOUR
    sms.answer = lambda letter: Handed("1")
    await notifying.send()
    assert [letter.address for letter in sms.letters[3:]] == ["+420601000003"]
    assert [letter.address for letter in notifying.channels["email"].letters] == ["m2@example.com"]
    rows = await notifying.rows("member_id, state, handed_at", "channel = 'sms'")
    assert sorted((row["member_id"].int, row["state"], row["handed_at"]) for row in rows) == [
        (1, "delivered", NOON), (2, "bounced", NOON), (3, "handed", NOON + HOUR),
    ]  # fmt: skip


async def test_a_night_is_waited_for_and_a_cap_counts_over_all_messages(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    notices = [{"message": "points_credited", "channels": ["email"], "purpose": "marketing"}]
    await notifying.programme({"notices": notices, "caps": [{"purpose": "marketing", "most": 1, "hours": 24}]})
    yes = Consent("marketing", "email", True, NOON - HOUR, "till", "1")
    await notifying.people([1], {"email": "m{n}@example.com"}, [yes], zone="America/New_York")
    notifying.clock.instant = NIGHT - 14 * HOUR  # 08:00 in Prague, 03:00 in New York
    member = str(UUID(int=1))
    moment = {"member_id": member, "earned_at": notifying.clock.now(), "active_from": notifying.clock.now()}
    events = [notifying.event("points.credited", 1, {**CREDIT, **moment}, id=f"credit-{n}") for n in (1, 2)]
    await notifying.hear(events, "loyalty.points")
    await notifying.send("email")
    rows = await notifying.rows("state, reason, due_at")
    assert {(row["state"], row["reason"]) for row in rows} == {("postponed", "quiet_hours")}
    assert {row["due_at"] for row in rows} == {datetime(2026, 12, 24, 13, 7, 30, tzinfo=UTC)}

    notifying.clock.instant = datetime(2026, 12, 24, 13, 10, tzinfo=UTC)
    await notifying.send("email")
    rows = await notifying.rows("state, reason")
    assert sorted((row["state"], row["reason"]) for row in rows) == [
        ("handed", None), ("postponed", "cap_reached"),
    ]  # fmt: skip
    notifying.clock.instant += 25 * HOUR
    await notifying.send("email")
    assert len(notifying.channels["email"].letters) == 2
    (last, *_) = [each for each in await told(notifying, 1) if len(each.trail) == 3]
    assert [(each.state, each.reason) for each in last.trail] == [
        ("postponed", "quiet_hours"), ("postponed", "cap_reached"), ("handed", None),
    ]  # fmt: skip


async def test_a_message_that_nobody_opened_is_followed_by_the_next_channel(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 2, BOUNDARY)
    notice = {"message": "expiry_reminder", "channels": ["email", "sms"], "follow_hours": 24}
    await notifying.programme({"notices": [notice]})
    await notifying.people([1, 2], {"email": "m{n}@example.com", "sms": "+42060100000{n}"})
    await notifying.hear([notifying.reminder(1), notifying.reminder(2)])
    await notifying.send()
    opened = (await notifying.rows("delivery_id", "member_id = '00000000-0000-0000-0000-000000000001'"))[0][0]
    heard = [Heard("opened", NOON, "", opened), Heard("delivered", NOON, "", opened), Heard("opened", NOON, "", opened)]
    await hear(notifying.superuser, 1, heard, NOON)
    keeper = notifying.keeper()
    await keeper.look()
    assert keeper.trouble is None
    notifying.clock.instant = NOON + 25 * HOUR
    await keeper.look()
    await notifying.send()
    assert [letter.address for letter in notifying.channels["sms"].letters] == ["+420601000002"]
    states = [(row["member_id"].int, row["channel"], row["state"]) for row in await notifying.rows()]
    assert states == [(1, "email", "opened"), (2, "email", "handed"), (2, "sms", "handed")]
    kinds = [each["type"].split(".")[3] for each in await notifying.events()]
    assert (kinds.count("opened"), kinds.count("delivered")) == (1, 0)


async def test_a_bounce_kills_the_address_and_the_next_channel_is_tried(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await notifying.programme()
    await notifying.people([1], {"email": "m{n}@example.com", "sms": "+420601000001"})
    await notifying.hear([notifying.reminder(1)])
    await notifying.send()
    (mail,) = await notifying.rows("delivery_id", "channel = 'email'")
    back = Heard("bounced", NOON, "address-unknown", mail["delivery_id"], dead=True)
    for _ in range(2):
        await hear(notifying.superuser, 1, [back], NOON)
        await notifying.keeper().look()
    await notifying.send()
    rows = {row["channel"]: row["state"] for row in await notifying.rows("channel, state")}
    assert rows == {"push": "suppressed", "email": "bounced", "sms": "handed"}
    assert await notifying.superuser.fetchval("SELECT reason FROM vault.contact WHERE NOT alive") == "address-unknown"
    assert [e["data"]["reason"] for e in await notifying.events() if e["type"].endswith("message.bounced.v1")] == [
        "address-unknown"
    ]


async def test_a_provider_in_trouble_is_left_alone_and_nothing_is_lost(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 30, BOUNDARY)
    await notifying.programme({"notices": [{"message": "expiry_reminder", "channels": ["email"]}]})
    await notifying.people(range(1, 31), {"email": "m{n}@example.com"})
    await notifying.hear([notifying.reminder(n) for n in range(1, 31)])
    email = notifying.channels["email"]
    email.answer = lambda letter: Postponed("provider-away", "down", provider_wide=True)
    lane = notifying.lane(notifying.carrier(email), bundle=5)
    assert await lane.work()
    assert len(email.letters) == 5, "the breaker opened after the first bundle"
    assert not await lane.work()
    email.answer = lambda letter: Handed()
    notifying.clock.instant += HOUR
    await notifying.send("email")
    assert {row["state"] for row in await notifying.rows("state")} == {"handed"}
    assert len({letter.message_id for letter in email.letters}) == 30


async def test_a_provider_that_gives_no_answers_is_left_alone_and_each_has_the_id_of_its_message(
    notifying: Notifying,
) -> None:
    """F-5: it may have taken what it does not answer, so few go before it is left alone; other channels go on."""
    await notifying.superuser.execute(SEED, 30, BOUNDARY)
    await notifying.programme()
    await notifying.people(range(1, 21), {"email": "m{n}@example.com"})
    await notifying.people(range(21, 31), {"sms": "+4206010000{n}"})
    await notifying.hear([notifying.reminder(n) for n in range(1, 31)])
    email, turns = notifying.channels["email"], itertools.count()
    email.answer = lambda letter: Unanswered(safe=False, detail="no answer in time")
    await notifying.send("push")
    silent = notifying.lane(notifying.carrier(email), bundle=5)
    assert await silent.work()
    assert not await silent.work()
    assert len(email.letters) == 5
    await notifying.send("sms")

    email.answer = lambda letter: Handed() if next(turns) % 2 else Unanswered(safe=False, detail="closed")
    for _ in range(10):
        notifying.clock.instant += timedelta(minutes=10)
        await notifying.send("email", "sms")
    rows = await notifying.rows("channel, state", "channel <> 'push' AND state <> 'suppressed'")
    assert Counter(tuple(row) for row in rows) == {("email", "handed"): 20, ("sms", "handed"): 10}
    times = Counter(letter.message_id for letter in email.letters)
    assert len(times) == 20, "whoever knows the id of a message has it once"
    lost = notifying.registry.get_sample_value(
        "loyalty_notifier_unanswered_total", {"channel": "email", "outcome": "unsafe"}
    )
    assert times.total() - 20 == lost, "and nothing is sent again but what got no answer"


async def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 1, BOUNDARY)
    await notifying.programme()
    await notifying.people([1], {"email": "m{n}@example.com"})
    await notifying.hear([b"{", notifying.reminder(1), b"", notifying.event("points.credited", 1, {})])
    await notifying.send()
    assert len(notifying.channels["email"].letters) == 1
    letters = await notifying.superuser.fetch(
        "SELECT consumer, topic, reason FROM stream.dead_letter ORDER BY record_offset"
    )
    assert [tuple(row) for row in letters] == [
        ("notifier", "loyalty.reminders", reason) for reason in ("not-json", "not-json", "unknown-type")
    ]
    buried = "SELECT count FROM stream.outbox WHERE topic = 'loyalty.reminders.dlq'"
    assert await notifying.superuser.fetchval(buried) == 3


async def test_what_the_database_refuses_is_found_and_set_apart(notifying: Notifying) -> None:
    await notifying.superuser.execute(SEED, 8, BOUNDARY)
    await notifying.programme()
    await notifying.superuser.execute("ALTER TABLE notifier.delivery ADD CHECK (occasion NOT LIKE '%/odd')")
    values = [notifying.reminder(n, step="odd" if n == 5 else "7d") for n in range(1, 9)]
    await notifying.hear(values)
    assert [row["member_id"].int for row in await notifying.rows("member_id")] == [1, 2, 3, 4, 6, 7, 8]
    assert await notifying.superuser.fetchval("SELECT reason FROM stream.dead_letter") == "refused-by-database"


async def told(notifying: Notifying, number: int) -> list[Told]:
    return await deliveries.of_member(notifying.superuser, (1, 1, UUID(int=number)))
