"""Child processes that outlive nobody: pid files, orphans of a killed supervisor, graceful stops, log files.

A child runs in a session of its own, so that Ctrl-C reaches the supervisor alone and the supervisor decides the order
in which its children go. Its pid file in `<data>/run` says who it is: a process id together with the moment of its
birth, since ids come round again. The environment variable `POINTSTREAM_SUPERVISED` names the data directory, so that
even a child whose pid file was never written (a supervisor killed in between) is found.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import psutil

from libs.runtime.clock import monotonic

MARKER = "POINTSTREAM_SUPERVISED"
OWNER = "POINTSTREAM_SUPERVISOR"
LOG_LIMIT = 20 * 1024 * 1024
"""Bytes after which a log file is turned over at the next start."""
STOP_ORDER = {"kafka": 1, "postgres": 2}
"""Orphans stop in this order; whatever is not named here (the services) goes first."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process: `born` tells it from a later one with the same id."""

    name: str
    pid: int
    born: str
    command: str


def birth(pid: int) -> str | None:
    """When the process began, as text to compare: boot id and ticks on Linux, seconds elsewhere; None when gone."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        fields = stat[stat.rindex(b")") + 2 :].split()
        return None if fields[0] in (b"Z", b"X") else f"{boot}/{int(fields[19])}"
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


class ChildDied(RuntimeError):
    """A child ended while somebody waited for it; the message carries the end of its log."""


class Child:
    """One named child process of the supervisor of `data`."""

    def __init__(self, name: str, data: Path) -> None:
        self.name = name
        self.data = data
        self.log = data / "logs" / f"{name}.log"
        self.pid_file = data / "run" / f"{name}.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self._called_off = False

    @property
    def pid(self) -> int | None:
        """The process id, or None when it was not started."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """What it ended with; None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    def arm(self) -> None:
        """Begin what leads to `start`: a `stop` from another thread from now on makes that fail."""
        self._called_off = False

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        account: tuple[int, int] | None = None,
    ) -> None:
        """Start the process, its output appended to `log`; `account` is the (user, group) id that it shall run as.

        Raises:
            OSError: the program can't be started.
            ChildDied: it was stopped before it was started.
        """
        if self._called_off:
            raise ChildDied(f"{self.name} was stopped before it was started")
        for folder in (self.log.parent, self.pid_file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        _turn_over(self.log)
        user, group = account or (None, None)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**env, MARKER: marker(self.data, self.name), OWNER: f"{os.getpid()} {birth(os.getpid())}"},
                cwd=cwd,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=[] if account else None,
            )
        identity = Identity(self.name, self._process.pid, birth(self._process.pid) or "", argv[0])
        write_private(self.pid_file, json.dumps(asdict(identity)))

    def stop(self, *steps: tuple[signal.Signals, float]) -> bool:
        """Send each signal and wait up to its seconds for the end; SIGKILL to the whole group comes after the last.

        Returns whether it ended before SIGKILL was needed.
        """
        self._called_off = True
        process = self._process
        if process is None:
            return True
        graceful = False
        for how, seconds in steps:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            if process.poll() is not None:
                graceful = True
                break
        _kill_group(process.pid)
        process.wait()
        self.pid_file.unlink(missing_ok=True)
        self._process = None
        return graceful

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 16_384))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def marker(data: Path, name: str) -> str:
    """What `POINTSTREAM_SUPERVISED` holds in the environment of the child `name` of `data`."""
    return f"{data}::{name}"


def orphans(data: Path) -> list[Identity]:
    """The living children of a supervisor of `data` that has gone: by pid file, and by the mark in their environment.

    Call it only while holding the lock of `data`: then nobody supervises them.
    """
    found = {identity.pid: identity for identity in _recorded(data)}
    for pid, environment in _marked():
        root, _, name = environment[MARKER].rpartition("::")
        born = birth(pid)
        if root == str(data) and born is not None:
            found.setdefault(pid, Identity(name, pid, born, ""))
    return sorted(found.values(), key=_turn)


def clean_orphans(data: Path, patience: float = 15.0) -> list[str]:
    """Stop what `orphans` finds, services first and PostgreSQL last, and return their names."""
    found = orphans(data)
    for _, wave in groupby(found, key=_turn):
        _end(list(wave), patience)
    for path in (data / "run").glob("*.pid"):
        path.unlink(missing_ok=True)
    return [orphan.name for orphan in found]


def clean_abandoned(prefix: str, patience: float = 15.0) -> list[str]:
    """Stop children of any supervisor that has gone whose data directory begins with `prefix`, and return their marks.

    For throw-away directories: those of tests that were killed.
    """
    ended = []
    for pid, environment in _marked():
        mark, owner = environment[MARKER], environment.get(OWNER, "").partition(" ")
        if mark.startswith(prefix) and not (owner[0].isdigit() and birth(int(owner[0])) == owner[2]):
            _end([Identity(mark.rpartition("::")[2], pid, birth(pid) or "", "")], patience)
            ended.append(mark)
    return ended


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read (0600), complete or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _recorded(data: Path) -> Iterator[Identity]:
    for path in (data / "run").glob("*.pid"):
        try:
            identity = Identity(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue
        if birth(identity.pid) == identity.born:
            yield identity


def _marked() -> Iterator[tuple[int, dict[str, str]]]:
    """Process id and environment of every marked process that leads its session: children, not what they started."""
    ours = os.getpid()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            if process.pid != ours and MARKER in environment and os.getsid(process.pid) == process.pid:
                yield process.pid, environment


def _turn(orphan: Identity) -> int:
    return STOP_ORDER.get(orphan.name, 0)


def _end(wave: list[Identity], patience: float) -> None:
    """Ask all of them first (PostgreSQL by SIGINT, its fast shutdown), then kill what is left of their groups."""
    for orphan in wave:
        with contextlib.suppress(ProcessLookupError):
            os.kill(orphan.pid, signal.SIGINT if orphan.name == "postgres" else signal.SIGTERM)
    deadline = monotonic() + patience
    while monotonic() < deadline and any(birth(orphan.pid) == orphan.born for orphan in wave):
        time.sleep(0.05)
    for orphan in wave:
        _kill_group(orphan.pid)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _turn_over(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
