"""The parts of the notifier on a real database, with a clock that a test sets and channels that a test looks into."""

from __future__ import annotations

import base64
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from aiokafka import ConsumerRecord
from prometheus_client import CollectorRegistry

from libs.contacts.addresses import CheckedAddress, read_address
from libs.contacts.links import Links
from libs.contacts.person import Consent
from libs.contacts.postgres import save_told
from libs.contacts.told import Told, ToldAddress, ToldPerson
from libs.contacts.vault import Vault
from libs.contracts.codec import encode
from libs.messages.content import ChannelName
from libs.runtime import postgres, sql
from libs.runtime.clock import SystemClock
from libs.runtime.leases import shards_of
from libs.runtime.outbox import unpack
from libs.runtime.seal import Seal
from libs.runtime.settings import PostgresSettings
from libs.templates.shelf import Shelf
from services.notifier.announcements import WRITER
from services.notifier.channels.channel import Channel, Handed, Letter, Outcome
from services.notifier.desk import Desk
from services.notifier.intake import Intake
from services.notifier.keeper import Keeper
from services.notifier.lane import Carrier, Lane
from services.notifier.metrics import CHANNELS, NotifierMetrics
from services.notifier.programmes import Programmes
from services.notifier.words import Words
from tests.support.database import ACME, Database, programme_document
from tests.support.programmes import put_version

KEY = b"k" * 32
BOUNDARY = datetime(2026, 12, 31, 23, tzinfo=UTC)
NOON = datetime(2026, 12, 24, 11, tzinfo=UTC)
LEASES = sql.load("libs.runtime", "leases.sql")
OUTBOX = "SELECT topic, events FROM stream.outbox WHERE starts_with(shard, 'notifier/') ORDER BY shard, seq"
SEED = """
WITH person AS (
    SELECT lpad(to_hex(n), 32, '0')::uuid AS member_id, n FROM generate_series(1, $1::int) AS n
), heads AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, lapses_at)
    SELECT 1, 1, member_id, 1, n, $2 FROM person
)
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
SELECT 1, 1, member_id, 1, 'points', 10 * n, 10 * n, $2 - interval '80 days', $2 - interval '80 days', $2,
       $2 - interval '80 days', 1, member_id
FROM person
"""


@dataclass
class SetClock:
    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def at(self, wall: datetime) -> datetime:
        return self.instant


