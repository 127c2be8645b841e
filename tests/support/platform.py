"""Session-wide PostgreSQL and Kafka: real ones, started on first use, stopped at the end even on Ctrl-C."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.process import birth, clean_abandoned

PREFIX = "pointstream-tests-"
QUICK = ("-XX:TieredStopAtLevel=1",)
"""For a broker that lives for minutes, the second compiler costs more than it gives: a third of the start."""
HURRY = {
    "POINTSTREAM_EARNING__CONSERVATION_EVERY": "PT2S",
    "POINTSTREAM_EARNING__RETRY_EVERY": "PT1S",
    "JDK_JAVA_OPTIONS": " ".join(QUICK),
}
"""Settings of a platform under test: nobody wants to wait a minute, which is usual, for a look at the whole ledger or
at what waits for a rate."""
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "wal_compression": "off", "max_wal_size": "512MB"}
"""For a server whose data outlives no crash of the machine, which no test makes: a database copied and dropped for each
test would be written to the disk twice. A server that is killed loses nothing by it."""
_MEMORY = Path("/dev/shm")
_ROOM = 6 * 1024**3
"""Bytes of memory to spare beside which the few hundred MiB of a run do not matter."""


def home() -> Path:
    """Where the servers' files go: into memory where that has room.

    A database is a thousand files, made and thrown away for each test. Some disks' file systems look at all files that
    went a short while ago whenever they make one, which cost more than everything that PostgreSQL does for the tests.
    """
    if _MEMORY.is_dir() and min(shutil.disk_usage(_MEMORY).free, psutil.virtual_memory().available) >= _ROOM:
        return _MEMORY
    return Path(tempfile.gettempdir()).resolve()


@pytest.fixture(scope="session")
def platform_data() -> Iterator[Path]:
    """The data directory of this run's servers. What an earlier run left that was killed is thrown away first."""
    folder = home()
    clean_abandoned(str(folder / PREFIX))
    for left in folder.glob(f"{PREFIX}*"):
        owner = left.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and birth(int(owner)) is None:
            shutil.rmtree(left, ignore_errors=True)
    data = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=folder))
    yield data
    if os.environ.get("POINTSTREAM_KEEP") != "1":
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(platform_data: Path) -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL for the whole run; a test makes a database of its own in it."""
    server = EmbeddedPostgres(platform_data, settings=FORGETFUL)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def kafka_server(platform_data: Path) -> Iterator[EmbeddedKafka]:
    """One Kafka for the whole run; a test makes topics of its own in it."""
    server = EmbeddedKafka(platform_data, jvm=QUICK)
    server.start()
    try:
        yield server
    finally:
        server.stop()
