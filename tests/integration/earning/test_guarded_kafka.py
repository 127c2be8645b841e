"""A broker that lets in by TLS, a client certificate and a login only: earning works there, or says why it can't."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.embedded.kafka import EmbeddedKafka, Guarded
from libs.runtime.kafka_login import KafkaRefused, knock
from libs.runtime.settings import KafkaSettings
from tests.support.certificates import Authority, Signed
from tests.support.database import Database
from tests.support.invariants import exactly_once
from tests.support.loads import enrol, two_tenants
from tests.support.platform import QUICK
from tests.support.stack import PATIENCE, Stack, free_port, until

USER, PASSWORD, KEY_PASSWORD = "till", "correct-horse-battery", "staple-of-the-key"
KAFKA = "POINTSTREAM_EARNING__KAFKA__"
ESTABLISHED = "01"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def guarded(authority: Authority) -> Guarded:
    return Guarded(free_port(), authority.sign("broker").both, authority.certificate, {USER: PASSWORD})


@pytest.fixture(scope="module")
def broker(platform_data: Path, guarded: Guarded) -> Iterator[EmbeddedKafka]:
    """A broker with a guarded listener beside the open one, which only the test itself uses."""
    server = EmbeddedKafka(platform_data / "guarded-kafka", jvm=QUICK, guarded=guarded)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
async def scene(broker: EmbeddedKafka, database: Database, folder: Path) -> AsyncIterator[Stack]:
    """A stack whose topics have a prefix, as on a cluster that is shared."""
    stack = Stack(database, broker.bootstrap, f"shared{free_port()}.", folder)
    await stack.create_topics()
    yield stack
    stack.close()


@pytest.fixture
def mine(authority: Authority) -> Signed:
    return authority.sign("earning", KEY_PASSWORD)


def login(folder: Path, guarded: Guarded, authority: Authority, mine: Signed, **changes: str) -> dict[str, str]:
    """The settings of a worker, its secrets in files as an orchestrator mounts them."""
    files = {
        "PASSWORD": PASSWORD,
        "CA": authority.certificate,
        "CERTIFICATE": mine.certificate,
        "KEY": mine.key,
        "KEY_PASSWORD": KEY_PASSWORD,
    } | changes
    for name, text in files.items():
        (folder / name).write_text(text + "\n", encoding="ascii")
    return {
        KAFKA + "BOOTSTRAP": guarded.bootstrap,
        KAFKA + "SECURITY_PROTOCOL": "SASL_SSL",
        KAFKA + "SASL_MECHANISM": "SCRAM-SHA-512",
        KAFKA + "USERNAME": USER,
    } | {f"{KAFKA}{name}_FILE": str(folder / name) for name in files}


async def test_receipts_come_in_and_points_go_out(
    scene: Stack, guarded: Guarded, authority: Authority, mine: Signed
) -> None:
    load = two_tenants(2_000, members=60, seed=31, coffees=10)
    await enrol(scene, load.cards)
    worker = await scene.start_ready(**login(scene.folder, guarded, authority, mine))
    open_port = int(scene.bootstrap.rpartition(":")[2])
    await scene.produce(load.records)
    await scene.drained()
    connected = remote_ports(worker.process.pid)
    assert guarded.port in connected
    assert open_port not in connected, "something of the worker goes past the login"
    await exactly_once(scene, load)
    assert worker.stop() == 0
    assert not secrets_in(worker.log, mine)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"PASSWORD": "wrong-horse"}, "SaslAuthenticationFailed", id="password"),
        pytest.param({"CA": Authority("other").certificate}, "certificate verify failed", id="authority"),
    ],
)
async def test_refused_worker_says_so_and_ends(
    scene: Stack, guarded: Guarded, authority: Authority, mine: Signed, changes: dict[str, str], said: str
) -> None:
    """It never says that it is ready, and tells who refused what, without the secrets."""
    worker = scene.start(**login(scene.folder, guarded, authority, mine, **changes))

    async def ended() -> bool:
        assert worker.get("/readyz") is None, "ready without having been let in"
        return worker.process.poll() is not None

    await until(ended, "the worker ends")
    assert worker.process.returncode == 1
    told = worker.log.read_text()
    assert "kafka.refused" in told
    assert said in told
    assert guarded.bootstrap in told
    assert not secrets_in(worker.log, mine)
    assert changes.get("PASSWORD", PASSWORD) not in told


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_mechanisms(
    broker: EmbeddedKafka, guarded: Guarded, authority: Authority, mine: Signed, mechanism: str
) -> None:
    settings = {
        "bootstrap": f"127.0.0.1:{free_port()},{guarded.bootstrap}",  # nobody listens at the first
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": mechanism,
        "username": USER,
        "password": PASSWORD,
        "ca": authority.certificate,
        "certificate": mine.certificate,
        "key": mine.key,
        "key_password": KEY_PASSWORD,
    }
    await knock(KafkaSettings.model_validate(settings))
    for wrong, why in (
        ({"password": "x"}, "SaslAuthenticationFailed"),
        ({"certificate": None, "key": None}, r"127\.0\.0\.1"),  # a broker that wants a certificate just hangs up
        ({"sasl_mechanism": "SCRAM-SHA-256"}, "UnsupportedSaslMechanism"),
        ({"security_protocol": "SSL", "username": None, "password": None}, r"127\.0\.0\.1"),
        ({"key_password": "x"}, "Kafka's settings"),
    ):
        with pytest.raises(KafkaRefused, match=why) as refused:
            await asyncio.wait_for(knock(KafkaSettings.model_validate(settings | wrong)), PATIENCE)
        assert PASSWORD not in str(refused.value)


def secrets_in(log: Path, mine: Signed) -> list[str]:
    """The secrets that a log holds."""
    told = log.read_text()
    return [secret for secret in (PASSWORD, KEY_PASSWORD, *mine.key.split("\n")[1:3]) if secret in told]


def remote_ports(pid: int) -> set[int]:
    """The ports that a process has connections to."""
    rows = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    sockets = {link.stat().st_ino for link in Path(f"/proc/{pid}/fd").iterdir() if link.exists()}
    found = set()
    for row in rows:
        columns = row.split()
        if columns[3] == ESTABLISHED and int(columns[9]) in sockets:
            found.add(int(columns[2].rpartition(":")[2], 16))
    return found
