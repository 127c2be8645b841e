"""PostgreSQL and Kafka for the platform: ours, or brought along; and everything in them that services expect."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.embedded import kafka as embedded_kafka
from deploy.embedded import postgres as embedded_postgres
from deploy.embedded.credentials import Credentials
from deploy.embedded.failures import BackingUnavailable
from deploy.embedded.process import Child
from deploy.embedded.report import Report
from deploy.embedded.stopping import StopRequest
from libs.contracts.topics import topics_to_create
from libs.runtime.kafka import create_topics
from libs.runtime.kafka_login import connection
from libs.runtime.migrate import ROLES, ensure_database, ensure_roles, migrate
from libs.runtime.settings import kafka_of_commands

DATABASE = "pointstream"


@dataclass(frozen=True, slots=True)
class Brought:
    """What the operator brought along: neither, one or both."""

    kafka: str | None = None
    postgres: str | None = None

    @property
    def anything(self) -> bool:
        """Whether something is not ours."""
        return bool(self.kafka or self.postgres)


class Backing:
    """The two servers that everything rests on."""

    def __init__(self, data: Path, ports: Mapping[str, int], brought: Brought, report: Report) -> None:
        self._report = report
        self._brought = brought
        self._credentials = Credentials(data)
        self.postgres = None if brought.postgres else embedded_postgres.EmbeddedPostgres(data, ports["postgres"])
        self.kafka = None if brought.kafka else embedded_kafka.EmbeddedKafka(data, ports["kafka"])

    @property
    def bootstrap(self) -> str:
        """Where Kafka is."""
        return self._brought.kafka or (self.kafka.bootstrap if self.kafka else "")

    def dsn(self, role: str) -> str:
        """A connection URL to the platform's database for one of its roles (`earning`, `operator`, …)."""
        return _with_login(self._superuser(), f"pointstream_{role}", self._password(role))

    def start(self, stop: StopRequest) -> None:
        """Start both at once, each with what it needs before services come: roles and tables, topics.

        Raises:
            BackingUnavailable: one of them can't be had.
            Stopped: somebody asked to stop meanwhile.
        """
        try:
            with ThreadPoolExecutor(2, thread_name_prefix="backing") as pool:
                both = [pool.submit(self._start_postgres, stop), pool.submit(self._start_kafka, stop)]
                try:
                    while not all(part.done() for part in both):
                        _raise_failures(both)
                        stop.sleep(0.02)
                    _raise_failures(both)
                except BaseException:
                    stop.ask()
                    self.stop()
                    raise
        except BaseException:
            self.stop()  # again, since one of them may have started after it was stopped
            raise

    def stop(self) -> None:
        """Stop what is ours: Kafka, then PostgreSQL."""
        if self.kafka is not None:
            self.kafka.stop()
        if self.postgres is not None:
            self.postgres.stop()

    def fallen(self) -> list[embedded_postgres.EmbeddedPostgres | embedded_kafka.EmbeddedKafka]:
        """Those of our servers that have ended by themselves."""
        ours = (self.postgres, self.kafka)
        return [server for server in ours if server is not None and not server.running]

    def children(self) -> list[Child]:
        """The processes of our servers."""
        return [server.child for server in (self.postgres, self.kafka) if server is not None]

    def _start_postgres(self, stop: StopRequest) -> None:
        with self._report.step("PostgreSQL") as step:
            try:
                if self.postgres is not None:
                    step.progress("starting")
                    stop.check()
                    self.postgres.start()
                stop.check()
                step.progress("migrating")
                applied = stop.run(self._prepare_database())
            except (embedded_postgres.PostgresUnavailable, asyncpg.PostgresError, OSError) as error:
                raise BackingUnavailable(f"PostgreSQL: {error}") from error
            told = embedded_postgres.describe() if self.postgres is not None else "brought along"
            step.done(f"{told}, {len(applied)} migrations applied" if applied else told)

    def _start_kafka(self, stop: StopRequest) -> None:
        with self._report.step("Kafka") as step:

            def fetched(done: int, total: int) -> None:
                stop.check()
                step.progress("fetching its jars, once", done, total)

            try:
                if self.kafka is not None:
                    step.progress("starting")
                    stop.check()
                    self.kafka.progress = fetched
                    self.kafka.start()
                stop.check()
                step.progress("making topics")
                made = stop.run(_make_topics(self.bootstrap))
            except (embedded_kafka.KafkaUnavailable, KafkaError, OSError) as error:
                raise BackingUnavailable(f"Kafka: {error}") from error
            told = embedded_kafka.describe() if self.kafka is not None else f"brought along, {self.bootstrap}"
            step.done(f"{told}, {made} topics made" if made else told)

    async def _prepare_database(self) -> list[str]:
        await ensure_roles(self._login_database(), {role: self._password(role) for role in ROLES})
        await ensure_database(self._login_database(), DATABASE)
        return await migrate(self._superuser())

    def _login_database(self) -> str:
        if self._brought.postgres:
            return self._brought.postgres
        assert self.postgres is not None
        return self.postgres.dsn()

    def _superuser(self) -> str:
        parts = urlsplit(self._login_database())
        return urlunsplit(parts._replace(path=f"/{DATABASE}"))

    def _password(self, role: str) -> str:
        return self._credentials.token(f"postgres/pointstream_{role}")


def _with_login(dsn: str, user: str, password: str) -> str:
    parts = urlsplit(dsn)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def _raise_failures(parts: list[Future[None]]) -> None:
    for part in parts:
        if part.done() and (error := part.exception()) is not None:
            raise error


async def _make_topics(bootstrap: str) -> int:
    """Make what is missing of the table of topics, with three replicas where there are three brokers."""
    settings = kafka_of_commands(bootstrap)
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        replicas = min(3, len((await admin.describe_cluster())["brokers"]))
    finally:
        await admin.close()
    return len(await create_topics(settings, topics_to_create(), replicas))
