"""The platform as its users have it: started by `pointstream up`, met on its topics, its API and its commands.

`platform` runs by the machine's clock, `platform_in_2017` by one that was set to the first of February 2017, at noon.
Each is started once a run, on first use. Beside the demo they have two tenants, `acme` and `globex`, whose programme is
that of `running.yaml`, a third, `initech`, whose rules, in `web_shop.yaml`, changed a day ago, and a fourth, `hooli`,
with the tiers of `club.yaml`, a fifth, `assam`, with the presents of `presents.yaml`, and others for a test alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.embedded import layout, state
from deploy.embedded.process import birth
from deploy.embedded.supervisor import stop_running
from libs.promotions.document import canonical_json, parse_programme, programme_hash
from libs.runtime import api_keys, sql
from libs.runtime.clock import monotonic, parse_clock
from tests.support import forking
from tests.support.pairs import with_pairs
from tests.support.platform import HURRY
from tests.support.receipts import PROFILES, Record, event, member_id, purchase
from tests.support.stack import PATIENCE, free_port, until

COMMAND = Path(sys.executable).with_name("pointstream")
SCOPES = tuple(scope for scope in api_keys.SCOPES if scope != "admin")
_PREFIX = "pointstream-running-"
_PATIENCE = 400.0
_QUERIES = sql.load("tests.support", "running.sql")
_TENANTS = (
    (2, "acme", "Europe/Rome", "EUR", "running.yaml"),
    (3, "globex", "America/New_York", "USD", "running.yaml"),
    (4, "initech", "Europe/Rome", "EUR", "web_shop.yaml"),
    (5, "hooli", "Europe/Rome", "EUR", "club.yaml"),
    (6, "assam", "Europe/Rome", "EUR", "presents.yaml"),
    (7, "terms", "Europe/Rome", "EUR", "terms.yaml"),
    (8, "quarterly", "Europe/Rome", "EUR", "quarters.yaml"),
)
_LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Door:
    """The platform as one tenant's systems meet it: the source that they write under, the key that they read with."""

    slug: str
    source: str
    currency: str
    http: httpx.Client
    now: Callable[[], datetime]

    def get(self, path: str, **query: object) -> Any:
        """What the API answers; anything but 200 fails."""
        answer = self.http.get(path, params={name: str(value) for name, value in query.items()})
        assert answer.status_code == httpx.codes.OK, f"GET {answer.request.url}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """Send something in under an Idempotency-Key; anything but 202 fails."""
        answer = self.http.post(path, json=body, headers={"Idempotency-Key": key})
        assert answer.status_code == httpx.codes.ACCEPTED, f"POST {path}: {answer.status_code} {answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    def status(self, path: str) -> int:
        """The status that the API answers with."""
        return self.http.get(path).status_code

    def enrolment(
        self, name: str, identifiers: Iterable[str] = (), *, again: str = "", tier: str | None = "gold"
    ) -> Record:
        """The enrolment of a member: known by the card `name`, else by `identifiers`, each `kind:value`.

        `again` tells a further enrolment of the same member from the first, to add identifiers.
        """
        pairs = [text.split(":", 1) for text in (identifiers or (f"card:{name}",))]
        member = str(self.member_id(name))
        data = {"member_id": member, "identifiers": [{"kind": k, "value": v} for k, v in pairs], "tier": tier}
        kind = "org.pointstream.member.enrolled.v1"
        return event(PROFILES, kind, f"enrol-{name}{again}", self.source, self.now(), member, data)

    def member_id(self, name: str) -> UUID:
        """The id of the member that `enrolment` enrols under this name."""
        return member_id(name, self.source)

    def purchase(self, number: str, lines: Sequence[dict[str, Any]] | int = 1_000, **changes: Any) -> Record:
        """A receipt from now, of the till whose source is `source` + `/1`; see `tests.support.receipts.purchase`."""
        fields: dict[str, Any] = {"source": f"{self.source}/1", "time": self.now(), "currency": self.currency}
        return purchase(number, lines, **(fields | changes))

    async def enrolled(self, *names: str) -> None:
        """Wait until these members are known."""
        for name in names:
            await self._found(f"/v1/members/{self.member_id(name)}", f"{name} is enrolled")

    def member(self, name: str, **query: object) -> dict[str, Any]:
        """What the API tells of a member."""
        told: dict[str, Any] = self.get(f"/v1/members/{self.member_id(name)}", **query)
        return told

    def balance(self, name: str, wallet: str = "points", **query: object) -> int:
        """The points that a member has available."""
        (found,) = [each for each in self.member(name, **query)["wallets"] if each["wallet"] == wallet]
        return int(found["available"])

    def history(self, name: str, *, limit: int = 200) -> list[dict[str, Any]]:
        """A member's whole history, newest first, read page by page."""
        entries: list[dict[str, Any]] = []
        path: str | None = f"/v1/members/{self.member_id(name)}/history?limit={limit}"
        while path is not None:
            answer = self.http.get(path)
            assert answer.status_code == httpx.codes.OK, answer.text
            entries += answer.json()["data"]
            path = answer.links["next"]["url"] if "next" in answer.links else None
        return entries

    def receipt(self, number: str) -> dict[str, Any]:
        """The decision on a receipt that `purchase` made."""
        told: dict[str, Any] = self.get(f"/v1/receipts{self.source}/1/{number}")
        return told

    async def decided(self, *numbers: str, seconds: float = PATIENCE) -> None:
        """Wait until these receipts have their decision."""
        for number in numbers:
            await self._found(f"/v1/receipts{self.source}/1/{number}", f"{number} is decided", seconds)

    async def decision(self, href: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait until an event has its decision, and return it."""
        await self._found(href, f"{href} is decided", seconds)
        told: dict[str, Any] = self.get(href)
        return told

    def stands(self, number: str, store: str = "1") -> dict[str, Any]:
        """What stands under a receipt number."""
        told: dict[str, Any] = self.get("/v1/receipts/by-number", number=number, store=store)
        return told

    async def _found(self, path: str, what: str, seconds: float = PATIENCE) -> None:
        await eventually(lambda: self.status(path) == httpx.codes.OK, what, seconds=seconds)


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform. `told` is what `up --json` answered."""

    data: Path
    told: dict[str, Any]
    doors: dict[str, Door] = field(default_factory=dict)

    @property
    def acme(self) -> Door:
        """A grocer in Rome, who sells in euros."""
        return self.doors["acme"]

    @property
    def globex(self) -> Door:
        """Somebody else, in New York."""
        return self.doors["globex"]

    @property
    def initech(self) -> Door:
        """A web shop that ships, rewards more than purchases, and changed its rules a day ago."""
        return self.doors["initech"]

    @property
    def club(self) -> Door:
        """A club with levels, that looks at what its members did before."""
        return self.doors["hooli"]

    @property
    def tea_shop(self) -> Door:
        """A tea shop that tries things out, gives presents, and challenges its members."""
        return self.doors["assam"]

    @property
    def demo(self) -> Door:
        """The tenant that the demo's receipts belong to."""
        return self.doors["demo"]

    def now(self) -> datetime:
        """The time that it is for the platform."""
        return parse_clock(state.load(self.data).clock).now()

    def run(self, *arguments: object) -> Any:
        """Run a `pointstream` command with `--json`, and return its object."""
        return command(self.data, *arguments)

    async def publish(self, records: Iterable[Record]) -> None:
        """Write records to their topics as tills do, in order within a key, and wait for the broker."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.told["kafka"],
            linger_ms=2,
            enable_idempotence=True,
            request_timeout_ms=60_000,
        )
        await producer.start()
        try:
            sent = [await producer.send(record.topic, record.value, key=record.key) for record in records]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def events(
        self, topic: str, enough: Callable[[list[dict[str, Any]]], bool] = bool, *, seconds: float = PATIENCE
    ) -> list[dict[str, Any]]:
        """Every event of a topic, read from its beginning to its present end, and on until there are enough."""
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=self.told["kafka"], auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        try:
            found: list[dict[str, Any]] = []
            ends = await consumer.end_offsets(consumer.assignment())
            deadline = monotonic() + seconds
            while [part for part in ends if await consumer.position(part) < ends[part]] or not enough(found):
                assert monotonic() < deadline, f"waited {seconds} s in vain: {len(found)} events in {topic}"
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [orjson.loads(record.value) for record in records]
            return found
        finally:
            await consumer.stop()

    def metric(self, service: str, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels; 0 when there are none."""
        total = 0.0
        for text in httpx.get(self.told["metrics"][service], trust_env=False, timeout=60).text.splitlines():
            if text.startswith((name + "{", name + " ")) and all(f'{k}="{v}"' in text for k, v in labels.items()):
                total += float(text.rsplit(" ", 1)[1])
        return total

    def kill(self, part: str) -> int:
        """End the process of a part (a service, `kafka` or `postgres`) as a crash would; returns its id."""
        pid = self.process_of(part)
        os.kill(pid, signal.SIGKILL)
        return pid

    def process_of(self, part: str) -> int:
        """The process id of a part, as the supervisor noted it."""
        return int(json.loads((self.data / "run" / f"{part}.pid").read_text(encoding="utf-8"))["pid"])

    def ready(self) -> dict[str, bool]:
        """Which parts are ready."""
        parts = command(self.data, "status", expect=(0, 1))["parts"]
        return {name: bool(part["ready"]) for name, part in parts.items()}

    async def put_version(self, door: Door, document: Mapping[str, Any], ago: timedelta) -> None:
        """Have a version of a tenant's programme in force since so long ago, which no command would do."""
        tenant = next(each[0] for each in _TENANTS if each[1] == door.slug)
        connection = await asyncpg.connect(self.told["postgres"])
        try:
            await _put_version(connection, tenant, document, self.now() - ago)
        finally:
            await connection.close()

    async def ask(self, query: str, *arguments: object) -> Any:
        """One value from the database, asked as the operator."""
        connection = await asyncpg.connect(self.told["postgres"])
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()


def command(
    data: Path, *arguments: object, expect: Sequence[int] = (0,), settings: Mapping[str, str] | None = None
) -> Any:
    """Run a `pointstream` command with `--json` on a data directory, and return its object.

    Settings of the caller's environment are left out, but for the cache of jars; `settings` are put in.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POINTSTREAM_")}
    kept |= {name: value for name, value in os.environ.items() if name == "POINTSTREAM_CACHE"}
    words = [*map(str, arguments), "--json", "--data", str(data)]
    with tempfile.TemporaryDirectory() as folder:
        done = forking.run("cli.main", kept | dict(settings or {}), Path(folder), *words, seconds=_PATIENCE)
    assert done.returncode in expect, (
        f"pointstream {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The running platform, by the machine's clock."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def platform_in_2017() -> Iterator[Platform]:
    """A platform for which it is noon of the first of February 2017."""
    with running("--clock", "2017-02-01T12:00:00Z") as started:
        yield started


@contextmanager
def running(*options: str) -> Iterator[Platform]:
    """Start a platform of its own folder, with the two tenants; stop it and throw it away in the end."""
    _stop_abandoned()
    data = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
    try:
        ports = [f"--port={name}={free_port()}" for name in layout.NAMES]
        told = command(data, "up", "--detach", "--no-demo", *ports, *options, settings=HURRY)
        platform = Platform(data, told)
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:  # leaves the loop of tests as it is
            runner.run(_bring_tenants(platform))
        try:
            yield platform
        finally:
            for door in platform.doors.values():
                door.http.close()
    finally:
        stop_running(data, _PATIENCE)
        if os.environ.get("POINTSTREAM_KEEP") != "1":
            shutil.rmtree(data, ignore_errors=True)


def _stop_abandoned() -> None:
    """Stop platforms of test runs that were killed: a supervisor in the background outlives whoever started it."""
    for data in Path(tempfile.gettempdir()).resolve().glob(f"{_PREFIX}*"):
        if birth(int(data.name.removeprefix(_PREFIX).partition("-")[0])) is None:
            stop_running(data, _PATIENCE)
            shutil.rmtree(data, ignore_errors=True)


async def _bring_tenants(platform: Platform) -> None:
    connection = await asyncpg.connect(platform.told["postgres"])
    try:
        platform.doors["demo"] = _door(platform, "demo", "/demo/pos", "USD", platform.told["api_key"])
        for tenant, slug, zone, currency, rules in _TENANTS:
            source = f"/{slug}/pos"
            text, key = api_keys.mint(tenant, "tests", SCOPES, _LONG_AGO, os.urandom)
            await connection.execute(_QUERIES["tenant"], tenant, slug)
            await connection.execute(_QUERIES["programme"], tenant, slug, zone, currency)
            versions = yaml.safe_load_all(Path(__file__).with_name(rules).read_text(encoding="utf-8"))
            versions = map(with_pairs, versions) if slug == "assam" else versions
            for active_from, document in zip((_LONG_AGO, platform.now() - _DAY), versions, strict=False):
                await _put_version(connection, tenant, document | {"zone": zone, "currency": currency}, active_from)
            await connection.execute(_QUERIES["source"], source, tenant)
            await connection.execute(
                _QUERIES["api_key"], key.key_id, tenant, key.digest, list(key.scopes), key.created_at
            )
            platform.doors[slug] = _door(platform, slug, source, currency, text)
    finally:
        await connection.close()
    known = len(platform.doors)
    await eventually(lambda: platform.metric("earning", "loyalty_programmes") >= known, "earning knows every programme")


async def _put_version(
    connection: asyncpg.Connection, tenant: int, document: Mapping[str, Any], active_from: datetime
) -> None:
    programme = parse_programme(document)
    json_text, digest = canonical_json(programme).decode(), programme_hash(programme)
    await connection.execute(_QUERIES["version"], tenant, programme.version, json_text, digest, active_from)


def _door(platform: Platform, slug: str, source: str, currency: str, api_key: str) -> Door:
    client = httpx.Client(
        base_url=platform.told["gateway"],
        headers={"Authorization": f"Bearer {api_key}"},
        timeout=30,
        trust_env=False,
    )
    return Door(slug, source, currency, client, platform.now)


async def eventually(condition: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
    """Wait for a condition; fails with what was awaited."""

    async def holds() -> bool:
        return condition()

    await until(holds, what, seconds=seconds)
