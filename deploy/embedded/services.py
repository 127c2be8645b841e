"""The five services as child processes: the same programs and settings that production runs."""

from __future__ import annotations

import http.client
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded import demo
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.process import Child
from deploy.embedded.state import SERVICES
from libs.runtime.clock import monotonic

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
PROGRAMS = Path(__file__).resolve().parents[2]
"""Where the services are imported from: their working directory, so that no folder of the user's shadows them."""
_KAFKA_OF_COMMANDS = "POINTSTREAM_CLI__KAFKA__"
FILES = "files"
"""Where below the data directory the gateway keeps what is sent to it as files."""
BACKTESTS = "backtests"
"""Where below it the gateway copies histories to while it judges them."""
STEADY_SECONDS = 60.0
"""A service that ran this long has recovered: its next pause is the first again."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all services are told."""

    bootstrap: str
    dsns: Mapping[str, str]
    """service → connection URL of its role"""
    ports: Mapping[str, int]
    seal_key: str
    clock: str | None

    def environment(self, service: str) -> dict[str, str]:
        """The environment of one service: ours, without settings that are not meant for it."""
        prefix = f"POINTSTREAM_{service.upper()}__"
        env = {name: value for name, value in os.environ.items() if not name.startswith("POINTSTREAM_")}
        env |= {name: value for name, value in os.environ.items() if name.startswith(prefix)}
        for name in [name for name in os.environ if name.startswith(_KAFKA_OF_COMMANDS)]:  # one login for all
            env.setdefault(f"{prefix}KAFKA__{name.removeprefix(_KAFKA_OF_COMMANDS)}", os.environ[name])
        env["POINTSTREAM_LOG_LEVEL"] = os.environ.get("POINTSTREAM_LOG_LEVEL", "info")
        env |= {
            f"{prefix}KAFKA__BOOTSTRAP": self.bootstrap,
            f"{prefix}POSTGRES__DSN": self.dsns[service],
            f"{prefix}WEB__HOST": LOOPBACK,
            f"{prefix}WEB__PORT": str(self.ports[service]),
            "POINTSTREAM_SEAL_KEY": self.seal_key,
            "POINTSTREAM_EMBEDDED": "1",
            "PYTHONUNBUFFERED": "1",
        }
        if service in ("gateway", "notifier"):
            env.setdefault(f"{prefix}WEBHOOKS__LOOPBACK", "1")  # receivers are tried out beside it
        if service == "gateway":
            env.setdefault(f"{prefix}PUBLIC__SHOWN", demo.SHOWN)
            env.setdefault(f"{prefix}PUBLIC__ADDRESS", f"http://{LOOPBACK}:{self.ports['gateway']}")
            env.setdefault(f"{prefix}REDEMPTION__URL", f"http://{LOOPBACK}:{self.ports['redemption']}")
        if service == "notifier":
            env.setdefault(f"{prefix}GATEWAY", f"http://{LOOPBACK}:{self.ports['gateway']}")
        if self.clock:
            env["POINTSTREAM_CLOCK"] = self.clock
        return env


class Service:
    """One service: its process, whether it is ready, and its return after a fall."""

    def __init__(self, name: str, data: Path, surroundings: Surroundings) -> None:
        self.name = name
        self.restarts = 0
        self._data = data.resolve()
        self._surroundings = surroundings
        self._child = Child(name, data)
        self._falls = 0
        self._started = 0.0
        self._wake: float | None = None

    @property
    def child(self) -> Child:
        """Its process."""
        return self._child

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://{LOOPBACK}:{self._surroundings.ports[self.name]}"

    def start(self) -> None:
        """Start the process; it becomes ready later."""
        env = self._surroundings.environment(self.name)
        if self.name == "gateway":
            env.setdefault("POINTSTREAM_GATEWAY__FILES__DIRECTORY", str(self._data / FILES))
            env.setdefault("POINTSTREAM_GATEWAY__BACKTESTS__DIRECTORY", str(self._data / BACKTESTS))
        self._child.start(
            [sys.executable, "-m", f"services.{self.name}"],
            env=env,
            cwd=PROGRAMS,
        )
        self._started = monotonic()
        self._wake = None

    def stop(self, seconds: float = 20.0) -> None:
        """Ask it to end, and see to it."""
        self._child.stop((signal.SIGTERM, seconds))

    def ready(self) -> bool:
        """Whether it answers `/readyz` with 200."""
        return answers_ok(self._surroundings.ports[self.name], "/readyz")

    def revive(self) -> str | None:
        """Look after it: when it has fallen, wait ever longer and start it again. Returns what there is to tell."""
        if self._child.alive:
            return None
        now = monotonic()
        if self._wake is None:
            self._falls = 1 if now - self._started > STEADY_SECONDS else self._falls + 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._falls - 1))
            self._wake = now + pause
            return f"{self.name} ended with code {self._child.returncode}; starting it again in {pause:g} s\n" + (
                self._child.log_tail(5)
            )
        if now < self._wake:
            return None
        self.restarts += 1
        self.start()
        return f"{self.name} started again (restart {self.restarts})"


def all_services(data: Path, surroundings: Surroundings) -> list[Service]:
    """Every service of the platform, none started."""
    return [Service(name, data, surroundings) for name in SERVICES]


def answers_ok(port: int, path: str, timeout: float = 2.0) -> bool:
    """Whether an HTTP server on 127.0.0.1:`port` answers GET `path` with 200."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
