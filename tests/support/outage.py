"""A PostgreSQL that tests may stop, suspend and crash, and a stack on it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from libs.runtime.postgres import DATABASE_ERRORS
from tests.support.database import Database, fresh_copy, prepare
from tests.support.stack import Stack, free_port, until

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE starts_with(application_name, $1)"


@pytest.fixture(scope="module")
def own_postgres(platform_data: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that only these tests use, since they stop it; its port stays the same."""
    port = free_port()
    server = EmbeddedPostgres(platform_data / f"outage-{port}", port)
    server.start()
    try:
        prepare(server)
        yield server
    finally:
        resume(server)
        server.stop()


@pytest.fixture
def own_database(own_postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A database of this test in it."""
    with fresh_copy(own_postgres) as fresh:
        yield fresh


@pytest.fixture
async def fragile(own_database: Database, kafka_server: EmbeddedKafka, folder: Path) -> AsyncIterator[Stack]:
    """A stack on it."""
    stack = Stack(own_database, kafka_server.bootstrap, f"f{os.getpid()}-{free_port()}.", folder)
    await stack.create_topics()
    yield stack
    resume(own_database.server)
    stack.close()


def family(server: EmbeddedPostgres) -> list[psutil.Process]:
    """The server's process and all its backends."""
    root = psutil.Process(server.pid)
    return [root, *root.children(recursive=True)]


def suspend(server: EmbeddedPostgres) -> None:
    """Stop the server where it stands, so that it takes connections' bytes and never answers."""
    for process in family(server):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)


def resume(server: EmbeddedPostgres) -> None:
    """Let it go on."""
    if server.running:
        for process in family(server):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


async def crash(stack: Stack, application: str) -> None:
    """Kill a backend of somebody, which takes the server through recovery, and wait until it answers."""
    backends = await stack.fetch(BACKENDS, application)
    assert backends
    witness = await asyncpg.connect(stack.database.dsn())
    os.kill(backends[0]["pid"], signal.SIGKILL)

    async def down() -> bool:  # the server answers for a moment until it has seen who died
        try:
            await witness.fetchval("SELECT 1")
        except DATABASE_ERRORS:
            return True
        return False

    await until(down, "the server has ended all sessions")

    async def answers() -> bool:
        try:
            await stack.fetch("SELECT 1")
        except DATABASE_ERRORS:
            return False
        return True

    await until(answers, "the server has recovered")
