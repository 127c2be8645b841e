"""The stage of a benchmark: a PostgreSQL, a Kafka, a database with members, and workers as processes.

Everything lives in a temporary folder and listens on 127.0.0.1; leaving the stage stops every process and removes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.process import MARKER, OWNER, birth, clean_abandoned, marker
from libs.contracts.topics import topics_to_create
from libs.promotions.document import canonical_json, programme_hash
from libs.runtime import sql
from libs.runtime.kafka import create_topics
from libs.runtime.migrate import ROLES, ensure_database, ensure_roles, migrate
from libs.runtime.settings import KafkaSettings
from tests.bench import statements
from tests.bench.dialogue import Dialogue
from tests.bench.population import TENANTS, Population, make_population
from tests.bench.profiled import BEGIN
from tests.bench.programmes import BASE, bench_rules
from tests.bench.usage import Cpu, cpu_now
from tests.support.database import PASSWORD, Database
from tests.support.stack import ROOT, SEAL_KEY, Worker, free_port, until

QUERIES = sql.load("tests.bench", "bench.sql")
REFERENCES = sql.load("tests.bench", "references.sql")
PREFIX = "pointstream-bench-"
_DATABASE = "bench"
_PIECE = 25_000
SESSION_SECONDS = 90  # the most that Faust takes; frozen for less, a worker keeps its partitions
ENROLLED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Stage:
    """What a benchmark runs on."""

    folder: Path
    postgres: EmbeddedPostgres
    kafka: EmbeddedKafka
    tell: Callable[[str], None]
    profile: str | None = None
    rules: str = BASE
    """Which of the `RULES` each programme has."""
    workers: list[Worker] = field(default_factory=list)
    dialogues: dict[str, Dialogue] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        """The migrated database."""
        return Database(self.postgres, _DATABASE)

    @property
    def load(self) -> Dialogue:
        """The process that produces receipts."""
        return self.dialogues["load"]

    @property
    def listener(self) -> Dialogue:
        """The process that consumes credits."""
        return self.dialogues["listen"]

    @property
    def references(self) -> Dialogue:
        """The process that runs references."""
        return self.dialogues["references"]

    @property
    def servers(self) -> tuple[int, int]:
        """The process ids of PostgreSQL and the broker."""
        assert self.postgres.pid is not None
        assert self.kafka.pid is not None
        return self.postgres.pid, self.kafka.pid

    def cpu(self, workers: Sequence[Worker]) -> Cpu:
        """The processor seconds of some workers and of the servers so far."""
        return cpu_now([worker.process.pid for worker in workers], *self.servers)

    async def prepare(self, members: int, *, topics: bool = True) -> None:
        """Make the database and the topics, and enrol so many members."""
        await ensure_roles(self.postgres.dsn(), dict.fromkeys(ROLES, PASSWORD))
        await ensure_database(self.postgres.dsn(), _DATABASE)
        await migrate(self.postgres.dsn(database=_DATABASE))
        if topics:
            await create_topics(KafkaSettings(bootstrap=self.kafka.bootstrap), topics_to_create())
        programmes = [bench_rules(self.rules, tenant.slug) for tenant in TENANTS]
        async with self.connection() as connection:
            await connection.execute(
                QUERIES["seed"],
                [tenant.tenant_id for tenant in TENANTS],
                [tenant.programme_id for tenant in TENANTS],
                [tenant.slug for tenant in TENANTS],
                [tenant.source for tenant in TENANTS],
                [canonical_json(programme).decode() for programme in programmes],
                [programme_hash(programme) for programme in programmes],
            )
            await _enrol(connection, make_population(members))
            await connection.execute(QUERIES["vacuum_members"])

    async def copy_database(self, name: str) -> Database:
        """Copy the database as it stands, while nobody uses it."""
        connection = await asyncpg.connect(self.postgres.dsn())
        try:
            await connection.execute(await connection.fetchval(REFERENCES["copy_database"], name, _DATABASE))
        finally:
            await connection.close()
        return Database(self.postgres, name)

    async def use_rules(self, rules: str, workers: Sequence[Worker]) -> None:
        """Replace both tenants' programmes by ones of other rules, and wait until the workers have them."""
        loaded = "programmes.loaded"
        before = {worker.name: worker.log.read_text().count(loaded) for worker in workers}
        programmes = [bench_rules(rules, tenant.slug) for tenant in TENANTS]
        async with self.connection() as connection:
            await connection.execute(
                QUERIES["replace_programmes"],
                [tenant.tenant_id for tenant in TENANTS],
                [tenant.programme_id for tenant in TENANTS],
                [canonical_json(programme).decode() for programme in programmes],
                [programme_hash(programme) for programme in programmes],
            )

        async def again() -> bool:
            return all(worker.log.read_text().count(loaded) > before[worker.name] for worker in workers)

        await until(again, "the workers load the programmes", seconds=30)
        self.rules = rules

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection to the database."""
        connection = await asyncpg.connect(self.database.dsn())
        try:
            yield connection
        finally:
            await connection.close()

    async def start_workers(self, count: int) -> list[Worker]:
        """Start earning workers and wait until they share the partitions among them."""
        workers = [self._start(f"bench-{number}") for number in range(count)]
        for worker in workers:
            await until(lambda one=worker: asyncio.to_thread(one.ready), f"{worker.name} is ready", seconds=60)  # type: ignore[misc]
        async with self.connection() as connection:

            async def shared() -> bool:
                row = await connection.fetchrow(QUERIES["progress"])
                return bool(row["owners"] == count and row["partitions"] == 12)

            await until(shared, "the workers share the partitions", seconds=60)
        return workers

    def _start(self, instance: str) -> Worker:
        port, own = free_port(), "POINTSTREAM_EARNING__"
        number = len(self.workers)
        variables = {
            own + "KAFKA__BOOTSTRAP": self.kafka.bootstrap,
            own + "KAFKA__INSTANCE": instance,
            own + "KAFKA__SESSION_TIMEOUT": f"PT{SESSION_SECONDS}S",
            own + "KAFKA__HEARTBEAT": "PT3S",
            own + "POSTGRES__DSN": self.database.dsn("earning"),
            own + "WEB__PORT": str(port),
            "POINTSTREAM_SEAL_KEY": SEAL_KEY,
            "POINTSTREAM_EMBEDDED": "1",
        }
        command = [sys.executable, "-m", "services.earning"]
        if self.profile is not None:
            command[2:] = ["tests.bench.profiled", self.profile, str(self.folder / f"profile-{number}")]
        return self.launch(f"earning-{number}", command, variables, port)

    def launch(self, name: str, command: Sequence[str], variables: Mapping[str, str], port: int = 0) -> Worker:
        """Start a process that ends with the stage."""
        log = self.folder / f"{name}.log"
        # By these a later run finds the process if this one is killed.
        known = {MARKER: marker(self.folder, name), OWNER: f"{os.getpid()} {birth(os.getpid())}"}
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **variables, **known}, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        worker = Worker(name, port, process, log)
        self.workers.append(worker)
        return worker

    async def stop_workers(self, workers: Sequence[Worker]) -> None:
        """End workers as an operator would."""
        for worker in workers:
            await asyncio.to_thread(worker.stop)

    async def begin_profiles(self, workers: Sequence[Worker]) -> None:
        """If this run is profiled, let the workers' profilers begin to look and PostgreSQL begin to count."""
        if self.profile is not None:
            for worker in workers:
                worker.process.send_signal(BEGIN)
            async with self.connection() as connection:
                await statements.begin(connection)

    async def keep_statements(self, receipts: int) -> None:
        """If this run is profiled, write down what PostgreSQL has counted."""
        if self.profile is not None:
            async with self.connection() as connection:
                text = await statements.table(connection, receipts)
            (self.folder / f"profile-statements-{receipts}.txt").write_text(text + "\n", encoding="utf-8")

    def end(self) -> None:
        """Stop whatever still runs."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.thaw()
                worker.kill()
        for dialogue in self.dialogues.values():
            dialogue.end()


@contextlib.asynccontextmanager
async def open_stage(
    tell: Callable[[str], None], profile: str | None = None, *, broker: bool = True
) -> AsyncIterator[Stage]:
    """Start the servers, side by side; at the end everything is stopped, also when something fails.

    Without a broker there are neither topics nor anybody who reads or writes them.
    """
    folder = _make_folder()
    stage = Stage(folder, EmbeddedPostgres(folder), EmbeddedKafka(folder), tell, profile)
    try:
        for name in ("load", "listen", "references") if broker else ():
            stage.dialogues[name] = await Dialogue.start(f"tests.bench.{name}")
        starts = [asyncio.to_thread(stage.postgres.start)]
        if broker:
            starts.append(asyncio.to_thread(stage.kafka.start))
        for failure in await asyncio.gather(*starts, return_exceptions=True):
            if failure is not None:
                raise failure
        if profile is not None:
            await statements.load_extension(stage.postgres)
        yield stage
    finally:
        stage.end()
        _stop_all(stage.postgres, *([stage.kafka] if broker else []))
        shutil.rmtree(folder, ignore_errors=True)


def _make_folder() -> Path:
    """A fresh folder; servers of an earlier run that was killed are stopped first."""
    clean_abandoned(str(Path(tempfile.gettempdir()).resolve() / PREFIX))
    return Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()


def _stop_all(*servers: EmbeddedPostgres | EmbeddedKafka) -> None:
    with ThreadPoolExecutor(len(servers)) as side:
        list(side.map(lambda server: server.stop(), servers))


async def _enrol(connection: asyncpg.Connection, population: Population) -> None:
    """Enrol everybody through the platform's own function, thousands at a time."""
    for tenant_number, tenant in enumerate(TENANTS):
        ids = population.member_ids[tenant_number::2]
        cards = [f"card:{card}" for card in population.cards[tenant_number::2]]
        spreads = population.spreads[tenant_number::2]
        for at in range(0, len(ids), _PIECE):
            piece = slice(at, at + _PIECE)
            count = len(ids[piece])
            await connection.execute(
                QUERIES["enrol"], ENROLLED_AT, [tenant.tenant_id] * count, [tenant.programme_id] * count,
                ids[piece], spreads[piece], [None] * count, [ENROLLED_AT] * count, cards[piece],
            )  # fmt: skip
