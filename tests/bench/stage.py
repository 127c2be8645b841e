"""The stage of a benchmark: a PostgreSQL, a Kafka, a database with members, and workers as processes.

Everything lives in a temporary folder and listens on 127.0.0.1; leaving the stage stops every process and removes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.process import clean_abandoned
from libs.contracts.topics import topics_to_create
from libs.promotions.document import canonical_json, programme_hash
from libs.runtime import sql
from libs.runtime.kafka import create_topics
from libs.runtime.migrate import ROLES, ensure_database, ensure_roles, migrate
from libs.runtime.settings import KafkaSettings
from tests.bench.population import TENANTS, Population, make_population
from tests.bench.programmes import bench_programme
from tests.support.database import PASSWORD, Database
from tests.support.stack import ROOT, SEAL_KEY, Worker, free_port, until

QUERIES = sql.load("tests.bench", "bench.sql")
PREFIX = "pointstream-bench-"
_DATABASE = "bench"
_PIECE = 25_000
ENROLLED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Stage:
    """What a benchmark runs on."""

    folder: Path
    postgres: EmbeddedPostgres
    kafka: EmbeddedKafka
    tell: Callable[[str], None]
    profile: str | None = None
    workers: list[Worker] = field(default_factory=list)
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def database(self) -> Database:
        """The migrated database."""
        return Database(self.postgres, _DATABASE)

    @property
    def servers(self) -> tuple[int, int]:
        """The process ids of PostgreSQL and the broker."""
        assert self.postgres.pid is not None
        assert self.kafka.pid is not None
        return self.postgres.pid, self.kafka.pid

    async def prepare(self, members: int) -> None:
        """Make the database and the topics, and enrol so many members."""
        await ensure_roles(self.postgres.dsn(), dict.fromkeys(ROLES, PASSWORD))
        await ensure_database(self.postgres.dsn(), _DATABASE)
        await migrate(self.postgres.dsn(database=_DATABASE))
        await create_topics(KafkaSettings(bootstrap=self.kafka.bootstrap), topics_to_create())
        programmes = [bench_programme(20, tenant.slug) for tenant in TENANTS]
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

    async def use_programmes(self, campaigns: int) -> None:
        """Replace both tenants' programmes by ones of so many campaigns; workers started later judge by them."""
        programmes = [bench_programme(campaigns, tenant.slug) for tenant in TENANTS]
        async with self.connection() as connection:
            await connection.execute(
                QUERIES["replace_programmes"],
                [tenant.tenant_id for tenant in TENANTS],
                [tenant.programme_id for tenant in TENANTS],
                [canonical_json(programme).decode() for programme in programmes],
                [programme_hash(programme) for programme in programmes],
            )

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
            own + "KAFKA__SESSION_TIMEOUT": "PT60S",  # a frozen worker must not lose its partitions
            own + "KAFKA__HEARTBEAT": "PT3S",
            own + "POSTGRES__DSN": self.database.dsn("earning"),
            own + "WEB__PORT": str(port),
            "POINTSTREAM_SEAL_KEY": SEAL_KEY,
            "POINTSTREAM_EMBEDDED": "1",
        }
        command = ["-m", "services.earning"]
        if self.profile is not None:
            command = ["-m", "tests.bench.profiled", self.profile, str(self.folder / f"profile-{number}")]
        log = self.folder / f"earning-{number}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env={**os.environ, **variables}, stdout=output, stderr=output
            )
        worker = Worker(f"earning-{number}", port, process, log)
        self.workers.append(worker)
        return worker

    async def stop_workers(self, workers: Sequence[Worker]) -> None:
        """End workers as an operator would."""
        for worker in workers:
            await asyncio.to_thread(worker.stop)

    async def run(self, module: str, *arguments: str) -> asyncio.subprocess.Process:
        """Start a module of the benchmark as a process; its standard output is a pipe."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        self.processes.append(process)
        return process

    def end(self) -> None:
        """Stop whatever still runs."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.thaw()
                worker.kill()
        for process in self.processes:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)


@contextlib.asynccontextmanager
async def open_stage(tell: Callable[[str], None], profile: str | None = None) -> AsyncIterator[Stage]:
    """Start the servers, side by side; at the end everything is stopped, also when something fails."""
    clean_abandoned(str(Path(tempfile.gettempdir()).resolve() / PREFIX))
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        stage = Stage(folder, EmbeddedPostgres(folder), EmbeddedKafka(folder), tell, profile)
        try:
            with ThreadPoolExecutor(2) as side:
                list(side.map(lambda server: server.start(), (stage.postgres, stage.kafka)))
            yield stage
        finally:
            stage.end()
            with ThreadPoolExecutor(2) as side:
                list(side.map(lambda server: server.stop(), (stage.postgres, stage.kafka)))


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