@dataclass
class Kept:
    """A channel that keeps what it is handed, and answers as it is told."""

    name: ChannelName
    letters: list[Letter] = field(default_factory=list)
    answer: Callable[[Letter], Outcome] = lambda letter: Handed("1")

    async def open(self) -> None:
        """Nothing to do."""

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Keep them."""
        self.letters += letters
        return [self.answer(letter) for letter in letters]

    async def close(self) -> None:
        """Nothing to do."""


@dataclass
class Notifying:
    """A worker of the notifier, and the hands of a test on it."""

    database: Database
    pool: asyncpg.Pool
    superuser: asyncpg.Connection
    clock: SetClock
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    offsets: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.metrics = NotifierMetrics(self.registry)
        self.programmes = Programmes(self.pool, self.clock)
        self.channels: dict[str, Any] = {name: Kept(name) for name in CHANNELS}
        self.seal = Seal.from_base64(base64.b64encode(KEY).decode())
        self.intake = Intake(
            self.pool, self.programmes, self.clock, self.seal, self.metrics, lambda shards: None, lambda channels: None
        )
        self.woken: set[str] = set()

    def carrier(self, channel: Channel, per_second: float | None = None) -> Carrier:
        return Carrier(channel, per_second, self.metrics)

    def desk(self) -> Desk:
        """A desk with the shipped words."""
        links = Links.from_seal_key(KEY)
        return Desk(
            self.pool, self.programmes, Words(Shelf().library), self.seal, links, "https://gateway.test", self.clock,
            lambda: 0.5,
        )  # fmt: skip

    def lane(
        self, carrier: Carrier, *, batch: int = 300, bundle: int = 50, holder: str = "one", words: Any = None
    ) -> Lane:
        return Lane(
            self.pool, self.desk(), self.programmes, carrier, self.clock, SystemClock(), self.metrics, holder,
            lambda shards: None, self.woken.update, lambda: 0.5, batch=batch, bundle=bundle,
            lease=timedelta(seconds=60),
        )  # fmt: skip

    def keeper(self) -> Keeper:
        return Keeper(
            self.pool, self.programmes, list(CHANNELS), self.clock, SystemClock(), self.metrics, lambda shards: None,
            self.woken.update, 100,
        )  # fmt: skip

    async def send(self, *channels: str, rounds: int = 10) -> None:
        """Let a lane of each of these channels (all) work until nothing is due any more."""
        lanes = [self.lane(self.carrier(self.channels[name])) for name in channels or CHANNELS]
        for _ in range(rounds):
            if not any([await lane.work() for lane in lanes]):
                return
        raise AssertionError("there is always more")

    async def programme(
        self,
        messages: Mapping[str, Any] | None = None,
        scenarios: Sequence[Mapping[str, Any]] = (),
        *,
        known: bool = True,
    ) -> None:
        """Put a programme in force that reminds, with these messages, and let the worker know unless told otherwise."""
        wallet = {
            "name": "points",
            "expiry": {"kind": "natural", "period": "quarter"},
            "reminders": [{"days": 7}],
            "worth": {"points": 100, "minor": 100},
        }
        document: dict[str, Any] = {**programme_document(ACME), "wallets": [wallet]}
        if messages is not None:
            document["messages"] = messages
        if scenarios:
            document["scenarios"] = list(scenarios)
        await put_version(self.superuser, document)
        if known:
            await self.programmes.refresh()
        assert self.programmes.trouble is None

    async def people(
        self,
        numbers: Iterable[int],
        addresses: Mapping[str, str],
        consents: Iterable[Consent] = (),
        **person: str,
    ) -> None:
        """Tell how members can be reached; `{n}` in an address is a member's number."""
        vault = Vault.from_seal_key(KEY)
        told = {}
        for number in numbers:
            places = [read_address(name, text.format(n=number)) for name, text in addresses.items()]
            checked = tuple(ToldAddress(place) for place in places if isinstance(place, CheckedAddress))
            assert len(checked) == len(places)
            told[1, 1, UUID(int=number)] = Told(ToldPerson(given_name=f"M{number}", **person), checked, tuple(consents))
        async with self.superuser.transaction():
            await save_told(self.superuser, self.clock.now(), told, vault)

    def reminder(self, number: int, *, points: int = 10, step: str = "7d", boundary: datetime = BOUNDARY) -> bytes:
        """The event of a reminder for a member."""
        data = {
            "member_id": UUID(int=number), "wallet": "points", "points": points, "lots": 1, "boundary": boundary,
            "local_date": "2026-12-31", "zone": "Europe/Rome", "step": step, "days": 7, "due_at": self.clock.now(),
            "programme_version": 1,
        }  # fmt: skip
        return self.event("reminder.due", number, data)

    def event(self, kind: str, number: int, data: Mapping[str, Any], *, id: str | None = None) -> bytes:
        """An event about a member."""
        return encode(
            type=f"org.pointstream.{kind}.v1", source="/pointstream/test", id=id or f"{kind}-{number}",
            time=self.clock.now(), subject=str(UUID(int=number)), tenant="acme", programme="main", memberseq=None,
            data=data,
        )  # fmt: skip

    async def hear(self, values: Iterable[bytes], topic: str = "loyalty.reminders") -> None:
        """Take records in."""
        records = [
            ConsumerRecord(topic, 0, next(self.offsets), 1_700_000_000_000, 0, b"k", value, None, 0, 0, ())
            for value in values
        ]
        await self.intake.take(topic, records)

    async def rows(self, columns: str = "*", where: str = "true") -> list[asyncpg.Record]:
        """Deliveries as they are stored."""
        query = f"SELECT {columns} FROM notifier.delivery WHERE {where} ORDER BY member_id, message, occasion, place"
        return list(await self.superuser.fetch(query))

    async def events(self, topic: str = "loyalty.messages") -> list[dict[str, Any]]:
        """What was told on a topic."""
        rows = await self.superuser.fetch(OUTBOX)
        packed = [unpack(row["topic"], row["events"]) for row in rows if row["topic"] == topic]
        return [orjson.loads(event.value) for some in packed for event in some]


@pytest.fixture
async def notifying(database: Database) -> AsyncIterator[Notifying]:
    settings = PostgresSettings(dsn=database.dsn("notifier"))
    superuser = await asyncpg.connect(database.dsn())
    async with postgres.opened(postgres.pool(settings, "notifier-test")) as pool:
        await pool.execute(LEASES["ensure"], shards_of(WRITER))
        yield Notifying(database, pool, superuser, SetClock(NOON))
    await superuser.close()
