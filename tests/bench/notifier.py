"""`python -m tests.bench.notifier`: reminders decided, written and handed to a mail server on loopback.

From events to answers that are stored, over pooled connections; beside it a bare loop of aiosmtplib that sends the same
bytes over as many connections, in turns, in the same run. The last line on stdout is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import uvloop
from aiokafka import ConsumerRecord
from aiosmtplib import SMTP
from prometheus_client import CollectorRegistry

from deploy.embedded.postgres import EmbeddedPostgres
from libs.contacts.addresses import AddressedChannel, CheckedAddress, read_address
from libs.contacts.links import Links
from libs.contacts.postgres import save_told
from libs.contacts.told import Told, ToldAddress, ToldPerson
from libs.contacts.vault import Vault
from libs.contracts.codec import encode
from libs.runtime import memory, postgres, sql
from libs.runtime.clock import SystemClock
from libs.runtime.leases import shards_of
from libs.runtime.settings import PostgresSettings
from libs.templates.shelf import Shelf
from services.notifier import store
from services.notifier.announcements import WRITER
from services.notifier.channels.channel import Channel, Letter
from services.notifier.channels.email import EmailChannel, EmailSettings
from services.notifier.channels.mail_bytes import Sender, mail
from services.notifier.desk import Desk
from services.notifier.intake import Intake
from services.notifier.lane import Carrier, Lane
from services.notifier.metrics import NotifierMetrics
from services.notifier.programmes import Programmes
from services.notifier.words import Words
from tests.support.database import ACME, Database, fresh_copy, prepare, programme_document
from tests.support.programmes import put_version

KEY = b"k" * 32
NOW = datetime(2026, 12, 24, 11, tzinfo=UTC)
BOUNDARY = datetime(2026, 12, 31, 23, tzinfo=UTC)
SENDER = Sender("club@shop.example", "shop.example")
QUERIES = sql.load("tests.bench", "notifier.sql")
_LEASES = sql.load("libs.runtime", "leases.sql")
_PAGE = 1_000


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.notifier", description=__doc__)
    parser.add_argument("--members", type=int, default=20_000, help="members, each with one reminder")
    parser.add_argument("--connections", type=int, default=4, help="connections to the mail server")
    parser.add_argument("--told", type=int, default=0, help="messages of before that lie in the table already")
    parser.add_argument("--lanes", type=int, default=3, help="lanes that share the work")
    return parser.parse_args(arguments)


class Sink(Protocol):
    """Where messages go."""

    @property
    def port(self) -> int:
        """Its port on loopback."""


class Source(Protocol):
    """Where messages are queued."""

    def dsn(self, role: str = "postgres") -> str:
        """How somebody connects."""


class SinkProcess:
    """The server beside us, of mails or of another kind."""

    def __init__(self, module: str) -> None:
        command = [sys.executable, "-m", module]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._port = self._ask(None)

    @property
    def port(self) -> int:
        """Its port on loopback."""
        return self._port

    def taken(self) -> int:
        """How many mails it has taken."""
        return self._ask("?")

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _ask(self, line: str | None) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line is not None:
            print(line, file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@contextmanager
def stage(sink_module: str = "tests.bench.mail_sink") -> Iterator[tuple[Database, SinkProcess]]:
    """A database of its own, and a mail server."""
    with tempfile.TemporaryDirectory(prefix="pointstream-bench-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        sink = SinkProcess(sink_module)
        try:
            prepare(server)
            with fresh_copy(server) as database:
                yield database, sink
        finally:
            sink.stop()
            server.stop()


class Clock:
    """Stands at noon."""

    def now(self) -> datetime:
        """Return noon."""
        return NOW

    def at(self, wall: datetime) -> datetime:
        """Return noon."""
        return NOW


class Bench:
    """One run."""

    channel: AddressedChannel = "email"

    def __init__(self, database: Source, sink: Sink, pool: asyncpg.Pool, options: argparse.Namespace) -> None:
        self._database, self._sink, self._pool, self._options = database, sink, pool, options
        self._clock, self._metrics = Clock(), NotifierMetrics(CollectorRegistry())
        self._programmes = Programmes(pool, self._clock)
        self._vault = Vault.from_seal_key(KEY)
        self._cpu = 0.0
        self._desk = self._make_desk()

    async def run(self) -> dict[str, Any]:
        """Fill the database, queue, send, and send the same bytes bare; return the figures."""
        superuser = await asyncpg.connect(self._database.dsn())
        members = self._options.members
        await self._fill(superuser, members)
        begun = time.monotonic()
        await self._queue(1, members)
        queued = time.monotonic() - begun
        await superuser.execute(QUERIES["settle_statistics"])
        letters = await self._letters()
        bare, cpu_bare = [await self._bare(letters)], time.process_time()
        cpu_bare -= self._cpu
        begun, cpu = time.monotonic(), time.process_time()
        await self._send()
        seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
        bare.append(await self._bare(letters))
        handed = await superuser.fetchval(QUERIES["handed"])
        await superuser.close()
        assert handed == members, f"{handed} of {members} were handed over"
        rate, beside = members / seconds, sum(bare) / len(bare)
        return {
            "messages": members,
            "queued_per_second": round(members / queued),
            "handed_per_second": round(rate),
            "bare_per_second": [round(each) for each in bare],
            "share": round(rate / beside, 3),
            "cpu_us_per_mail": round(cpu / members * 1e6),
            "bare_cpu_us_per_mail": round(cpu_bare / members * 1e6),
            "bytes_per_mail": sum(map(len, letters)) // len(letters),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }

    async def _fill(self, superuser: asyncpg.Connection, members: int) -> None:
        wallet = {
            "name": "points",
            "expiry": {"kind": "natural", "period": "quarter"},
            "worth": {"points": 100, "minor": 100},
            "reminders": [{"days": 7}],
        }
        messages = {"notices": [{"message": "expiry_reminder", "channels": [self.channel]}]}
        await put_version(superuser, {**programme_document(ACME), "wallets": [wallet], "messages": messages})
        await superuser.execute(QUERIES["members"], members, BOUNDARY)
        await superuser.execute(QUERIES["told_before"], self._options.told, self.channel, NOW)
        await superuser.execute(_LEASES["ensure"], shards_of(WRITER))
        for first in range(1, members + 1, _PAGE):
            told = {(1, 1, UUID(int=n)): self._told(n) for n in range(first, min(first + _PAGE, members + 1))}
            async with superuser.transaction():
                await save_told(superuser, NOW, told, self._vault)
        await self._programmes.refresh()

    def _told(self, number: int) -> Told:
        place = read_address(self.channel, f"m{number}@example.com")
        assert isinstance(place, CheckedAddress)
        language = "de" if number % 2 else "en"
        return Told(ToldPerson(given_name=f"Anna {number}", language=language), (ToldAddress(place),), ())

    async def _queue(self, first_member: int, last_member: int) -> None:
        intake = Intake(
            self._pool, self._programmes, self._clock, self._vault.seal, self._metrics, lambda shards: None,
            lambda channels: None,
        )  # fmt: skip
        offsets = count()
        for first in range(first_member, last_member + 1, _PAGE):
            records = [
                ConsumerRecord("loyalty.reminders", 0, next(offsets), 0, 0, b"", reminder(n), None, 0, 0, ())
                for n in range(first, min(first + _PAGE, last_member + 1))
            ]
            await intake.take("loyalty.reminders", records)

    def _make_desk(self) -> Desk:
        links = Links.from_seal_key(KEY)
        words = Words(Shelf().library)
        address = "https://gateway.test"
        return Desk(self._pool, self._programmes, words, self._vault.seal, links, address, self._clock, lambda: 0.5)

    async def _letters(self) -> list[bytes]:
        """The mails that go out, as bytes: some, over and over."""
        claimed = await store.claim(self._pool, self.channel, NOW, "bench", SystemClock().now(), 500)
        prepared = await self._desk.prepare(claimed)
        await store.give_back(self._pool, datetime(2100, 1, 1, tzinfo=UTC), NOW)
        some = [self._bytes(each.letter) for each in prepared.ready]
        return [some[n % len(some)] for n in range(self._options.members)]

    def _bytes(self, letter: Letter) -> bytes:
        """What the bare loop sends of a letter."""
        return mail(letter, SENDER, NOW)

    async def _send(self) -> None:
        carrier = Carrier(self._channel(), None, self._metrics)

        async def work(lane: Lane) -> None:
            while await lane.work():
                pass

        await asyncio.gather(*map(work, self._lanes(carrier)))
        await carrier.channel.close()

    def _channel(self) -> Channel:
        """What hands over."""
        settings = EmailSettings(
            host="127.0.0.1", port=self._sink.port, security="none", sender=SENDER.address,
            connections=self._options.connections,
        )  # fmt: skip
        return EmailChannel(settings, self._clock.now)

    def _lanes(self, carrier: Carrier) -> list[Lane]:
        return [
            Lane(
                self._pool, self._desk, self._programmes, carrier, self._clock, SystemClock(), self._metrics,
                f"lane-{number}", lambda shards: None, lambda channels: None, lambda: 0.5,
                batch=300, bundle=50, lease=timedelta(seconds=60),
            )
            for number in range(self._options.lanes)
        ]  # fmt: skip

    async def _bare(self, letters: list[bytes]) -> float:
        """The same bytes by a loop that does nothing else, over as many connections; mails a second."""
        waiting = iter(letters)
        host, port, many = "127.0.0.1", self._sink.port, self._options.connections
        clients = [SMTP(hostname=host, port=port, start_tls=False) for _ in range(many)]
        for client in clients:
            await client.connect()

        async def work(client: SMTP) -> None:
            for raw in waiting:
                await client.sendmail(SENDER.address, ["anna@example.com"], raw)

        begun, self._cpu = time.monotonic(), time.process_time()
        await asyncio.gather(*map(work, clients))
        seconds = time.monotonic() - begun
        for client in clients:
            await client.quit()
        return len(letters) / seconds


def reminder(number: int) -> bytes:
    """The event of a member's reminder."""
    member = str(UUID(int=number))
    data = {
        "member_id": member, "wallet": "points", "points": 100 + number % 900, "lots": 1, "boundary": BOUNDARY,
        "local_date": "2026-12-31", "zone": "Europe/Rome", "step": "7d", "days": 7, "due_at": NOW,
        "programme_version": 1,
    }  # fmt: skip
    return encode(
        type="org.pointstream.reminder.due.v1", source="/pointstream/bench", id=f"r-{number}", time=NOW,
        subject=member, tenant="acme", programme="main", memberseq=None, data=data,
    )  # fmt: skip


async def measure(
    database: Database, sink: SinkProcess, options: argparse.Namespace, kind: type[Bench] = Bench
) -> dict[str, Any]:
    """Run on a pool of the notifier's own role, in a process that has settled in as the service does."""
    memory.settle_in()
    settings = PostgresSettings(dsn=database.dsn("notifier"))
    async with postgres.opened(postgres.pool(settings, "notifier-bench")) as pool:
        return await kind(database, sink, pool, options).run()


def main(arguments: list[str]) -> None:
    """Measure and print."""
    options = parse(arguments)
    with stage() as (database, sink), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(database, sink, options))))


if __name__ == "__main__":
    main(sys.argv[1:])
