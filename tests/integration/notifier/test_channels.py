"""Channels on a real database: the cap of a day, inboxes, endpoints, and providers that are set while messages go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from libs.messages.content import ChannelName, Content
from libs.messages.inbox import place_context, unpacked
from libs.messages.providers import provider_context
from libs.runtime.postgres import pool
from libs.runtime.seal import Seal
from libs.runtime.settings import PostgresSettings
from libs.webhooks.endpoints import Wish
from libs.webhooks.postgres import Webhooks
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused
from services.notifier.channels.exchange import Line
from services.notifier.channels.inbox import InboxChannel, clear_expired
from services.notifier.channels.providers import FRESH, CompanyChannel, Providers
from services.notifier.channels.sms_budget import DailyCap
from services.notifier.channels.table import Means
from services.notifier.channels.webhook import WebhookChannel
from tests.support.database import ACME, GLOBEX, Database
from tests.support.receivers import Peer, peer, says_json
from tests.support.stack import PATIENCE, SEAL_KEY

SEAL = Seal.from_base64(SEAL_KEY)
NOW = datetime(2026, 3, 1, 22, tzinfo=UTC)
CONTENT = Content("en", "Your points", "120 points lapse on 31 March.")
PUT = """
INSERT INTO notifier.provider AS p (tenant_id, channel, kind, settings, set_at, set_by)
VALUES ($1, $2, $3, $4, $5, 'eva')
ON CONFLICT (tenant_id, channel) DO UPDATE
SET settings = excluded.settings, kind = excluded.kind, version = p.version + 1
"""


def letter(address: str, **changes: Any) -> Letter:
    fields: dict[str, Any] = {"message_id": uuid4(), "content": CONTENT, "sender": "Acme", "tenant_id": 1}
    return Letter(address=address, **(fields | changes))


@dataclass
class Place:
    """A database as the notifier and as an operator see it."""

    notifier: asyncpg.Pool
    operator: asyncpg.Connection
    broken: list[int] = field(default_factory=list)
    seconds: float = 0.0

    async def put(self, tenant_id: int, channel: str, document: dict[str, Any], seal: Seal = SEAL) -> None:
        sealed = seal.close(json.dumps(document).encode(), provider_context(tenant_id, channel))
        await self.operator.execute(PUT, tenant_id, channel, document["kind"], sealed, NOW)

    def sms(self) -> CompanyChannel:
        line = Line(loopback=True, answer=timedelta(seconds=PATIENCE))
        means = Means(self.notifier, lambda: NOW, lambda: NOW, line, lambda: self.broken.append(2))
        providers = Providers(self.notifier, SEAL, means, lambda: self.seconds, lambda: self.broken.append(1))
        return CompanyChannel("sms", providers, Otherwise())


class Otherwise:
    """What serves those without a provider."""

    name: ChannelName = "sms"

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, letters: Any) -> list[Outcome]:
        return [Handed("kept")] * len(letters)


@pytest.fixture
async def place(database: Database) -> AsyncIterator[Place]:
    operator = await asyncpg.connect(database.dsn("operator"))
    async with pool(PostgresSettings(dsn=database.dsn("notifier")), "test") as notifier:
        yield Place(notifier, operator)
    await operator.close()


@pytest.mark.parametrize("tries", [60, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_a_day_costs_no_more_than_its_cap_however_many_send(place: Place, tries: int) -> None:
    refusals: list[int] = []
    workers = [DailyCap(place.notifier, 25, lambda: NOW, lambda: refusals.append(1)) for _ in range(3)]
    asked = [workers[n % 3].reserve(1, 2) for n in range(tries)]
    waits = await asyncio.gather(*asked)
    assert sum(wait is None for wait in waits) == 12
    assert {wait for wait in waits if wait is not None} == {timedelta(hours=2)}
    assert len(refusals) == tries - 12, "each is counted, and the alert is made of them"
    row = await place.operator.fetchrow("SELECT segments, refused FROM notifier.sms_day WHERE tenant_id = 1")
    assert tuple(row) == (24, tries - 12)
    await workers[0].give_back(1, 2)
    assert await workers[1].reserve(1, 3) is None
    assert await workers[1].reserve(2, 25) is None, "another company has its own"
    assert await workers[1].reserve(2, 26) is not None
    tomorrow = DailyCap(place.notifier, 25, lambda: NOW + timedelta(hours=2), lambda: None)
    assert await tomorrow.reserve(1, 25) is None


async def test_what_waits_for_a_member_is_sealed_and_kept_once(place: Place) -> None:
    member = UUID(int=5)
    inbox = InboxChannel("inbox", place.notifier, SEAL, lambda: NOW)
    till = InboxChannel("till", place.notifier, SEAL, lambda: NOW)
    mine = letter(f"1/{member}", life=timedelta(days=3))
    assert await inbox.send([mine, mine, letter("Anna")]) == [
        Handed(str(mine.message_id)),
        Handed(str(mine.message_id)),
        Refused("address-unknown", "no member", address_dead=True),
    ]
    (long,) = await till.send([letter(f"1/{member}", content=replace(CONTENT, text="x" * 161))])
    assert isinstance(long, Refused)
    (row,) = await place.notifier.fetch("SELECT * FROM notifier.inbox")
    assert (row["place"], row["expires_at"], row["read_at"]) == ("inbox", NOW + timedelta(days=3), None)
    assert CONTENT.text.encode() not in row["words"]
    assert unpacked(SEAL.open(row["words"], place_context(1, mine.message_id))) == CONTENT
    (late,) = await inbox.send([letter(f"1/{member}", life=timedelta(0))])
    assert isinstance(late, Refused)
    for at, left in ((NOW + timedelta(days=32), 1), (NOW + timedelta(days=33), 0)):
        await clear_expired(place.notifier, at)
        assert await place.notifier.fetchval("SELECT count(*) FROM notifier.inbox") == left


async def test_a_system_of_the_company_brings_messages_to_members(place: Place) -> None:
    channel = WebhookChannel(place.notifier, lambda: NOW)
    mine = letter("", data=(("member_id", "m"),))
    (nobody,) = await channel.send([mine])
    assert nobody == Refused("address-unknown", "no endpoint for it")
    webhooks = Webhooks(place.operator, ACME.tenant_id, SEAL)
    wanting, other = uuid4(), uuid4()
    for endpoint_id, types in ((wanting, ("message.*",)), (other, ("points.*",))):
        wish = Wish("https://crm.example.com/", types, "thin", "")
        assert await webhooks.add(endpoint_id, wish, NOW, "eva", lambda size: bytes(size))
    assert await channel.send([mine, mine]) == [Handed(str(mine.message_id))] * 2
    (kept,) = await webhooks.messages(wanting, None, None, 5)
    assert (kept.event_type, await webhooks.messages(other, None, None, 5)) == ("message.to_member", [])
    named = replace(mine, address=str(other), message_id=uuid4())
    assert await channel.send([named, replace(named, tenant_id=GLOBEX.tenant_id)]) == [
        Handed(str(named.message_id)),
        Refused("address-unknown", "no endpoint for it", address_dead=True),
    ]
    told = await webhooks.message(other, named.message_id)
    assert told is not None
    assert json.loads(told.body or b"")["data"]["text"] == CONTENT.text


async def test_each_company_has_its_provider_and_changes_it_while_messages_go(place: Place) -> None:
    taken = says_json(201, json.dumps({"sid": "SM1"}))
    async with peer(taken) as first, peer(taken) as second:
        channel = place.sms()
        await channel.open()
        letters = [letter("+393331234567"), letter("+12025550123", tenant_id=2), letter("+393331234568")]
        assert await channel.send(letters) == [Handed("kept")] * 3

        await place.put(1, "sms", twilio(first, "one"))
        place.seconds += FRESH
        assert await channel.send(letters) == [Handed("SM1"), Handed("kept"), Handed("SM1")]
        await place.put(1, "sms", twilio(second, "two"))
        await place.put(2, "sms", twilio(first, "three"))
        assert await channel.send(letters[:1]) == [Handed("SM1")], "what was read holds for a moment"
        place.seconds += FRESH
        assert await channel.send(letters) == [Handed("SM1")] * 3
        assert [len(first.heard), len(second.heard)] == [4, 2]
        logins = {each.headers["Authorization"] for each in (*first.heard, *second.heard)}
        assert len(logins) == 3

        await place.put(1, "sms", twilio(first, "four"), Seal.from_base64(SEAL_KEY[::-1].lstrip("=") + "="))
        place.seconds += FRESH
        refused, _, also = await channel.send(letters)
        assert refused == also == Postponed("credentials-refused", "its settings can't be read")
        assert place.broken == [1]
        await channel.close()


def twilio(at: Peer, token: str) -> dict[str, Any]:
    return {"kind": "twilio", "url": at.url, "account": "AC1", "token": token, "sender": "Acme"}
