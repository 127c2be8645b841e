"""Profiles that tell of people, on a real database: kept sealed with the batch, and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson

from libs.contacts.postgres import load_consents, load_people
from libs.contacts.vault import Vault
from services.earning import profiles
from tests.support.database import Database
from tests.support.on_database import EarningLane
from tests.support.receipts import PROFILES, WHEN, Record, enrolment, event, member_id

VAULT = Vault.from_seal_key(bytes(32))
ANNA = (1, 1, member_id("1"))
PERSON = {"given_name": "Anna", "family_name": "Novakova", "language": "cs", "zone": "Europe/Prague", "country": "CZ"}
EMAIL = {"channel": "email", "address": "Anna.Novakova@Example.com"}
YES = {"purpose": "marketing", "channel": "email", "given": True, "source": "till", "text_version": "2026-1"}


class At:
    """Stands an hour after everything was sent."""

    def now(self) -> datetime:
        return WHEN

    def at(self, wall: datetime) -> datetime:
        return wall


def telling(record: Record, **more: Any) -> bytes:
    """An enrolment that also tells of the person."""
    told = orjson.loads(record.value)
    return orjson.dumps(told | {"data": told["data"] | more})


def updated(name: str, at: datetime = WHEN, **more: Any) -> bytes:
    data = {"member_id": str(ANNA[2])} | more
    return event(PROFILES, "org.pointstream.member.updated.v1", name, "/acme/pos", at, str(ANNA[2]), data).value


async def test_a_profile_brings_a_person_who_is_kept_sealed(database: Database) -> None:
    async with asyncpg.create_pool(database.dsn("earning"), min_size=0) as pool:
        lane = await EarningLane(pool, At(), topic=profiles.TOPIC).claim()
        first = telling(enrolment("1"), person=PERSON, contacts=[EMAIL], consents=[YES])
        number = {"channel": "sms", "address": "601 123 456"}
        await lane.apply(
            [
                first,
                enrolment("2").value,
                first,
                updated("u-1", contacts=[number], person={"country": "CZ", "given_name": "Anička"}),
                updated("u-2", consents=[YES | {"given": False, "source": None}]),
            ]
        )
        async with pool.acquire() as connection:
            people = await load_people(connection, [ANNA, (1, 1, member_id("2"))], VAULT.seal)
            said = await load_consents(connection, ANNA)
    anna, other = people.values()
    assert (anna.given_name, anna.family_name, anna.language, anna.zone) == (
        "Anička",
        "Novakova",
        "cs",
        "Europe/Prague",
    )
    assert [each.value for each in anna.addresses] == ["Anna.Novakova@example.com", "+420601123456"]
    assert [(each.given, each.at, each.source) for each in said] == [(True, WHEN, "till"), (False, WHEN, "/acme/pos")]
    assert not anna.consents[0].given
    assert other.addresses == ()
    superuser = await asyncpg.connect(database.dsn())
    keys = await superuser.fetch("SELECT member_id FROM vault.member_key")
    assert [row["member_id"] for row in keys] == [ANNA[2]], "who tells nothing costs nothing"
    tables = await superuser.fetch("SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
                                   "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")  # fmt: skip
    for row in tables:
        text = await superuser.fetchval(f"SELECT string_agg(t::text, ' ') FROM {row['name']} AS t") or ""
        for secret in ("novakova", "anička", "601123456", "example.com"):
            assert secret not in text.lower(), row["name"]
            assert secret.encode().hex() not in text, row["name"]
    await superuser.close()


async def test_of_data_that_is_told_late_only_consents_are_older(database: Database) -> None:
    """A row's time does not make it older than what is there, as `docs/crm.md` says; that of a consent does."""
    before = WHEN - timedelta(days=1)
    async with asyncpg.create_pool(database.dsn("earning"), min_size=0) as pool:
        lane = await EarningLane(pool, At(), topic=profiles.TOPIC).claim()
        await lane.apply([telling(enrolment("1"), person=PERSON, consents=[YES])])
        late = updated("late", before, person={"family_name": "Svobodova"}, consents=[YES | {"given": False}])
        await lane.apply([late, updated("now", person={"given_name": "Hana"}), late])
        async with pool.acquire() as connection:
            (anna,) = (await load_people(connection, [ANNA], VAULT.seal)).values()
    assert (anna.given_name, anna.family_name) == ("Hana", "Svobodova")
    assert [(each.given, each.at) for each in anna.consents] == [(True, WHEN)]
