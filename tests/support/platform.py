"""Session-wide PostgreSQL and Kafka: real ones, started on first use, stopped at the end even on Ctrl-C."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.process import clean_abandoned

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
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "wal_compression": "off"}
"""For a server whose data outlives no crash of the machine, which no test makes: a database copied and dropped for each
test would be written to the disk twice. A server that is killed loses nothing by it."""


@pytest.fixture(scope="session")
def platform_data() -> Iterator[Path]:
    """The data directory of this run's servers. Servers of an earlier run that was killed are stopped first."""
    clean_abandoned(str(Path(tempfile.gettempdir()).resolve() / PREFIX))
    data = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
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
