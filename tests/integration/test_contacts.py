"""Personal data on a real database: kept sealed, opened in one question, read by nobody once the key is destroyed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from libs.contacts.addresses import CheckedAddress, read_address
from libs.contacts.consent import may_write
from libs.contacts.person import Consent, Person
from libs.contacts.postgres import (
    Place,
    destroy_keys,
    load_addresses,
    load_consents,
    load_people,
    mark_alive,
    mark_dead,
    mark_reached,
    record_consents,
    restrict,
    save_told,
)
from libs.contacts.told import Told, ToldAddress, ToldPerson
from libs.contacts.vault import Vault
from libs.messages.content import ChannelName
from libs.runtime.seal import SealBroken
from tests.support.database import Database

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
VAULT = Vault.from_seal_key(b"k" * 32)
ANNA, EVA, JAN = [(1, 1, UUID(int=number)) for number in (1, 2, 3)]
MESSAGES = """
WITH told AS (
    INSERT INTO notifier.delivery (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on,
                                   delivery_id, purpose, route, place, spread, facts, state, due_at, queued_at,
                                   handed_at, digest, provider_id)
    VALUES (1, 1, $1::uuid, 'welcome', 'o', 'email', $2::timestamptz::date, $1, 'service', '{}', 0, 0, '{}', 'handed',
            $2, $2, $2, 'd', 'SM1')
), words AS (
    INSERT INTO notifier.inbox (tenant_id, programme_id, member_id, message_id, place, words, sent_at)
    VALUES (1, 1, $1, $1, 'till', 'sealed', $2)
)
INSERT INTO notifier.captured (tenant_id, delivery_id, channel, captured_at, sealed)
VALUES (1, $1, 'email', $2, 'sealed')
"""
EVERYTHING = """
SELECT string_agg(row_to_json(t)::text, ' ') FROM (
    SELECT k.*, p.*, c.* FROM vault.member_key k LEFT JOIN vault.person p USING (member_id)
    LEFT JOIN vault.contact c USING (member_id)
) AS t
"""


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database.dsn("earning"))
    yield opened
    await opened.close()


def address(channel: str, text: str, *, gone: bool = False) -> ToldAddress:
    read = read_address(channel, text, "CZ")
    assert isinstance(read, CheckedAddress)
    return ToldAddress(read, gone)


def word(*, given: bool, at: datetime = NOW, channel: ChannelName = "email", source: str = "till") -> Consent:
    return Consent("marketing", channel, given, at, source, "2026-1")


def reached(person: Person) -> list[tuple[str, str, bool]]:
    return [(each.channel, each.value, each.alive) for each in person.addresses]


async def test_people_are_kept_sealed_and_loaded_in_one_question(
    connection: asyncpg.Connection, database: Database
) -> None:
    everything = Told(
        ToldPerson("Anna", "Nová", "cs-CZ", "Europe/Prague", "CZ"),
        (address("email", "Anna@example.com"), address("sms", "601 123 456"), address("push", "token-1")),
        (word(given=True), word(given=False, channel="sms")),
    )
    await save_told(connection, NOW, {ANNA: everything, EVA: Told(consents=(word(given=True),))}, VAULT)
    people = await load_people(connection, [ANNA, EVA, JAN, ANNA], VAULT.seal)
    assert people[ANNA] == Person(
        "Anna", "Nová", "cs-CZ", "Europe/Prague", "CZ", people[ANNA].addresses, everything.consents
    )
    assert reached(people[ANNA]) == [
        ("email", "Anna@example.com", True), ("push", "token-1", True), ("sms", "+420601123456", True),
    ]  # fmt: skip
    assert people[EVA] == Person(consents=(word(given=True),))
    assert people[JAN] == Person()
    superuser = await asyncpg.connect(database.dsn())
    kept = (await superuser.fetchval(EVERYTHING)).lower()
    await superuser.close()
    for text in ("anna", "nová", "example.com", "601123456", "token-1"):
        assert text not in kept
        assert text.encode().hex() not in kept
    with pytest.raises(SealBroken):
        await load_people(connection, [ANNA], Vault.from_seal_key(b"o" * 32).seal)


async def test_what_is_told_later_changes_what_it_names(connection: asyncpg.Connection) -> None:
    first = Told(ToldPerson("Anna", "Nová", "cs"), (address("email", "a@example.com"), address("push", "token-1")))
    later = Told(
        ToldPerson(family_name="", language="en", zone="Europe/Rome"),
        (address("email", "b@example.com"), address("push", "token-2"), address("push", "token-1", gone=True)),
    )
    for told in (first, later, later):
        await save_told(connection, NOW, {ANNA: told}, VAULT)
    person = (await load_people(connection, [ANNA], VAULT.seal))[ANNA]
    assert (person.given_name, person.family_name, person.language, person.zone) == ("Anna", None, "en", "Europe/Rome")
    assert reached(person) == [("email", "b@example.com", True), ("push", "token-2", True)]


async def test_a_device_that_is_told_again_is_the_newest(connection: asyncpg.Connection) -> None:
    """Whoever goes back to the old telephone is told there; what is told all at once keeps its order."""
    old, new = address("push", "token-1"), address("push", "token-2")

    async def newest(at: int, *told: ToldAddress) -> str:
        await save_told(connection, NOW + at * HOUR, {ANNA: Told(addresses=told)}, VAULT)
        return (await load_people(connection, [ANNA], VAULT.seal))[ANNA].addresses[0].value

    assert await newest(0, old) == "token-1"
    assert await newest(1, new) == "token-2"
    assert await newest(2, old) == "token-1"
    assert [each.value for each in await load_addresses(connection, ANNA, VAULT.seal)] == ["token-1", "token-2"]
    assert await newest(3, new) == "token-2"
    assert await newest(4, old, new) == "token-2"
    assert await newest(5, new, old) == "token-2"
    (changed, *_) = await connection.fetchrow("SELECT max(changed_at) FROM vault.contact")
    assert changed == NOW + HOUR, "it is alive since then"


async def test_a_dead_address_stays_dead_until_a_person_says_otherwise(
    connection: asyncpg.Connection, database: Database
) -> None:
    told = Told(addresses=(address("email", "home@example.com"),))
    await save_told(connection, NOW, {ANNA: told, EVA: told}, VAULT)
    place = Place(1, "email", VAULT.digest(told.addresses[0].address))
    notifier = await asyncpg.connect(database.dsn("notifier"))
    await mark_reached(notifier, {place: NOW})
    assert (
        await mark_dead(notifier, NOW + HOUR, {place: "address-unknown", place._replace(channel="sms"): "other"}) == 2
    )
    assert await mark_dead(notifier, NOW + HOUR, {place: "again"}) == 0
    await notifier.close()
    await save_told(connection, NOW + HOUR, {ANNA: told}, VAULT)
    rows = await connection.fetch("SELECT alive, reason, changed_at, reached_at FROM vault.contact")
    assert [tuple(row) for row in rows] == [(False, "address-unknown", NOW + HOUR, NOW)] * 2
    operator = await asyncpg.connect(database.dsn("operator"))
    assert await mark_alive(operator, NOW + 2 * HOUR, ANNA, place)
    assert not await mark_alive(operator, NOW + 2 * HOUR, ANNA, place)
    await operator.close()
    people = await load_people(connection, [ANNA, EVA], VAULT.seal)
    assert [reached(people[name])[0][2] for name in (ANNA, EVA)] == [True, False]


async def test_the_last_word_counts_in_whatever_order_words_come(connection: asyncpg.Connection) -> None:
    said = [word(given=True, at=NOW - 2 * HOUR), word(given=False, at=NOW - HOUR), word(given=True, at=NOW - HOUR)]
    for name, order in ((ANNA, said), (EVA, said[::-1])):
        for each in order:
            assert await record_consents(connection, NOW, {name: [each]}) == 1
    assert await record_consents(connection, NOW, {JAN: said}) == 3
    assert await record_consents(connection, NOW, {JAN: [said[1]]}) == 0, "a repeat of what stands"
    people = await load_people(connection, [ANNA, EVA, JAN], VAULT.seal)
    assert {person.consents for person in people.values()} == {(said[1],)}
    assert await load_consents(connection, EVA) == said[::-1]
    future = word(given=True, at=NOW + 900 * HOUR)
    await record_consents(connection, NOW, {ANNA: [future]})
    await record_consents(connection, NOW + HOUR, {ANNA: [word(given=False, at=NOW + HOUR, source="link")]})
    anna = (await load_people(connection, [ANNA], VAULT.seal))[ANNA]
    assert may_write(anna, "marketing", "email").reason == "refused", "nobody agrees in advance to a time after a no"


async def test_a_merge_leaves_the_survivor_with_every_refusal(connection: asyncpg.Connection) -> None:
    yes, no = word(given=True, at=NOW - HOUR), word(given=False, at=NOW - 2 * HOUR)
    await record_consents(connection, NOW, {ANNA: [no, word(given=True, channel="sms")], EVA: [yes]})
    await restrict(connection, NOW, [(ANNA, EVA), (JAN, EVA)])
    await restrict(connection, NOW + HOUR, [(ANNA, EVA)])
    assert await load_consents(connection, EVA) == [yes, Consent("marketing", "email", False, NOW, "merge", "")]
    assert len(await load_consents(connection, ANNA)) == 2


async def test_a_member_whose_key_is_destroyed_is_read_by_nobody(
    connection: asyncpg.Connection, database: Database
) -> None:
    told = Told(ToldPerson("Anna"), (address("email", "a@example.com"),), (word(given=True),))
    await save_told(connection, NOW, {ANNA: told, EVA: told}, VAULT)
    copy = await connection.fetch("SELECT address FROM vault.contact WHERE member_id = $1", ANNA[2])
    owner = await asyncpg.connect(database.dsn())
    for member in (ANNA, EVA):
        await owner.execute(MESSAGES, member[2], NOW)
    operator = await asyncpg.connect(database.dsn("operator"))
    await destroy_keys(operator, NOW, [ANNA, JAN])
    await operator.close()
    await save_told(connection, NOW + HOUR, {ANNA: told, JAN: told}, VAULT)
    people = await load_people(connection, [ANNA, JAN, EVA], VAULT.seal)
    assert people[ANNA] == people[JAN] == Person(consents=(word(given=True),))
    assert (people[EVA].given_name, reached(people[EVA])) == ("Anna", [("email", "a@example.com", True)])
    rows = await connection.fetch("SELECT member_id FROM vault.contact UNION ALL SELECT member_id FROM vault.person")
    assert {row["member_id"] for row in rows} == {EVA[2]}
    kept = await owner.fetch(
        "SELECT member_id FROM notifier.inbox UNION ALL SELECT delivery_id FROM notifier.captured UNION ALL "
        "SELECT member_id FROM notifier.delivery WHERE digest IS NOT NULL OR provider_id IS NOT NULL"
    )
    await owner.close()
    assert [row["member_id"] for row in kept] == [EVA[2]] * 3
    # Whoever has a copy of the rows from before puts them back: there is nothing left to open them with.
    await connection.execute(
        "INSERT INTO vault.contact (tenant_id, programme_id, member_id, channel, digest, address, changed_at) "
        "VALUES (1, 1, $1, 'email', 'x', $2, $3)", ANNA[2], copy[0]["address"], NOW,
    )  # fmt: skip
    assert (await load_people(connection, [ANNA], VAULT.seal))[ANNA].addresses == ()
